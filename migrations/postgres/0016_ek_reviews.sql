-- What administrators have to decide about devices, and how the EKs of devices are judged by the CAs that are allowed now.

-- What is remarkable about an EK certificate that was accepted: a list, as JSON.
alter table evidence add column findings text collate "C" not null default '[]';

-- `subject` is that of which one at a time waits; `evidence_id` changes with what is asked. No device goes with them: a review
-- tells of what became of it.
create table reviews (
    id            text collate "C" not null constraint reviews_pkey primary key,
    reason        text collate "C" not null,
    subject       text collate "C" not null,
    state         text collate "C" not null,
    created       bigint not null,
    expires       bigint not null,
    device_id     text collate "C" not null,
    asset_tag     text collate "C" not null,
    os_type       bigint not null,
    user_name     text collate "C" not null,
    credential_id text collate "C" not null,
    evidence_id   text collate "C" not null,
    details       text collate "C" not null,
    decided       bigint,
    decided_by    text collate "C"
);
create unique index reviews_pending on reviews (reason, subject) where state = 'pending';
create index reviews_subject on reviews (reason, subject, created, id);
create index reviews_waiting on reviews (created, id) where state = 'pending';
create index reviews_decided on reviews (created, id) where state <> 'pending';
create index reviews_user on reviews (user_name) where state = 'pending';
create index reviews_expires on reviews (expires) where state = 'pending';
create index reviews_created on reviews (created);

-- The EK that a device proved last. `issuer_key` and `top_key` are SHA-256 of names of CAs in the form for comparison.
create table device_eks (
    device_id     text collate "C" not null constraint device_eks_pkey primary key references devices (id) on delete cascade,
    certificate   bytea not null,
    intermediates bytea not null,
    issuer_key    bytea not null,
    top_key       bytea not null,
    verdict       text collate "C" not null,
    failing       bigint not null,
    updated       bigint not null
);
create index device_eks_issuer on device_eks (issuer_key, device_id);
create index device_eks_top on device_eks (top_key, device_id);
create index device_eks_failing on device_eks (device_id) where failing = 1;

-- How far all of them are judged by the CAs of a revision: one row.
create table ek_judgements (
    id       text collate "C" not null constraint ek_judgements_pkey primary key,
    revision text collate "C" not null,
    after_id text collate "C" not null,
    judged   bigint not null,
    failing  bigint not null,
    started  bigint not null,
    finished bigint
);
