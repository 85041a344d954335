-- The inventory, and what belongs to a device and goes with it.

create table devices (
    id                 text collate "C" not null constraint devices_pkey primary key,
    os_type            bigint not null,
    asset_tag          text collate "C" not null,
    -- In lower case, for lookups, order and uniqueness.
    asset_tag_norm     text collate "C" not null,
    created            bigint not null,
    updated            bigint not null,
    enroll_status      bigint not null,
    owner              text collate "C",
    source_name        text collate "C",
    source_origin      text collate "C",
    profile            text collate "C",
    -- SHA-256 of the key that is the device.
    anchor             bytea,
    last_authenticated bigint,
    -- Since when the counters of its TPM are known to have gone back, until an admin accepts it.
    counter_alarm      bigint
);
create unique index devices_os_tag on devices (os_type, asset_tag_norm);
create unique index devices_os_anchor on devices (os_type, anchor) where anchor is not null;
create index devices_order on devices (asset_tag_norm, os_type, id);
create index devices_enroll_status on devices (enroll_status);

create table device_users (
    device_id text collate "C" not null references devices (id) on delete cascade,
    user_name text collate "C" not null references users (name) on delete cascade,
    added     bigint not null,
    constraint device_users_pkey primary key (device_id, user_name)
);
create index device_users_user on device_users (user_name, device_id);

-- What devices told of themselves, one record a ceremony.
create table collected (
    sequence  bigint generated always as identity constraint collected_pkey primary key,
    device_id text collate "C" not null references devices (id) on delete cascade,
    kind      text collate "C" not null,
    recorded  bigint not null,
    data      text collate "C" not null
);
create index collected_device on collected (device_id, recorded, sequence);

-- Keys bound to devices; the three counters are set together or not at all. `clock` is an unsigned number of 64 bits,
-- kept as the signed one with the same bits.
create table credentials (
    os_type       bigint not null,
    id            text collate "C" not null,
    device_id     text collate "C" not null references devices (id) on delete cascade,
    public_key    bytea not null,
    tier          bigint not null,
    ekcert_serial text collate "C" not null,
    ak_public     bytea not null,
    user_name     text collate "C" not null,
    created       bigint not null,
    last_used     bigint not null,
    reset_count   bigint,
    restart_count bigint,
    clock         bigint,
    constraint credentials_os_id primary key (os_type, id)
);
create index credentials_device on credentials (device_id, last_used);

-- Enrolment tokens, by the SHA-256 of the token.
create table enroll_tokens (
    id             text collate "C" not null constraint enroll_tokens_pkey primary key,
    hash           bytea not null,
    device_id      text collate "C" not null references devices (id) on delete cascade,
    purpose        text collate "C" not null,
    created_by     text collate "C" not null,
    bound_user     text collate "C",
    created        bigint not null,
    expires        bigint not null,
    challenges     bigint not null,
    open_challenge text collate "C",
    open_since     bigint,
    spent          bigint,
    revoked        bigint
);
create unique index enroll_tokens_hash on enroll_tokens (hash);
create index enroll_tokens_device on enroll_tokens (device_id, created, id);
create index enroll_tokens_created on enroll_tokens (created, id);
create index enroll_tokens_expires on enroll_tokens (expires);
create index enroll_tokens_active on enroll_tokens (created, id) where spent is null and revoked is null;
