-- Accounts, roles, locks, sessions.

create table users (
    name           text not null constraint users_name primary key,
    kind           text not null,
    logins         text not null,
    password_hash  text,
    totp_last_step integer not null,
    created        integer not null,
    updated        integer not null
) strict;

-- The roles of a user, in the order given. A role need not exist: what is missing grants nothing.
create table user_roles (
    user_name text not null references users (name) on delete cascade,
    place     integer not null,
    role      text not null,
    constraint user_roles_pkey primary key (user_name, place)
) strict;
create index user_roles_role on user_roles (role, user_name);

-- One-time links, by the SHA-256 of their token. The first admin's names no user, hence no foreign key.
create table user_links (
    hash       blob not null constraint user_links_pkey primary key,
    purpose    text not null,
    user_name  text not null,
    created    integer not null,
    created_by text not null,
    expires    integer not null,
    used       integer,
    failures   integer not null
) strict;
create index user_links_user on user_links (user_name);
create index user_links_expires on user_links (expires);

create table throttles (
    key           text not null constraint throttles_pkey primary key,
    failures      integer not null,
    last_failure  integer not null,
    blocked_until integer not null
) strict;
create index throttles_last_failure on throttles (last_failure);

create table roles (
    name        text not null constraint roles_name primary key,
    description text not null,
    spec        text not null,
    created     integer not null,
    updated     integer not null
) strict;

-- Exactly one of the targets is set. What is locked need not exist.
create table locks (
    id            text not null constraint locks_pkey primary key,
    target_user   text,
    target_role   text,
    target_device text,
    message       text not null,
    created       integer not null,
    created_by    text not null,
    expires       integer
) strict;
create index locks_user on locks (target_user) where target_user is not null;
create index locks_role on locks (target_role) where target_role is not null;
create index locks_device on locks (target_device) where target_device is not null;

-- Sessions stay until they would have expired, also when their user or device is gone.
create table sessions (
    id                   text not null constraint sessions_pkey primary key,
    kind                 text not null,
    cookie_hash          blob,
    user_name            text not null,
    created              integer not null,
    last_seen            integer not null,
    expires              integer not null,
    ended                integer,
    factor_time          integer not null,
    device_id            text,
    device_asset_tag     text,
    device_credential_id text,
    device_since         integer,
    remote_address       text not null
) strict;
create unique index sessions_cookie on sessions (cookie_hash) where cookie_hash is not null;
create index sessions_active on sessions (created, id) where ended is null;
create index sessions_active_of_user on sessions (user_name, created, id) where ended is null;
create index sessions_device on sessions (device_id) where device_id is not null;
create index sessions_expires on sessions (expires);
