-- Second factors: passkeys and recovery codes, the challenges that wait for passkeys, and sign-ins half done.

create table passkeys (
    id              text collate "C" not null constraint passkeys_pkey primary key,
    user_name       text collate "C" not null references users (name) on delete cascade,
    credential_id   bytea not null,
    rp_id           text collate "C" not null,
    name            text collate "C" not null,
    credential      text collate "C" not null,
    counter         bigint not null,
    backup_eligible bigint not null,
    backed_up       bigint not null,
    discoverable    bigint not null,
    created         bigint not null,
    last_used       bigint,
    constraint passkeys_credential unique (credential_id)
);
create index passkeys_user on passkeys (user_name, created, id);

-- Under which authenticators file a user's passkeys: random, so that it tells nothing, and kept for the account's life.
create table passkey_handles (
    user_name text collate "C" not null constraint passkey_handles_pkey primary key references users (name) on delete cascade,
    handle    bytea not null,
    constraint passkey_handles_handle unique (handle)
);

-- By the SHA-256 of the token that the browser holds. Taken out to be finished, so that each serves once.
create table passkey_ceremonies (
    hash      bytea not null constraint passkey_ceremonies_pkey primary key,
    purpose   text collate "C" not null,
    owner     text collate "C" not null,
    user_name text collate "C" not null,
    handle    bytea,
    state     text collate "C" not null,
    created   bigint not null,
    expires   bigint not null
);
create index passkey_ceremonies_expires on passkey_ceremonies (expires);
create index passkey_ceremonies_owner on passkey_ceremonies (owner, purpose);

-- By the SHA-256 of their cookie: the password was right.
create table pending_sign_ins (
    hash          bytea not null constraint pending_sign_ins_pkey primary key,
    user_name     text collate "C" not null references users (name) on delete cascade,
    password_mark bytea not null,
    created       bigint not null,
    expires       bigint not null
);
create index pending_sign_ins_user on pending_sign_ins (user_name);
create index pending_sign_ins_expires on pending_sign_ins (expires);

create table recovery_codes (
    user_name text collate "C" not null references users (name) on delete cascade,
    hash      bytea not null,
    created   bigint not null,
    used      bigint,
    constraint recovery_codes_pkey primary key (user_name, hash)
);
