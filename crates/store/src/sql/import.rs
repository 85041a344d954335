//! Imports of devices from files.

macro_rules! columns {
    () => {
        "id, user_name, file_name, state, created, expires, started, finished, confirmed, contents, handled, registered,
         appeared, failed, error"
    };
}

statements! {
    INSERT_IMPORT = concat!("insert into device_imports (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");
    INSERT_IMPORT_CHUNK = "
        insert into device_import_chunks (import_id, verdict, place, lines, done) values ($1, $2, $3, $4, $5)";
    IMPORT = concat!("select ", columns!(), " from device_imports where id = $1");
    IMPORTS_OF_USER = concat!("select ", columns!(), " from device_imports
        where user_name = $1 order by created desc, id desc limit $2");
    IMPORT_CHUNK = "
        select verdict, place, lines, done from device_import_chunks
        where import_id = $1 and verdict = $2 and place = $3";
    NEXT_IMPORT_CHUNK = "
        select verdict, place, lines, done from device_import_chunks
        where import_id = $1 and verdict = $2 and done is null
        order by place limit 1";
    RUNNING_IMPORT = concat!("select ", columns!(), " from device_imports
        where state = 'running' order by started, id limit 1");
    START_IMPORT = "
        update device_imports set state = 'running', confirmed = $2, started = $3, expires = $4
        where id = $1 and state = 'draft' and expires > $3";
    FINISH_IMPORT_CHUNK = "
        update device_import_chunks set lines = $4, done = $5
        where import_id = $1 and verdict = $2 and place = $3 and done is null";
    ADVANCE_IMPORT = "
        update device_imports
        set handled = handled + $2, registered = registered + $3, appeared = appeared + $4, failed = failed + $5
        where id = $1";
    END_IMPORT = "
        update device_imports set state = $2, error = $3, finished = $4, expires = $5
        where id = $1 and state = 'running'";
    DISCARD_IMPORT = "delete from device_imports where id = $1 and user_name = $2 and state = 'draft'";
    DISCARD_IMPORTS = "delete from device_imports where user_name = $1 and state = 'draft'";
    PURGE_IMPORTS = "delete from device_imports where expires < $1 and state <> 'running'";
}
