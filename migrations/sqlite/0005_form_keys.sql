-- Keys of forms that were sent, by their SHA-256: a form counts once.
create table form_keys (
    hash blob not null constraint form_keys_pkey primary key,
    used integer not null
) strict;
create index form_keys_used on form_keys (used);
