-- What the inventory's list shows, searches, filters and sorts: one row a device, kept by the program in the unit of work
-- that changes what it shows (crates/store/src/rows/listing.rs).

-- 1 once the device has its row in the list; releases before this one leave it at 0, and the next start makes the row.
alter table devices add column listed bigint not null default 0;
create index devices_unlisted on devices (id) where listed = 0;

create table device_list (
    sequence     bigint generated always as identity constraint device_list_pkey primary key,
    device_id    text collate "C" not null references devices (id) on delete cascade,
    -- Everything that filters ask for, in one number (gatehouse_domain::entity::Cell).
    cell         bigint not null,
    -- What is sorted by; what is missing is empty or 0, never null.
    tag          text collate "C" not null,
    model        text collate "C" not null,
    owner        text collate "C" not null,
    seen         bigint not null,
    -- When the device turns stale, unless it is; the end of time if it is.
    stale_from   bigint not null,
    -- End of the last lock on the device; 0 if there was none.
    locked_until bigint not null,
    -- What is shown.
    asset_tag    text collate "C" not null,
    model_shown  text collate "C" not null,
    serial       text collate "C" not null,
    other_users  bigint not null,
    -- The words it is found by, sorted, each after a space.
    terms        text collate "C" not null
);
create unique index device_list_device on device_list (device_id);
create index device_list_tag on device_list (cell, tag, sequence);
create index device_list_model on device_list (cell, model, tag, sequence);
create index device_list_owner on device_list (cell, owner, tag, sequence);
create index device_list_seen on device_list (cell, seen, tag, sequence);
create index device_list_stale_from on device_list (stale_from);
create index device_list_locked_until on device_list (locked_until) where locked_until > 0;

-- The words of every device. `shared` is how many bytes a word has in common with the word before it of the same device:
-- of all words of a device that begin alike, only the first shares less than that beginning.
create table device_terms (
    term   text collate "C" not null,
    device bigint not null,
    shared bigint not null,
    constraint device_terms_pkey primary key (term, device, shared)
);

-- How many devices each cell has.
create table device_counts (
    cell    bigint not null,
    devices bigint not null,
    constraint device_counts_pkey primary key (cell)
);

-- What happened on each day (days since 1970, UTC), counted as it is written to the audit log.
create table daily_counts (
    day    bigint not null,
    kind   text collate "C" not null,
    detail text collate "C" not null,
    count  bigint not null,
    constraint daily_counts_pkey primary key (kind, day, detail)
);

-- What was written before counting began; its reasons were not kept apart.
insert into daily_counts (day, kind, detail, count)
select time / 86400000000, event, case success when 1 then '' else 'unknown' end, count(*)
from audit_events where event in ('device.enroll', 'device.authenticate') and (success = 0 or event = 'device.enroll')
group by 1, 2, 3;
