-- What outlives users and devices, hence without foreign keys: evidence and the audit log.

-- What ceremonies were judged by. `platform` holds quotes and PCR values in the store's own encoding
-- (crates/store/src/platform.rs).
create table evidence (
    id                    text not null constraint evidence_pkey primary key,
    device_id             text not null,
    user_name             text not null,
    kind                  text not null,
    time                  integer not null,
    verdict               text not null,
    credential_id         text not null,
    tier                  integer not null,
    nonce                 blob not null,
    ek_public             blob not null,
    ek_certificate        blob not null,
    ak_public             blob not null,
    ak_create_data        blob not null,
    ak_create_attestation blob not null,
    ak_create_signature   blob not null,
    device_key            blob not null,
    signature             blob not null,
    platform              blob not null,
    event_log             blob not null
) strict;
create index evidence_device on evidence (device_id, time, id);
create index evidence_time on evidence (time);

create table audit_events (
    sequence  integer constraint audit_events_pkey primary key autoincrement not null,
    uid       text not null,
    time      integer not null,
    event     text not null,
    code      text not null,
    user_name text,
    -- The device that the event is about, else the one that the acting session is on.
    device_id text,
    success   integer not null,
    body      text not null
) strict;
create unique index audit_events_uid on audit_events (uid);
create index audit_events_time on audit_events (time);
create index audit_events_event on audit_events (event, sequence);
create index audit_events_user on audit_events (user_name, sequence) where user_name is not null;
create index audit_events_device on audit_events (device_id, sequence) where device_id is not null;
