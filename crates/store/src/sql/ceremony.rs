//! What is asked together at every call and in every ceremony.

use super::session::session_columns;

macro_rules! caller {
    ($key:literal, $device:literal) => {
        concat!(
            "select l.target_user, l.target_role, l.target_device,
                (select value from preferences where key = $2) as mode,
                s.*, u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated,
                m.role, r.name, r.description, r.spec, r.created, r.updated
            from (select ",
            session_columns!(),
            " from sessions where ",
            $key,
            " = $1) s
            left join users u on u.name = s.user_name
            left join user_roles m on m.user_name = u.name
            left join roles r on r.name = m.role
            left join locks l on l.id = (
                select id from locks
                where (target_user = s.user_name or target_device = ",
            $device,
            " or target_role in (select role from user_roles where user_name = s.user_name))
                  and (expires is null or expires > $3)
                order by created, id
                limit 1)
            order by m.place"
        )
    };
}

statements! {
    /// The target of a lock in force at `$3`, the preference's value of the key `$2`, then rows as
    /// [`super::session::STANDING`]. Locks are looked for on device `$4`.
    CALLER = caller!("id", "$4");
    /// As [`CALLER`]; locks are looked for on the session's device.
    CALLER_BY_COOKIE = caller!("cookie_hash", "s.device_id");

    /// A lock in force at `$2` on the device of a token.
    LOCK_ON_DEVICE_OF_TOKEN = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks
        where target_device = (select device_id from enroll_tokens where hash = $1)
          and (expires is null or expires > $2)
        order by created, id
        limit 1";
    /// A lock in force at `$3` on the device of a credential.
    LOCK_ON_DEVICE_OF_CREDENTIAL = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks
        where target_device = (select device_id from credentials where os_type = $1 and id = $2)
          and (expires is null or expires > $3)
        order by created, id
        limit 1";
}
