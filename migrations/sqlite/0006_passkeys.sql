-- Second factors: passkeys and recovery codes, the challenges that wait for passkeys, and sign-ins half done.

create table passkeys (
    id              text not null constraint passkeys_pkey primary key,
    user_name       text not null references users (name) on delete cascade,
    credential_id   blob not null,
    rp_id           text not null,
    name            text not null,
    credential      text not null,
    counter         integer not null,
    backup_eligible integer not null,
    backed_up       integer not null,
    discoverable    integer not null,
    created         integer not null,
    last_used       integer,
    constraint passkeys_credential unique (credential_id)
) strict;
create index passkeys_user on passkeys (user_name, created, id);

-- Under which authenticators file a user's passkeys: random, so that it tells nothing, and kept for the account's life.
create table passkey_handles (
    user_name text not null constraint passkey_handles_pkey primary key references users (name) on delete cascade,
    handle    blob not null,
    constraint passkey_handles_handle unique (handle)
) strict;

-- By the SHA-256 of the token that the browser holds. Taken out to be finished, so that each serves once.
create table passkey_ceremonies (
    hash      blob not null constraint passkey_ceremonies_pkey primary key,
    purpose   text not null,
    owner     text not null,
    user_name text not null,
    handle    blob,
    state     text not null,
    created   integer not null,
    expires   integer not null
) strict;
create index passkey_ceremonies_expires on passkey_ceremonies (expires);
create index passkey_ceremonies_owner on passkey_ceremonies (owner, purpose);

-- By the SHA-256 of their cookie: the password was right.
create table pending_sign_ins (
    hash          blob not null constraint pending_sign_ins_pkey primary key,
    user_name     text not null references users (name) on delete cascade,
    password_mark blob not null,
    created       integer not null,
    expires       integer not null
) strict;
create index pending_sign_ins_user on pending_sign_ins (user_name);
create index pending_sign_ins_expires on pending_sign_ins (expires);

create table recovery_codes (
    user_name text not null references users (name) on delete cascade,
    hash      blob not null,
    created   integer not null,
    used      integer,
    constraint recovery_codes_pkey primary key (user_name, hash)
) strict;
