-- Browsers' sessions that a device speaks for: attempts under way, and what a session knows of its device.

-- How the device's key is vouched for, and until when its proof counts; null for "as long as the session".
alter table sessions add column device_tier bigint;
alter table sessions add column device_until bigint;

-- `token_hash` is of the deep link, or of what a typed code was turned into; `confirm_hash` is of the way back. Proven =
-- the device has spent the one, confirmed = the browser has spent the other.
create table device_web_attempts (
    id               text collate "C" not null constraint device_web_attempts_pkey primary key,
    session_id       text collate "C" not null,
    user_name        text collate "C" not null,
    token_hash       bytea not null,
    code_hash        bytea,
    expected_devices text collate "C" not null,
    user_agent       text collate "C" not null,
    remote_address   text collate "C" not null,
    redirect         text collate "C" not null,
    correlation_id   text collate "C" not null,
    created          bigint not null,
    expires          bigint not null,
    failures         bigint not null,
    refused          text collate "C",
    proven           bigint,
    device_id        text collate "C",
    credential_id    text collate "C",
    confirm_hash     bytea,
    confirm_expires  bigint,
    confirmed        bigint
);
create index device_web_attempts_session on device_web_attempts (session_id, created, id);
create index device_web_attempts_code on device_web_attempts (code_hash) where code_hash is not null;
create index device_web_attempts_expires on device_web_attempts (expires);
