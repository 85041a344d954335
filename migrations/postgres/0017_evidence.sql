-- What the verdict of an enrolment rested on, so that it can be judged once more; boots that differ from the last good
-- one; and TPMs that were announced before their devices arrived.

-- DER of the certificates that linked an EK certificate to a CA, one behind the other; null for none.
alter table evidence add column intermediates bytea;
-- The rules and CAs that were in force: a row of `evidence_bases`; null in evidence of older servers.
alter table evidence add column basis bytea;

-- Each once, by the SHA-256 of its text: JSON with the policies and the SHA-256 of each CA.
create table evidence_bases (
    hash bytea not null constraint evidence_bases_pkey primary key,
    body text collate "C" not null
);

-- X.509 DER by its SHA-256.
create table evidence_cas (
    sha256 bytea not null constraint evidence_cas_pkey primary key,
    der    bytea not null
);

-- The last boot that counted as good, of devices whose last boot is another one; as in `device_boots`.
create table device_good_boots (
    device_id   text collate "C" not null constraint device_good_boots_pkey primary key references devices (id) on delete cascade,
    kind        text collate "C" not null,
    user_name   text collate "C" not null,
    time        bigint not null,
    since       bigint not null,
    fingerprint bytea not null,
    platform    bytea not null,
    event_log   bytea not null
);

-- A row is of an EK (SHA-256 of its public key) or of an EK certificate (serial number and issuer).
create table ship_ahead (
    id          text collate "C" not null constraint ship_ahead_pkey primary key,
    ek_sha256   bytea,
    serial      text collate "C",
    -- As it was given, and in the form for comparison.
    issuer      text collate "C",
    issuer_key  text collate "C",
    -- 1 for rows that enrol again and again.
    standing    bigint not null,
    owner       text collate "C",
    asset_tag   text collate "C",
    note        text collate "C" not null,
    created     bigint not null,
    created_by  text collate "C" not null,
    uses        bigint not null,
    used        bigint,
    used_by     text collate "C",
    used_device text collate "C"
);
create unique index ship_ahead_ek on ship_ahead (ek_sha256) where ek_sha256 is not null;
create unique index ship_ahead_certificate on ship_ahead (serial, issuer_key) where serial is not null;
create index ship_ahead_order on ship_ahead (created, id);
