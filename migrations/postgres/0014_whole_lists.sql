-- The whole list in each of its orders: where most devices belong to what is asked for, merging cells would cost more.
create index device_list_by_tag on device_list (tag, sequence);
create index device_list_by_model on device_list (model, tag, sequence);
create index device_list_by_owner on device_list (owner, tag, sequence);
create index device_list_by_seen on device_list (seen, tag, sequence);
