-- What the inventory's list shows, searches, filters and sorts: one row a device, kept by the program in the unit of work
-- that changes what it shows (crates/store/src/rows/listing.rs).

-- 1 once the device has its row in the list; releases before this one leave it at 0, and the next start makes the row.
alter table devices add column listed integer not null default 0;
create index devices_unlisted on devices (id) where listed = 0;

create table device_list (
    sequence     integer constraint device_list_pkey primary key autoincrement not null,
    device_id    text not null references devices (id) on delete cascade,
    -- Everything that filters ask for, in one number (gatehouse_domain::entity::Cell).
    cell         integer not null,
    -- What is sorted by; what is missing is empty or 0, never null.
    tag          text not null,
    model        text not null,
    owner        text not null,
    seen         integer not null,
    -- When the device turns stale, unless it is; the end of time if it is.
    stale_from   integer not null,
    -- End of the last lock on the device; 0 if there was none.
    locked_until integer not null,
    -- What is shown.
    asset_tag    text not null,
    model_shown  text not null,
    serial       text not null,
    other_users  integer not null,
    -- The words it is found by, sorted, each after a space.
    terms        text not null
) strict;
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
    term   text not null,
    device integer not null,
    shared integer not null,
    constraint device_terms_pkey primary key (term, device, shared)
) strict, without rowid;

-- How many devices each cell has.
create table device_counts (
    cell    integer not null,
    devices integer not null,
    constraint device_counts_pkey primary key (cell)
) strict, without rowid;

-- What happened on each day (days since 1970, UTC), counted as it is written to the audit log.
create table daily_counts (
    day    integer not null,
    kind   text not null,
    detail text not null,
    count  integer not null,
    constraint daily_counts_pkey primary key (kind, day, detail)
) strict;

-- What was written before counting began; its reasons were not kept apart.
insert into daily_counts (day, kind, detail, count)
select time / 86400000000, event, case success when 1 then '' else 'unknown' end, count(*)
from audit_events where event in ('device.enroll', 'device.authenticate') and (success = 0 or event = 'device.enroll')
group by 1, 2, 3;
