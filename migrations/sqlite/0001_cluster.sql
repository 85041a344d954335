-- Values of the cluster, sealed secrets, the preference.
-- Times are microseconds since 1970 UTC; JSON is text that only the program reads.

create table cluster_values (
    key   text not null constraint cluster_values_pkey primary key,
    value text not null
) strict;

-- Ciphertexts of an AEAD that is bound to purpose, row and key id.
create table sealed_secrets (
    purpose    text not null,
    row_name   text not null,
    key_id     text not null,
    ciphertext blob not null,
    public     blob not null,
    constraint sealed_secrets_pkey primary key (purpose, row_name)
) strict;

create table preferences (
    key        text not null constraint preferences_pkey primary key,
    value      text not null,
    updated    integer not null,
    updated_by text not null
) strict;
