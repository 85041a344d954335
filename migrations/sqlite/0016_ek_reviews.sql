-- What administrators have to decide about devices, and how the EKs of devices are judged by the CAs that are allowed now.

-- What is remarkable about an EK certificate that was accepted: a list, as JSON.
alter table evidence add column findings text not null default '[]';

-- `subject` is that of which one at a time waits; `evidence_id` changes with what is asked. No device goes with them: a review
-- tells of what became of it.
create table reviews (
    id            text not null constraint reviews_pkey primary key,
    reason        text not null,
    subject       text not null,
    state         text not null,
    created       integer not null,
    expires       integer not null,
    device_id     text not null,
    asset_tag     text not null,
    os_type       integer not null,
    user_name     text not null,
    credential_id text not null,
    evidence_id   text not null,
    details       text not null,
    decided       integer,
    decided_by    text
) strict;
create unique index reviews_pending on reviews (reason, subject) where state = 'pending';
create index reviews_subject on reviews (reason, subject, created, id);
create index reviews_waiting on reviews (created, id) where state = 'pending';
create index reviews_decided on reviews (created, id) where state <> 'pending';
create index reviews_user on reviews (user_name) where state = 'pending';
create index reviews_expires on reviews (expires) where state = 'pending';
create index reviews_created on reviews (created);

-- The EK that a device proved last. `issuer_key` and `top_key` are SHA-256 of names of CAs in the form for comparison.
create table device_eks (
    device_id     text not null constraint device_eks_pkey primary key references devices (id) on delete cascade,
    certificate   blob not null,
    intermediates blob not null,
    issuer_key    blob not null,
    top_key       blob not null,
    verdict       text not null,
    failing       integer not null,
    updated       integer not null
) strict;
create index device_eks_issuer on device_eks (issuer_key, device_id);
create index device_eks_top on device_eks (top_key, device_id);
create index device_eks_failing on device_eks (device_id) where failing = 1;

-- How far all of them are judged by the CAs of a revision: one row.
create table ek_judgements (
    id       text not null constraint ek_judgements_pkey primary key,
    revision text not null,
    after_id text not null,
    judged   integer not null,
    failing  integer not null,
    started  integer not null,
    finished integer
) strict;
