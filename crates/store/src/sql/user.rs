//! Accounts, one-time links, throttles.

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
    UPDATE_USER = "
        update users set kind = $2, logins = $3, password_hash = $4, updated = $5
        where name = $1";
    DEVICES_USED_BY = "select device_id from device_users where user_name = $1 order by device_id";
    DELETE_USER = "delete from users where name = $1";
    COUNT_USERS = "select count(*) from users";
    TAKE_TOTP_STEP = "update users set totp_last_step = $2 where name = $1 and totp_last_step < $2";
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
