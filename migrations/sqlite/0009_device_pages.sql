-- What tokens are for in an admin's words, how devices booted last, and imports of devices from files.

alter table enroll_tokens add column note text not null default '';

-- The PCR values and the event log of a device's last attestation. `platform` is the store's own encoding
-- (crates/store/src/platform.rs), without quotes; `fingerprint` tells whether they have changed.
create table device_boots (
    device_id   text not null constraint device_boots_pkey primary key references devices (id) on delete cascade,
    kind        text not null,
    user_name   text not null,
    time        integer not null,
    -- Since when they have been the same.
    since       integer not null,
    fingerprint blob not null,
    platform    blob not null,
    event_log   blob not null
) strict;

-- An uploaded list of devices: a draft until it is confirmed, then carried out batch by batch.
create table device_imports (
    id         text not null constraint device_imports_pkey primary key,
    user_name  text not null,
    file_name  text not null,
    state      text not null,
    created    integer not null,
    expires    integer not null,
    started    integer,
    finished   integer,
    -- Who confirmed it, for the audit log.
    confirmed  text,
    -- What the file holds, by verdict.
    contents   text not null,
    handled    integer not null,
    registered integer not null,
    appeared   integer not null,
    failed     integer not null,
    error      text not null
) strict;
create index device_imports_user on device_imports (user_name, created, id);
create index device_imports_expires on device_imports (expires);
create index device_imports_running on device_imports (started, id) where state = 'running';

-- The rows of an import by verdict, one page of the preview and one batch of work at a time.
create table device_import_chunks (
    import_id text not null references device_imports (id) on delete cascade,
    verdict   text not null,
    place     integer not null,
    lines     text not null,
    done      integer,
    constraint device_import_chunks_pkey primary key (import_id, verdict, place)
) strict;
