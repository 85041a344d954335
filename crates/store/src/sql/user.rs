//! Accounts, one-time links, throttles.

/// Rows as [`USER`], each with when the user was last seen, whether there is a secret for one-time codes, and how many
/// passkeys there are and devices are enrolled.
macro_rules! glances {
    ($which:literal) => {
        concat!(
            "select u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated, r.role,
                u.last_seen, u.has_totp, u.passkeys, u.enrolled_devices
            from (select w.*,
                    (select max(s.last_seen) from sessions s where s.user_name = w.name) as last_seen,
                    (select count(*) from sealed_secrets x
                     where x.purpose = 'totp' and x.row_name = w.name) as has_totp,
                    (select count(*) from passkeys k where k.user_name = w.name) as passkeys,
                    (select count(*) from device_users m join devices d on d.id = m.device_id
                     where m.user_name = w.name and d.enroll_status = 2) as enrolled_devices
                from (select * from users where ",
            $which,
            ") w) u
            left join user_roles r on r.user_name = u.name
            order by u.name, r.place"
        )
    };
}

/// Users without an enrolled device; `$1` = bots too (1) or not (0).
macro_rules! without_device {
    () => {
        "(u.kind = 'human' or $1 = 1) and not exists (
            select 1 from device_users m join devices d on d.id = m.device_id
            where m.user_name = u.name and d.enroll_status = 2)"
    };
}

statements! {
    INSERT_USER = "
        insert into users (name, kind, logins, password_hash, totp_last_step, created, updated)
        values ($1, $2, $3, $4, $5, $6, $7)";
    /// One row for each role, in order; one row without a role for a user who has none.
    USER = "
        select u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated, r.role
        from users u left join user_roles r on r.user_name = u.name
        where u.name = $1
        order by r.place";
    /// Rows as [`USER`], of `$2` users.
    USERS = "
        select u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated, r.role
        from (select * from users where name > $1 order by name limit $2) u
        left join user_roles r on r.user_name = u.name
        order by u.name, r.place";
    USER_GLANCE = glances!("name = $1");
    USER_GLANCES = glances!("name > $1 and name >= $2 and name < $3 order by name limit $4");
    /// The nearest before `$1`.
    USER_GLANCES_BEFORE = glances!("name < $1 and name >= $2 and name < $3 order by name desc limit $4");
    /// Rows as [`USER`].
    USERS_WITH_ROLE = "
        select u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated, r.role
        from (select distinct user_name from user_roles where role = $1 and user_name > $2
              order by user_name limit $3) w
        join users u on u.name = w.user_name
        left join user_roles r on r.user_name = u.name
        order by u.name, r.place";
    USERS_WITHOUT_DEVICE = concat!("
        select u.name from users u where u.name > $2 and ", without_device!(), "
        order by u.name limit $3");
    COUNT_USERS_WITHOUT_DEVICE = concat!("
        select count(*) from (select 1 from users u where ", without_device!(), " limit $2) counted");
    HOLDERS_WITHOUT_DEVICE = concat!("
        select u.name
        from (select distinct user_name from user_roles where role = $4 and user_name > $2) w
        join users u on u.name = w.user_name
        where ", without_device!(), "
        order by u.name limit $3");
    COUNT_HOLDERS_WITHOUT_DEVICE = concat!("
        select count(*) from (
            select 1 from (select distinct user_name from user_roles where role = $3) w
            join users u on u.name = w.user_name
            where ", without_device!(), " limit $2) counted");
    UPDATE_USER = "
        update users set kind = $2, logins = $3, password_hash = $4, updated = $5
        where name = $1";
    DEVICES_USED_BY = "select device_id from device_users where user_name = $1 order by device_id";
    DELETE_USER = "delete from users where name = $1";
    COUNT_USERS = "select count(*) from users";
    /// A step far ahead was taken while the clock was wrong: no code of today can have been it.
    TAKE_TOTP_STEP = "
        update users set totp_last_step = $2
        where name = $1 and (totp_last_step < $2 or totp_last_step > $2 + 20)";
    INSERT_USER_ROLE = "insert into user_roles (user_name, place, role) values ($1, $2, $3)";
    DELETE_USER_ROLES = "delete from user_roles where user_name = $1";

    INSERT_LINK = "
        insert into user_links (hash, purpose, user_name, created, created_by, expires, used, failures)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    LINK = "
        select hash, purpose, user_name, created, created_by, expires, used, failures
        from user_links where hash = $1";
    USE_LINK = "update user_links set used = $2 where hash = $1 and used is null and expires > $2";
    FAIL_LINK = "update user_links set failures = failures + 1 where hash = $1 returning failures";
    DELETE_UNUSED_LINKS = "delete from user_links where user_name = $1 and used is null";
    DELETE_LINKS = "delete from user_links where user_name = $1";

    PURGE_LINKS = "delete from user_links where expires < $1 returning hash";

    THROTTLE = "select failures, last_failure, blocked_until from throttles where key = $1";
    PUT_THROTTLE = "
        insert into throttles (key, failures, last_failure, blocked_until) values ($1, $2, $3, $4)
        on conflict (key) do update
        set failures = excluded.failures, last_failure = excluded.last_failure,
            blocked_until = excluded.blocked_until";
    /// Nothing comes back while the key is closed.
    TAKE_ATTEMPT = "
        insert into throttles (key, failures, last_failure, blocked_until) values ($1, 1, $2, 0)
        on conflict (key) do update
        set failures = case when throttles.last_failure < $3 then 1 else throttles.failures + 1 end,
            last_failure = $2
        where throttles.blocked_until <= $2
        returning failures";
    /// One failure is forgotten in each span `$3`; what is left of a span counts for the next.
    TAKE_FADING_ATTEMPT = "
        insert into throttles (key, failures, last_failure, blocked_until) values ($1, 1, $2, 0)
        on conflict (key) do update
        set failures = case
                when throttles.last_failure >= $2 then throttles.failures + 1
                when ($2 - throttles.last_failure) / $3 >= throttles.failures then 1
                else throttles.failures - ($2 - throttles.last_failure) / $3 + 1 end,
            last_failure = case
                when throttles.last_failure >= $2 then $2
                when ($2 - throttles.last_failure) / $3 >= throttles.failures then $2
                else $2 - ($2 - throttles.last_failure) % $3 end
        where throttles.blocked_until <= $2
        returning failures";
    CLOSE_THROTTLE = "update throttles set blocked_until = $2 where key = $1";
    RETURN_ATTEMPT = "
        update throttles set failures = failures - 1, blocked_until = 0 where key = $1 and failures > 0";
    PURGE_THROTTLES = "delete from throttles where last_failure < $1 and blocked_until < $1";
}

/// [`USER`] on an engine that locks rows by asking for it.
pub(crate) const USER_LOCKED: &str = "
    select u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated, r.role
    from users u left join user_roles r on r.user_name = u.name
    where u.name = $1
    order by r.place
    for update of u";
