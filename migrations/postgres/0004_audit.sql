-- What outlives users and devices, hence without foreign keys: evidence and the audit log.

-- What ceremonies were judged by. `platform` holds quotes and PCR values in the store's own encoding
-- (crates/store/src/platform.rs).
create table evidence (
    id                    text collate "C" not null constraint evidence_pkey primary key,
    device_id             text collate "C" not null,
    user_name             text collate "C" not null,
    kind                  text collate "C" not null,
    time                  bigint not null,
    verdict               text collate "C" not null,
    credential_id         text collate "C" not null,
    tier                  bigint not null,
    nonce                 bytea not null,
    ek_public             bytea not null,
    ek_certificate        bytea not null,
    ak_public             bytea not null,
    ak_create_data        bytea not null,
    ak_create_attestation bytea not null,
    ak_create_signature   bytea not null,
    device_key            bytea not null,
    signature             bytea not null,
    platform              bytea not null,
    event_log             bytea not null
);
create index evidence_device on evidence (device_id, time, id);
create index evidence_time on evidence (time);

create table audit_events (
    sequence  bigint generated always as identity constraint audit_events_pkey primary key,
    uid       text collate "C" not null,
    time      bigint not null,
    event     text collate "C" not null,
    code      text collate "C" not null,
    user_name text collate "C",
    -- The device that the event is about, else the one that the acting session is on.
    device_id text collate "C",
    success   bigint not null,
    body      text collate "C" not null
);
create unique index audit_events_uid on audit_events (uid);
create index audit_events_time on audit_events (time);
create index audit_events_event on audit_events (event, sequence);
create index audit_events_user on audit_events (user_name, sequence) where user_name is not null;
create index audit_events_device on audit_events (device_id, sequence) where device_id is not null;
