//! The audit log. The first filter that is given, in the order device, user, event, picks the statement and with it
//! the index; the others are optional.

statements! {
    APPEND_EVENT = "
        insert into audit_events (uid, time, event, code, user_name, device_id, success, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    EVENTS = "
        select sequence, body from audit_events
        where sequence < $1 order by sequence desc limit $2";
    EVENTS_NAMED = "
        select sequence, body from audit_events
        where sequence < $1 and event = $3 order by sequence desc limit $2";
    EVENTS_OF_USER = "
        select sequence, body from audit_events
        where sequence < $1 and user_name = $3 and (cast($4 as text) is null or event = $4)
        order by sequence desc limit $2";
    EVENTS_OF_DEVICE = "
        select sequence, body from audit_events
        where sequence < $1 and device_id = $3 and (cast($4 as text) is null or user_name = $4)
          and (cast($5 as text) is null or event = $5)
        order by sequence desc limit $2";
    PURGE_EVENTS = "delete from audit_events where time < $1";
}
