//! The audit log. It is read by time, and events of one moment by sequence number. The filter that leaves the fewest
//! events picks the statement and with it the index; the others are optional. All take the same arguments: `$1`, `$2`
//! = a place in the log that all are older than; `$3`, `$4` = one that all are newer than; `$5` = how many.

macro_rules! events {
    ($lead:literal, $order:literal) => {
        concat!(
            "select sequence, body from audit_events
            where ",
            $lead,
            " (time, sequence) < ($1, $2) and (time, sequence) > ($3, $4)
                and (cast($6 as text) is null or event = $6)
                and (cast($7 as text) is null or user_name = $7)
                and (cast($8 as text) is null or device_id = $8)
                and (cast($9 as text) is null or target = $9)
                and (cast($10 as text) is null or request_id = $10)
                and (cast($11 as bigint) is null or success = $11)
            order by ",
            $order,
            " limit $5"
        )
    };
    ($lead:literal) => {
        events!($lead, "time desc, sequence desc")
    };
    (oldest first: $lead:literal) => {
        events!($lead, "time, sequence")
    };
}

statements! {
    APPEND_EVENT = "
        insert into audit_events
            (uid, time, event, code, user_name, device_id, success, body, target, request_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    EVENT = "select sequence, body from audit_events where uid = $1";
    PLACE_OF_EVENT = "select time from audit_events where sequence = $1";
    TIME_OF_OLDEST_EVENT = "select time from audit_events order by time, sequence limit 1";
    PURGE_EVENTS = "delete from audit_events where time < $1";

    EVENTS = events!("");
    EVENTS_NAMED = events!("event = $6 and");
    EVENTS_OF_USER = events!("user_name = $7 and");
    EVENTS_OF_USER_NAMED = events!("user_name = $7 and event = $6 and");
    EVENTS_OF_DEVICE = events!("device_id = $8 and");
    EVENTS_ABOUT = events!("target = $9 and");
    EVENTS_OF_REQUEST = events!("request_id = $10 and");
    EVENTS_FAILED = events!("success = 0 and");
    EVENTS_FAILED_NAMED = events!("success = 0 and event = $6 and");
    EVENTS_FAILED_OF_USER = events!("success = 0 and user_name = $7 and");

    NEXT_EVENTS = events!(oldest first: "");
    NEXT_EVENTS_NAMED = events!(oldest first: "event = $6 and");
    NEXT_EVENTS_OF_USER = events!(oldest first: "user_name = $7 and");
    NEXT_EVENTS_OF_USER_NAMED = events!(oldest first: "user_name = $7 and event = $6 and");
    NEXT_EVENTS_OF_DEVICE = events!(oldest first: "device_id = $8 and");
    NEXT_EVENTS_ABOUT = events!(oldest first: "target = $9 and");
    NEXT_EVENTS_OF_REQUEST = events!(oldest first: "request_id = $10 and");
    NEXT_EVENTS_FAILED = events!(oldest first: "success = 0 and");
    NEXT_EVENTS_FAILED_NAMED = events!(oldest first: "success = 0 and event = $6 and");
    NEXT_EVENTS_FAILED_OF_USER = events!(oldest first: "success = 0 and user_name = $7 and");
}
