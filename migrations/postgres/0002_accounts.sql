-- Accounts, roles, locks, sessions.

create table users (
    name           text collate "C" not null constraint users_name primary key,
    kind           text collate "C" not null,
    logins         text collate "C" not null,
    password_hash  text collate "C",
    totp_last_step bigint not null,
    created        bigint not null,
    updated        bigint not null
);

-- The roles of a user, in the order given. A role need not exist: what is missing grants nothing.
create table user_roles (
    user_name text collate "C" not null references users (name) on delete cascade,
    place     bigint not null,
    role      text collate "C" not null,
    constraint user_roles_pkey primary key (user_name, place)
);
create index user_roles_role on user_roles (role, user_name);

-- One-time links, by the SHA-256 of their token. The first admin's names no user, hence no foreign key.
create table user_links (
    hash       bytea not null constraint user_links_pkey primary key,
    purpose    text collate "C" not null,
    user_name  text collate "C" not null,
    created    bigint not null,
    created_by text collate "C" not null,
    expires    bigint not null,
    used       bigint,
    failures   bigint not null
);
create index user_links_user on user_links (user_name);
create index user_links_expires on user_links (expires);

create table throttles (
    key           text collate "C" not null constraint throttles_pkey primary key,
    failures      bigint not null,
    last_failure  bigint not null,
    blocked_until bigint not null
);
create index throttles_last_failure on throttles (last_failure);

create table roles (
    name        text collate "C" not null constraint roles_name primary key,
    description text collate "C" not null,
    spec        text collate "C" not null,
    created     bigint not null,
    updated     bigint not null
);

-- Exactly one of the targets is set. What is locked need not exist.
create table locks (
    id            text collate "C" not null constraint locks_pkey primary key,
    target_user   text collate "C",
    target_role   text collate "C",
    target_device text collate "C",
    message       text collate "C" not null,
    created       bigint not null,
    created_by    text collate "C" not null,
    expires       bigint
);
create index locks_user on locks (target_user) where target_user is not null;
create index locks_role on locks (target_role) where target_role is not null;
create index locks_device on locks (target_device) where target_device is not null;

-- Sessions stay until they would have expired, also when their user or device is gone.
create table sessions (
    id                   text collate "C" not null constraint sessions_pkey primary key,
    kind                 text collate "C" not null,
    cookie_hash          bytea,
    user_name            text collate "C" not null,
    created              bigint not null,
    last_seen            bigint not null,
    expires              bigint not null,
    ended                bigint,
    factor_time          bigint not null,
    device_id            text collate "C",
    device_asset_tag     text collate "C",
    device_credential_id text collate "C",
    device_since         bigint,
    remote_address       text collate "C" not null
);
create unique index sessions_cookie on sessions (cookie_hash) where cookie_hash is not null;
create index sessions_active on sessions (created, id) where ended is null;
create index sessions_active_of_user on sessions (user_name, created, id) where ended is null;
create index sessions_device on sessions (device_id) where device_id is not null;
create index sessions_expires on sessions (expires);
