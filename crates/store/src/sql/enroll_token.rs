//! Enrolment tokens.

use super::device::device_columns;

macro_rules! columns {
    () => {
        "id, hash, device_id, purpose, created_by, bound_user, created, expires, challenges, open_challenge,
         open_since, spent, revoked, note"
    };
}

/// A page of tokens, newest first: before (`$1`, `$2`), at most `$3`.
macro_rules! page {
    ($which:expr) => {
        concat!(
            "select ",
            columns!(),
            " from enroll_tokens where (created, id) < ($1, $2) ",
            $which,
            " order by created desc, id desc limit $3"
        )
    };
}

/// Each token of a page, with its device.
macro_rules! with_devices {
    ($page:expr) => {
        concat!(
            "select t.*, ",
            device_columns!("d."),
            " from (",
            $page,
            ") t join devices d on d.id = t.device_id order by t.created desc, t.id desc"
        )
    };
}

macro_rules! active {
    () => {
        "and spent is null and revoked is null and expires > $4 and challenges < $5"
    };
}

macro_rules! of_device {
    () => {
        "and device_id = $4 and (cast($5 as bigint) is null
            or (spent is null and revoked is null and expires > $5 and challenges < $6))"
    };
}

statements! {
    INSERT_TOKEN = concat!("insert into enroll_tokens (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
    TOKEN = concat!("select ", columns!(), " from enroll_tokens where id = $1");
    /// A token and its device.
    TOKEN_BY_HASH = concat!("select t.*, ", device_columns!("d."), "
        from (select ", columns!(), " from enroll_tokens where hash = $1) t
        join devices d on d.id = t.device_id");
    TOKENS = page!("");
    TOKENS_AND_DEVICES = with_devices!(page!(""));
    /// Active at `$4`, with `$5` as the number of challenges that exhausts a token.
    ACTIVE_TOKENS = page!(active!());
    ACTIVE_TOKENS_AND_DEVICES = with_devices!(page!(active!()));
    /// Of device `$4`; active at `$5`, if that is given.
    TOKENS_OF_DEVICE = page!(of_device!());
    TOKENS_OF_DEVICE_AND_IT = with_devices!(page!(of_device!()));
    OPEN_CHALLENGE = "
        update enroll_tokens set challenges = challenges + 1, open_challenge = $2, open_since = $3
        where id = $1 and spent is null and revoked is null and expires > $3 and challenges < $5
          and (open_since is null or open_since <= $4)";
    CLOSE_CHALLENGE = "
        update enroll_tokens set open_challenge = null, open_since = null
        where id = $1 and open_challenge = $2";
    /// A token whose last challenge is open counts as exhausted, and can still be spent by that challenge.
    SPEND_TOKEN = "
        update enroll_tokens set spent = $3, open_challenge = null, open_since = null
        where id = $1 and open_challenge = $2 and spent is null and revoked is null and expires > $3";
    REVOKE_TOKEN = "
        update enroll_tokens set revoked = $2, open_challenge = null, open_since = null
        where id = $1 and spent is null and revoked is null";
    REVOKE_TOKENS_OF_DEVICE = "
        update enroll_tokens set revoked = $2, open_challenge = null, open_since = null
        where device_id = $1 and spent is null and revoked is null";
    REVOKE_TOKENS_OF_USER = "
        update enroll_tokens set revoked = $2, open_challenge = null, open_since = null
        where device_id = $1 and bound_user = $3 and spent is null and revoked is null";
    PURGE_TOKENS = "delete from enroll_tokens where expires < $1";
}
