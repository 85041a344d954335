-- Sessions of browsers: who asks from where, cookies that rotate, flash messages; logins of command lines in the browser.

alter table sessions add column user_agent text not null default '';
-- SHA-256 of what the account was allowed when the cookie was given out.
alter table sessions add column rights blob;
-- The cookie before, and when it was replaced: recognised for a moment, worth nothing.
alter table sessions add column previous_cookie_hash blob;
alter table sessions add column cookie_rotated integer;
create index sessions_previous_cookie on sessions (previous_cookie_hash) where previous_cookie_hash is not null;

-- Records of tower-sessions, by the SHA-256 of the cookie. Nothing in them decides anything: the last write wins.
create table web_records (
    hash    blob not null constraint web_records_pkey primary key,
    data    text not null,
    expires integer not null
) strict;
create index web_records_expires on web_records (expires);

-- Delivery is by the loopback port, or, without one, by waiting. A decision without approval is a no.
create table cli_logins (
    id                 text not null constraint cli_logins_pkey primary key,
    user_name          text not null,
    user_code          text not null,
    challenge          blob not null,
    tls_public_key     blob not null,
    ssh_public_key     text,
    ttl_secs           integer,
    loopback_port      integer,
    loopback_state     text,
    host_name          text not null,
    os_user            text not null,
    os                 text not null,
    remote_address     text not null,
    created            integer not null,
    expires            integer not null,
    decided            integer,
    decided_by_session text,
    approved           integer,
    code_hash          blob,
    spent              integer,
    failures           integer not null
) strict;
create index cli_logins_expires on cli_logins (expires);
