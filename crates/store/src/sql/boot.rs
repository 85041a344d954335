//! How devices booted last.

statements! {
    /// Where nothing but the time has changed.
    TOUCH_BOOT = "
        update device_boots set kind = $3, user_name = $4, time = $5
        where device_id = $1 and fingerprint = $2";
    PUT_BOOT = "
        insert into device_boots (device_id, fingerprint, kind, user_name, time, since, platform, event_log)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (device_id) do update
        set fingerprint = excluded.fingerprint, kind = excluded.kind, user_name = excluded.user_name,
            time = excluded.time, since = excluded.since, platform = excluded.platform,
            event_log = excluded.event_log";
    BOOT = "
        select device_id, kind, user_name, time, since, fingerprint, platform, event_log
        from device_boots where device_id = $1";
    PUT_GOOD_BOOT = "
        insert into device_good_boots (device_id, fingerprint, kind, user_name, time, since, platform, event_log)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (device_id) do update
        set fingerprint = excluded.fingerprint, kind = excluded.kind, user_name = excluded.user_name,
            time = excluded.time, since = excluded.since, platform = excluded.platform,
            event_log = excluded.event_log";
    GOOD_BOOT = "
        select device_id, kind, user_name, time, since, fingerprint, platform, event_log
        from device_good_boots where device_id = $1";
    HAS_GOOD_BOOT = "select count(*) from device_good_boots where device_id = $1";
    FORGET_GOOD_BOOT = "delete from device_good_boots where device_id = $1";
    FORGET_BOOT = "delete from device_boots where device_id = $1";
}
