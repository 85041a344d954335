-- The inventory, and what belongs to a device and goes with it.

create table devices (
    id                 text not null constraint devices_pkey primary key,
    os_type            integer not null,
    asset_tag          text not null,
    -- In lower case, for lookups, order and uniqueness.
    asset_tag_norm     text not null,
    created            integer not null,
    updated            integer not null,
    enroll_status      integer not null,
    owner              text,
    source_name        text,
    source_origin      text,
    profile            text,
    -- SHA-256 of the key that is the device.
    anchor             blob,
    last_authenticated integer,
    -- Since when the counters of its TPM are known to have gone back, until an admin accepts it.
    counter_alarm      integer
) strict;
create unique index devices_os_tag on devices (os_type, asset_tag_norm);
create unique index devices_os_anchor on devices (os_type, anchor) where anchor is not null;
create index devices_order on devices (asset_tag_norm, os_type, id);
create index devices_enroll_status on devices (enroll_status);

create table device_users (
    device_id text not null references devices (id) on delete cascade,
    user_name text not null references users (name) on delete cascade,
    added     integer not null,
    constraint device_users_pkey primary key (device_id, user_name)
) strict;
create index device_users_user on device_users (user_name, device_id);

-- What devices told of themselves, one record a ceremony.
create table collected (
    sequence  integer constraint collected_pkey primary key autoincrement not null,
    device_id text not null references devices (id) on delete cascade,
    kind      text not null,
    recorded  integer not null,
    data      text not null
) strict;
create index collected_device on collected (device_id, recorded, sequence);

-- Keys bound to devices; the three counters are set together or not at all. `clock` is an unsigned number of 64 bits,
-- kept as the signed one with the same bits.
create table credentials (
    os_type       integer not null,
    id            text not null,
    device_id     text not null references devices (id) on delete cascade,
    public_key    blob not null,
    tier          integer not null,
    ekcert_serial text not null,
    ak_public     blob not null,
    user_name     text not null,
    created       integer not null,
    last_used     integer not null,
    reset_count   integer,
    restart_count integer,
    clock         integer,
    constraint credentials_os_id primary key (os_type, id)
) strict;
create index credentials_device on credentials (device_id, last_used);

-- Enrolment tokens, by the SHA-256 of the token.
create table enroll_tokens (
    id             text not null constraint enroll_tokens_pkey primary key,
    hash           blob not null,
    device_id      text not null references devices (id) on delete cascade,
    purpose        text not null,
    created_by     text not null,
    bound_user     text,
    created        integer not null,
    expires        integer not null,
    challenges     integer not null,
    open_challenge text,
    open_since     integer,
    spent          integer,
    revoked        integer
) strict;
create unique index enroll_tokens_hash on enroll_tokens (hash);
create index enroll_tokens_device on enroll_tokens (device_id, created, id);
create index enroll_tokens_created on enroll_tokens (created, id);
create index enroll_tokens_expires on enroll_tokens (expires);
create index enroll_tokens_active on enroll_tokens (created, id) where spent is null and revoked is null;
