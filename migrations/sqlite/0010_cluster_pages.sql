-- What the pages of the cluster look things up by: the audit log by time under every filter, people by when they were
-- last seen, locks by age.

-- What an event is about, and the request it came of: both stand in the body too.
alter table audit_events add column target text;
alter table audit_events add column request_id text;
update audit_events
set target = json_extract(body, '$.target'), request_id = json_extract(body, '$.request_id');

drop index audit_events_time;
drop index audit_events_event;
drop index audit_events_user;
drop index audit_events_device;
create index audit_events_time on audit_events (time, sequence);
create index audit_events_event on audit_events (event, time, sequence);
create index audit_events_user on audit_events (user_name, time, sequence) where user_name is not null;
create index audit_events_user_event on audit_events (user_name, event, time, sequence) where user_name is not null;
create index audit_events_device on audit_events (device_id, time, sequence) where device_id is not null;
create index audit_events_target on audit_events (target, time, sequence) where target is not null;
create index audit_events_request on audit_events (request_id, time, sequence) where request_id is not null;
-- Failures are few, and what is asked for most.
create index audit_events_failed on audit_events (time, sequence) where success = 0;
create index audit_events_failed_event on audit_events (event, time, sequence) where success = 0;
create index audit_events_failed_user on audit_events (user_name, time, sequence) where success = 0;

create index sessions_last_seen on sessions (user_name, last_seen);
create index locks_order on locks (created, id);

-- Held by whoever may take the last administrator's rights away, so that two cannot do it side by side.
insert into cluster_values (key, value) values ('administrators', '');
