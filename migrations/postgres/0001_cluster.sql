-- Values of the cluster, sealed secrets, the preference.
-- Text is compared by bytes (collation "C"), so that pages come in the same order on both engines.
-- Times are microseconds since 1970 UTC; JSON is text that only the program reads.

create table cluster_values (
    key   text collate "C" not null constraint cluster_values_pkey primary key,
    value text collate "C" not null
);

-- Ciphertexts of an AEAD that is bound to purpose, row and key id.
create table sealed_secrets (
    purpose    text collate "C" not null,
    row_name   text collate "C" not null,
    key_id     text collate "C" not null,
    ciphertext bytea not null,
    public     bytea not null,
    constraint sealed_secrets_pkey primary key (purpose, row_name)
);

create table preferences (
    key        text collate "C" not null constraint preferences_pkey primary key,
    value      text collate "C" not null,
    updated    bigint not null,
    updated_by text collate "C" not null
);
