//! Records of tower-sessions.

statements! {
    WEB_RECORD = "select data from web_records where hash = $1 and expires > $2";
    PUT_WEB_RECORD = "
        insert into web_records (hash, data, expires) values ($1, $2, $3)
        on conflict (hash) do update set data = excluded.data, expires = excluded.expires";
    DELETE_WEB_RECORD = "delete from web_records where hash = $1";
    PURGE_WEB_RECORDS = "delete from web_records where expires < $1";
}
