//! Browsers' sessions that a device speaks for.

macro_rules! columns {
    () => {
        "id, session_id, user_name, token_hash, code_hash, expected_devices, user_agent, remote_address, redirect,
         correlation_id, created, expires, failures, refused, proven, device_id, credential_id, confirm_hash,
         confirm_expires, confirmed, number, asked_from, matched"
    };
}

statements! {
    INSERT_WEB_ATTEMPT = concat!("insert into device_web_attempts (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, null, null, null, null, null, null, null, $13, null,
        null)");
    WEB_ATTEMPT = concat!("select ", columns!(), " from device_web_attempts where id = $1");
    WEB_ATTEMPT_BY_CODE = concat!("select ", columns!(), " from device_web_attempts
        where code_hash = $1 and user_name = $2 and expires > $3");
    REDEEM_WEB_CODE = "
        update device_web_attempts set token_hash = $3, code_hash = null, asked_from = $5
        where id = $1 and code_hash = $2 and proven is null and expires > $4";
    /// The right number, of a code that was typed.
    MATCH_WEB_NUMBER = "
        update device_web_attempts set matched = $3
        where id = $1 and number = $2 and code_hash is null and matched is null and proven is null and failures = 0
            and expires > $3";
    /// Nothing comes of it any more.
    VOID_WEB_ATTEMPT = "
        update device_web_attempts set failures = failures + $3, refused = $2, matched = null, code_hash = null
        where id = $1 and confirmed is null";
    REFUSE_WEB_ATTEMPT = "
        update device_web_attempts set failures = failures + 1, refused = $2
        where id = $1 and confirmed is null";
    PROVE_WEB_ATTEMPT = "
        update device_web_attempts
        set proven = $3, device_id = $4, credential_id = $5, confirm_hash = $6, confirm_expires = $7, refused = null,
            code_hash = null
        where id = $1 and token_hash = $2 and proven is null and expires > $3
            and (number is null or matched is not null)";
    CONFIRM_WEB_ATTEMPT = "
        update device_web_attempts set confirmed = $3
        where id = $1 and confirm_hash = $2 and confirmed is null and confirm_expires > $3 and number is null";
    CONFIRM_REMOTE_WEB_ATTEMPT = "
        update device_web_attempts set confirmed = $2
        where id = $1 and number is not null and matched is not null and proven is not null and confirmed is null
            and confirm_expires > $2";
    /// Leaves the `$2` newest of a session.
    TRIM_WEB_ATTEMPTS = "
        delete from device_web_attempts
        where session_id = $1 and id not in (
            select id from device_web_attempts where session_id = $1 order by created desc, id desc limit $2)";
    PURGE_WEB_ATTEMPTS = "delete from device_web_attempts where expires < $1";
}
