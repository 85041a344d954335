-- What the verdict of an enrolment rested on, so that it can be judged once more; boots that differ from the last good
-- one; and TPMs that were announced before their devices arrived.

-- DER of the certificates that linked an EK certificate to a CA, one behind the other; null for none.
alter table evidence add column intermediates blob;
-- The rules and CAs that were in force: a row of `evidence_bases`; null in evidence of older servers.
alter table evidence add column basis blob;

-- Each once, by the SHA-256 of its text: JSON with the policies and the SHA-256 of each CA.
create table evidence_bases (
    hash blob not null constraint evidence_bases_pkey primary key,
    body text not null
) strict;

-- X.509 DER by its SHA-256.
create table evidence_cas (
    sha256 blob not null constraint evidence_cas_pkey primary key,
    der    blob not null
) strict;

-- The last boot that counted as good, of devices whose last boot is another one; as in `device_boots`.
create table device_good_boots (
    device_id   text not null constraint device_good_boots_pkey primary key references devices (id) on delete cascade,
    kind        text not null,
    user_name   text not null,
    time        integer not null,
    since       integer not null,
    fingerprint blob not null,
    platform    blob not null,
    event_log   blob not null
) strict;

-- A row is of an EK (SHA-256 of its public key) or of an EK certificate (serial number and issuer).
create table ship_ahead (
    id          text not null constraint ship_ahead_pkey primary key,
    ek_sha256   blob,
    serial      text,
    -- As it was given, and in the form for comparison.
    issuer      text,
    issuer_key  text,
    -- 1 for rows that enrol again and again.
    standing    integer not null,
    owner       text,
    asset_tag   text,
    note        text not null,
    created     integer not null,
    created_by  text not null,
    uses        integer not null,
    used        integer,
    used_by     text,
    used_device text
) strict;
create unique index ship_ahead_ek on ship_ahead (ek_sha256) where ek_sha256 is not null;
create unique index ship_ahead_certificate on ship_ahead (serial, issuer_key) where serial is not null;
create index ship_ahead_order on ship_ahead (created, id);
