//! Sessions.

macro_rules! columns {
    () => {
        "id, kind, cookie_hash, user_name, created, last_seen, expires, ended, factor_time,
         device_id, device_asset_tag, device_credential_id, device_since, remote_address,
         user_agent, rights, device_tier, device_until, device_confirmed_by"
    };
}

/// The columns of a session, for statements of other areas.
pub(super) use columns as session_columns;

macro_rules! standing {
    ($key:literal) => {
        concat!(
            "select s.*, u.name, u.kind, u.logins, u.password_hash, u.totp_last_step, u.created, u.updated,
                m.role, r.name, r.description, r.spec, r.created, r.updated
            from (select ",
            columns!(),
            " from sessions where ",
            $key,
            " = $1) s
            left join users u on u.name = s.user_name
            left join user_roles m on m.user_name = u.name
            left join roles r on r.name = m.role
            order by m.place"
        )
    };
}

statements! {
    INSERT_SESSION = concat!("insert into sessions (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)");
    SESSION = concat!("select ", columns!(), " from sessions where id = $1");
    /// A session, its account, a role's name, that role: one row for each role of the account, in order.
    STANDING = standing!("id");
    /// Rows as [`STANDING`].
    STANDING_BY_COOKIE = standing!("cookie_hash");
    TOUCH_SESSION = "update sessions set last_seen = $2 where id = $1";
    SET_FACTOR_TIME = "update sessions set factor_time = $2 where id = $1";
    SET_DEVICE = "
        update sessions
        set device_id = $2, device_asset_tag = $3, device_credential_id = $4, device_since = $5, device_tier = $6,
            device_until = $7, device_confirmed_by = $8
        where id = $1 and ended is null";
    ROTATE_COOKIE = "
        update sessions set cookie_hash = $3, rights = $4, previous_cookie_hash = $2, cookie_rotated = $5
        where id = $1 and cookie_hash = $2 and ended is null";
    COOKIE_WAS_ROTATED = "
        select count(*) from sessions
        where previous_cookie_hash = $1 and cookie_rotated > $2 and ended is null";
    END_SESSION = "update sessions set ended = $2 where id = $1 and ended is null";
    END_SESSIONS_OF_USER = "
        update sessions set ended = $2
        where user_name = $1 and ended is null and (cast($3 as text) is null or id <> $3)";
    UNTRUST_SESSIONS_OF_DEVICE = "
        update sessions
        set device_id = null, device_asset_tag = null, device_credential_id = null, device_since = null,
            device_tier = null, device_until = null, device_confirmed_by = null
        where device_id = $1";
    /// What was confirmed in this way.
    UNTRUST_SESSIONS_CONFIRMED_BY = "
        update sessions
        set device_id = null, device_asset_tag = null, device_credential_id = null, device_since = null,
            device_tier = null, device_until = null, device_confirmed_by = null
        where device_id is not null and device_confirmed_by = $1";
    /// `$1` = microseconds.
    SHORTEN_WEB_TRUST = "
        update sessions set device_until = device_since + $1
        where device_id is not null and kind = 'web' and (device_until is null or device_until > device_since + $1)";
    LIMIT_SESSION = "update sessions set expires = $2 where id = $1 and expires > $2";
    ACTIVE_SESSIONS = concat!("select ", columns!(), " from sessions
        where ended is null and expires > $1 and (created, id) < ($2, $3) and (kind = 'cli' or last_seen > $5)
        order by created desc, id desc limit $4");
    ACTIVE_SESSIONS_OF_USER = concat!("select ", columns!(), " from sessions
        where ended is null and expires > $1 and (created, id) < ($2, $3) and (kind = 'cli' or last_seen > $5)
            and user_name = $6
        order by created desc, id desc limit $4");
    COUNT_ACTIVE_SESSIONS = "
        select count(*) from sessions where ended is null and expires > $1 and (kind = 'cli' or last_seen > $2)";
    PURGE_SESSIONS = "delete from sessions where expires < $1";
}
