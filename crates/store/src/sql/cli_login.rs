//! Logins of command lines that wait for a browser.

macro_rules! columns {
    () => {
        "id, user_name, user_code, challenge, tls_public_key, ssh_public_key, ttl_secs, loopback_port, loopback_state,
         host_name, os_user, os, remote_address, created, expires, decided, decided_by_session, approved, code_hash,
         spent, failures"
    };
}

statements! {
    INSERT_CLI_LOGIN = concat!("insert into cli_logins (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, null, null, null, null, null, 0)");
    CLI_LOGIN = concat!("select ", columns!(), " from cli_logins where id = $1");
    DECIDE_CLI_LOGIN = "
        update cli_logins set decided = $2, decided_by_session = $3, approved = $4, code_hash = $5
        where id = $1 and decided is null and expires > $2";
    SPEND_CLI_LOGIN = "
        update cli_logins set spent = $2
        where id = $1 and spent is null and approved = 1 and decided >= $3";
    FAIL_CLI_LOGIN = "update cli_logins set failures = failures + 1 where id = $1 returning failures";
    PURGE_CLI_LOGINS = "delete from cli_logins where expires < $1";
}
