-- Sessions of browsers: who asks from where, cookies that rotate, flash messages; logins of command lines in the browser.

alter table sessions add column user_agent text collate "C" not null default '';
-- SHA-256 of what the account was allowed when the cookie was given out.
alter table sessions add column rights bytea;
-- The cookie before, and when it was replaced: recognised for a moment, worth nothing.
alter table sessions add column previous_cookie_hash bytea;
alter table sessions add column cookie_rotated bigint;
create index sessions_previous_cookie on sessions (previous_cookie_hash) where previous_cookie_hash is not null;

-- Records of tower-sessions, by the SHA-256 of the cookie. Nothing in them decides anything: the last write wins.
create table web_records (
    hash    bytea not null constraint web_records_pkey primary key,
    data    text collate "C" not null,
    expires bigint not null
);
create index web_records_expires on web_records (expires);

-- Delivery is by the loopback port, or, without one, by waiting. A decision without approval is a no.
create table cli_logins (
    id                 text collate "C" not null constraint cli_logins_pkey primary key,
    user_name          text collate "C" not null,
    user_code          text collate "C" not null,
    challenge          bytea not null,
    tls_public_key     bytea not null,
    ssh_public_key     text collate "C",
    ttl_secs           bigint,
    loopback_port      bigint,
    loopback_state     text collate "C",
    host_name          text collate "C" not null,
    os_user            text collate "C" not null,
    os                 text collate "C" not null,
    remote_address     text collate "C" not null,
    created            bigint not null,
    expires            bigint not null,
    decided            bigint,
    decided_by_session text collate "C",
    approved           bigint,
    code_hash          bytea,
    spent              bigint,
    failures           bigint not null
);
create index cli_logins_expires on cli_logins (expires);
