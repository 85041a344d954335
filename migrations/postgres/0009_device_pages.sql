-- What tokens are for in an admin's words, how devices booted last, and imports of devices from files.

alter table enroll_tokens add column note text collate "C" not null default '';

-- The PCR values and the event log of a device's last attestation. `platform` is the store's own encoding
-- (crates/store/src/platform.rs), without quotes; `fingerprint` tells whether they have changed.
create table device_boots (
    device_id   text collate "C" not null constraint device_boots_pkey primary key references devices (id) on delete cascade,
    kind        text collate "C" not null,
    user_name   text collate "C" not null,
    time        bigint not null,
    -- Since when they have been the same.
    since       bigint not null,
    fingerprint bytea not null,
    platform    bytea not null,
    event_log   bytea not null
);

-- An uploaded list of devices: a draft until it is confirmed, then carried out batch by batch.
create table device_imports (
    id         text collate "C" not null constraint device_imports_pkey primary key,
    user_name  text collate "C" not null,
    file_name  text collate "C" not null,
    state      text collate "C" not null,
    created    bigint not null,
    expires    bigint not null,
    started    bigint,
    finished   bigint,
    -- Who confirmed it, for the audit log.
    confirmed  text collate "C",
    -- What the file holds, by verdict.
    contents   text collate "C" not null,
    handled    bigint not null,
    registered bigint not null,
    appeared   bigint not null,
    failed     bigint not null,
    error      text collate "C" not null
);
create index device_imports_user on device_imports (user_name, created, id);
create index device_imports_expires on device_imports (expires);
create index device_imports_running on device_imports (started, id) where state = 'running';

-- The rows of an import by verdict, one page of the preview and one batch of work at a time.
create table device_import_chunks (
    import_id text collate "C" not null references device_imports (id) on delete cascade,
    verdict   text collate "C" not null,
    place     bigint not null,
    lines     text collate "C" not null,
    done      bigint,
    constraint device_import_chunks_pkey primary key (import_id, verdict, place)
);
