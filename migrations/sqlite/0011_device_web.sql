-- Browsers' sessions that a device speaks for: attempts under way, and what a session knows of its device.

-- How the device's key is vouched for, and until when its proof counts; null for "as long as the session".
alter table sessions add column device_tier integer;
alter table sessions add column device_until integer;

-- `token_hash` is of the deep link, or of what a typed code was turned into; `confirm_hash` is of the way back. Proven =
-- the device has spent the one, confirmed = the browser has spent the other.
create table device_web_attempts (
    id               text not null constraint device_web_attempts_pkey primary key,
    session_id       text not null,
    user_name        text not null,
    token_hash       blob not null,
    code_hash        blob,
    expected_devices text not null,
    user_agent       text not null,
    remote_address   text not null,
    redirect         text not null,
    correlation_id   text not null,
    created          integer not null,
    expires          integer not null,
    failures         integer not null,
    refused          text,
    proven           integer,
    device_id        text,
    credential_id    text,
    confirm_hash     blob,
    confirm_expires  integer,
    confirmed        integer
) strict;
create index device_web_attempts_session on device_web_attempts (session_id, created, id);
create index device_web_attempts_code on device_web_attempts (code_hash) where code_hash is not null;
create index device_web_attempts_expires on device_web_attempts (expires);
