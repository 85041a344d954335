//! Values of the cluster, sealed secrets, the preference.

statements! {
    VALUE = "select value from cluster_values where key = $1";
    PUT_VALUE = "
        insert into cluster_values (key, value) values ($1, $2)
        on conflict (key) do update set value = excluded.value";
    INIT_VALUE = "insert into cluster_values (key, value) values ($1, $2) on conflict (key) do nothing";

    SEALED_SECRET = "
        select key_id, ciphertext, public from sealed_secrets where purpose = $1 and row_name = $2";
    PUT_SEALED_SECRET = "
        insert into sealed_secrets (purpose, row_name, key_id, ciphertext, public) values ($1, $2, $3, $4, $5)
        on conflict (purpose, row_name) do update
        set key_id = excluded.key_id, ciphertext = excluded.ciphertext, public = excluded.public";
    DELETE_SEALED_SECRET = "delete from sealed_secrets where purpose = $1 and row_name = $2";

    PREFERENCE = "select key, value, updated, updated_by from preferences order by key";
    PUT_PREFERENCE = "
        insert into preferences (key, value, updated, updated_by) values ($1, $2, $3, $4)
        on conflict (key) do update
        set value = excluded.value, updated = excluded.updated, updated_by = excluded.updated_by";
    /// A row that is written, to the same value, is held until the unit of work ends.
    HOLD_ADMINISTRATORS = "
        insert into cluster_values (key, value) values ('administrators', '')
        on conflict (key) do update set value = excluded.value";
    DELETE_PREFERENCE = "delete from preferences where key = $1";

    TAKE_FORM_KEY = "insert into form_keys (hash, used) values ($1, $2) on conflict (hash) do nothing";
    PURGE_FORM_KEYS = "delete from form_keys where used < $1";
}
