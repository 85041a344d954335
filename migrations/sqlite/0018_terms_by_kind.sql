-- Terms are kept by kind: the device's system (as in its cell), then what of the device begins with the word: T its tag, M its
-- model, O its owner, X nothing that lists are sorted by; then the word. crates/store/src/rows/listing/terms.rs
create table device_terms_by_kind (
    term   text not null,
    device integer not null,
    shared integer not null,
    constraint device_terms_pkey primary key (term, device, shared)
) strict, without rowid;

insert into device_terms_by_kind (term, device, shared)
select cast(l.cell / 160 % 3 as text)
       || case when l.tag = t.term or substr(l.tag, 1, length(t.term) + 1) = t.term || ' ' then 'T'
               when l.model = t.term or substr(l.model, 1, length(t.term) + 1) = t.term || ' ' then 'M'
               when l.owner = t.term or substr(l.owner, 1, length(t.term) + 1) = t.term || ' ' then 'O'
               else 'X' end
       || t.term, t.device, t.shared
from device_terms t join device_list l on l.sequence = t.device
order by 1, 2, 3;

drop table device_terms;
alter table device_terms_by_kind rename to device_terms;
