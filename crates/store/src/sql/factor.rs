//! Passkeys, their ceremonies, recovery codes, sign-ins half done.

macro_rules! columns {
    () => {
        "id, user_name, credential_id, rp_id, name, credential, counter, backup_eligible, backed_up, discoverable,
         created, last_used"
    };
}

statements! {
    INSERT_PASSKEY = concat!("insert into passkeys (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    PASSKEYS = concat!("select ", columns!(), " from passkeys where user_name = $1 order by created, id");
    PASSKEY_BY_CREDENTIAL = concat!("select ", columns!(), " from passkeys where credential_id = $1");
    /// A counter that does not grow shows a copy, unless it never counted.
    USE_PASSKEY = "
        update passkeys
        set credential = $2, counter = $3, backup_eligible = $4, backed_up = $5, last_used = $6
        where id = $1 and (counter < $3 or (counter = 0 and $3 = 0))";
    RENAME_PASSKEY = "update passkeys set name = $3 where user_name = $1 and id = $2";
    DELETE_PASSKEY = "delete from passkeys where user_name = $1 and id = $2";
    DELETE_PASSKEYS = "delete from passkeys where user_name = $1";

    PASSKEY_HANDLE = "select handle from passkey_handles where user_name = $1";
    USER_OF_PASSKEY_HANDLE = "select user_name from passkey_handles where handle = $1";
    PUT_PASSKEY_HANDLE = "
        insert into passkey_handles (user_name, handle) values ($1, $2) on conflict (user_name) do nothing";

    INSERT_PASSKEY_CEREMONY = "
        insert into passkey_ceremonies (hash, purpose, owner, user_name, handle, state, created, expires)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    HAS_PASSKEY_CEREMONY = "select count(*) from passkey_ceremonies where hash = $1";
    TAKE_PASSKEY_CEREMONY = "
        delete from passkey_ceremonies where hash = $1
        returning hash, purpose, owner, user_name, handle, state, created, expires";
    DROP_PASSKEY_CEREMONIES = "delete from passkey_ceremonies where purpose = $1 and owner = $2";
    PURGE_PASSKEY_CEREMONIES = "delete from passkey_ceremonies where expires < $1";

    INSERT_PENDING_SIGN_IN = "
        insert into pending_sign_ins (hash, user_name, password_mark, created, expires)
        values ($1, $2, $3, $4, $5)";
    PENDING_SIGN_IN = "
        select hash, user_name, password_mark, created, expires from pending_sign_ins where hash = $1";
    DELETE_PENDING_SIGN_IN = "delete from pending_sign_ins where hash = $1";
    PURGE_PENDING_SIGN_INS = "delete from pending_sign_ins where expires < $1";

    PURGE_OFFERED_SECRETS = "
        delete from sealed_secrets
        where purpose = 'totp' and row_name >= 'session:' and row_name < 'session;'
          and not exists (select 1 from sessions s where 'session:' || s.id = sealed_secrets.row_name)";

    DELETE_RECOVERY_CODES = "delete from recovery_codes where user_name = $1";
    INSERT_RECOVERY_CODE = "
        insert into recovery_codes (user_name, hash, created, used) values ($1, $2, $3, null)";
    USE_RECOVERY_CODE = "
        update recovery_codes set used = $3 where user_name = $1 and hash = $2 and used is null";
    COUNT_RECOVERY_CODES = "select count(*) from recovery_codes where user_name = $1 and used is null";
}
