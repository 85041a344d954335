//! The inventory as it is listed.
//!
//! A list is read from one index per order, cell by cell: each cell's part is sorted already, and the parts are merged as
//! far as the page needs ("scan"); or from one index of the whole list, where most of it belongs to the page. A search whose rarest word only few devices have reads those devices and sorts them
//! ("found"). PostgreSQL merges only what is said to be sorted, hence the order within each part; what devices are sifted
//! by stands outside of a limit, so that no guess at it changes how they are read.

/// Devices that the statements of many take at once.
pub(crate) const DEVICES_AT_ONCE: usize = 64;
/// Words that one statement inserts at once.
pub(crate) const TERMS_AT_ONCE: usize = 32;
/// Sizes of the scans: so many cells at once.
pub(crate) const CELLS_AT_ONCE: [usize; 4] = [1, 16, 32, 64];
/// Sizes of what looks for the place where a scan stopped.
pub(crate) const CELLS_TO_STOP_IN: [usize; 3] = [16, 32, 64];

macro_rules! columns {
    () => {
        "sequence, device_id, cell, asset_tag, model_shown, serial, owner, other_users, seen, locked_until, tag, model"
    };
}

/// The parts of the cells, merged.
macro_rules! merged {
    ($columns:expr, $key:literal, $bounds:literal, $order:literal, $first:literal $($cell:literal)*) => {
        concat!(
            "select * from (select * from (select ", $columns, " from device_list where cell = $", $first, " and (", $key,
            ") ", $bounds, " order by ", $order, ") b",
            $(" union all select * from (select ", $columns, " from device_list where cell = $", $cell, " and (", $key,
              ") ", $bounds, " order by ", $order, ") b",)*
            ") u order by ", $order
        )
    };
}

/// `$1` and `$2` are tag and sequence of the place to go on after, `$3` how many devices may be looked at, `$4` the time
/// that locks end after, `$5` to `$8` patterns of words, `$9` the limit; then the cells, then what else is sorted by. The
/// parts hold what is sorted and sifted by; only devices of the page are read as a whole, in any order. (Every column of a
/// part costs PostgreSQL's planner time.)
macro_rules! scan {
    ($key:literal, $bounds:literal, $order:literal, $($cell:literal)+) => {
        concat!(
            "select ", columns!(), " from (select sequence as at from (",
            merged!(concat!($key, ", locked_until, terms"), $key, $bounds, $order, $($cell)+), " limit $3) k
            where locked_until > $4
              and ($5 = '%' or terms like $5 escape '\\') and ($6 = '%' or terms like $6 escape '\\')
              and ($7 = '%' or terms like $7 escape '\\') and ($8 = '%' or terms like $8 escape '\\')
            limit $9) p cross join device_list l where l.sequence = p.at"
        )
    };
}

macro_rules! scan_1 {
    ($key:literal, $bounds:literal, $order:literal) => {
        scan!($key, $bounds, $order, "10")
    };
}

macro_rules! scan_16 {
    ($key:literal, $bounds:literal, $order:literal) => {
        scan!($key, $bounds, $order,
            "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20" "21" "22" "23" "24" "25")
    };
}

macro_rules! scan_32 {
    ($key:literal, $bounds:literal, $order:literal) => {
        scan!($key, $bounds, $order,
            "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20" "21" "22" "23" "24" "25" "26" "27" "28" "29"
            "30" "31" "32" "33" "34" "35" "36" "37" "38" "39" "40" "41")
    };
}

macro_rules! scan_64 {
    ($key:literal, $bounds:literal, $order:literal) => {
        scan!($key, $bounds, $order,
            "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20" "21" "22" "23" "24" "25" "26" "27" "28" "29"
            "30" "31" "32" "33" "34" "35" "36" "37" "38" "39" "40" "41" "42" "43" "44" "45" "46" "47" "48" "49"
            "50" "51" "52" "53" "54" "55" "56" "57" "58" "59" "60" "61" "62" "63" "64" "65" "66" "67" "68" "69"
            "70" "71" "72" "73")
    };
}

/// The place at which a scan of these cells has looked at `$3` devices and one more. `$1` and `$2` as for scans; then the
/// cells, then what else is sorted by.
macro_rules! stop_16 {
    ($key:literal, $bounds:literal, $order:literal) => {
        concat!(merged!($key, $key, $bounds, $order,
            "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19"), " limit 1 offset $3")
    };
}

macro_rules! stop_32 {
    ($key:literal, $bounds:literal, $order:literal) => {
        concat!(merged!($key, $key, $bounds, $order,
            "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20" "21" "22" "23" "24"
            "25" "26" "27" "28" "29" "30" "31" "32" "33" "34" "35"), " limit 1 offset $3")
    };
}

macro_rules! stop_64 {
    ($key:literal, $bounds:literal, $order:literal) => {
        concat!(merged!($key, $key, $bounds, $order,
            "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20" "21" "22" "23" "24"
            "25" "26" "27" "28" "29" "30" "31" "32" "33" "34" "35" "36" "37" "38" "39" "40" "41" "42" "43" "44"
            "45" "46" "47" "48" "49" "50" "51" "52" "53" "54" "55" "56" "57" "58" "59" "60" "61" "62" "63" "64"
            "65" "66" "67"), " limit 1 offset $3")
    };
}

/// The filter, in terms of cells.
macro_rules! admitted {
    () => {
        "(cast($10 as bigint) is null or cell / 160 % 3 = $10)
          and (cast($11 as bigint) is null or cell / 80 % 2 = $11)
          and (cast($12 as bigint) is null or cell / 16 % 5 = $12)
          and (cast($13 as bigint) is null or cell / 4 % 4 = $13)
          and (cast($14 as bigint) is null or cell / 2 % 2 = $14)
          and (cast($15 as bigint) is null or cell % 2 = $15)"
    };
}

/// The whole list, as far as devices belong to one group. `$1` to `$9` as for scans of cells, `$10` to `$15` the filter,
/// `$16` and `$17` what the group is found by, `$18` the group; then what else is sorted by.
macro_rules! all {
    ($key:literal, $bounds:literal, $order:literal) => {
        concat!(
            "select ",
            columns!(),
            " from (select ",
            columns!(),
            ", terms from device_list where (",
            $key,
            ") ",
            $bounds,
            " order by ",
            $order,
            " limit $3) k
            where locked_until > $4
              and ($5 = '%' or terms like $5 escape '\\') and ($6 = '%' or terms like $6 escape '\\')
              and ($7 = '%' or terms like $7 escape '\\') and ($8 = '%' or terms like $8 escape '\\')
              and cell / $16 % $17 = $18 and ",
            admitted!(),
            "
            limit $9"
        )
    };
}

/// The place at which the whole list has been looked at for `$3` devices and one more.
macro_rules! all_stop {
    ($key:literal, $bounds:literal, $order:literal) => {
        concat!(
            "select ",
            $key,
            " from device_list where (",
            $key,
            ") ",
            $bounds,
            " order by ",
            $order,
            " limit 1 offset $3"
        )
    };
}

/// The kinds of terms: system and class, as `rows/listing/terms.rs` numbers and writes them.
macro_rules! kinds {
    () => {
        "(select 0 as n, '0T' as p union all select 1, '0M' union all select 2, '0O' union all select 3, '0X'
          union all select 4, '1T' union all select 5, '1M' union all select 6, '1O' union all select 7, '1X'
          union all select 8, '2T' union all select 9, '2M' union all select 10, '2O' union all select 11, '2X') k"
    };
}

/// Terms of kinds in the set `$mask`, of words between `$1` and `$2`: of each device only the first, as it alone shares less
/// with the one before than `$3`, the length of the beginning in bytes.
macro_rules! terms {
    ($mask:literal) => {
        concat!(
            kinds!(),
            " cross join device_terms t
            where ($",
            $mask,
            " >> k.n) & 1 = 1 and t.term >= k.p || $1 and t.term < k.p || $2 and t.shared < $3"
        )
    };
}

/// In the order in which they lie on the disk, so that no page of it is looked for twice.
macro_rules! having {
    ($key:expr) => {
        concat!(
            "from (select cell, locked_until, terms, ",
            $key,
            " from (select device from (select t.device from ",
            terms!("16"),
            " limit $4) w order by device) t
            cross join device_list l where l.sequence = t.device limit $4) f
        where locked_until > $5
          and ($6 = '%' or terms like $6 escape '\\') and ($7 = '%' or terms like $7 escape '\\')
          and ($8 = '%' or terms like $8 escape '\\') and ($9 = '%' or terms like $9 escape '\\')
          and ",
            admitted!()
        )
    };
}

/// Devices that have a word between `$1` and `$2`, those of `$4` words at most, and how many they are; `$3` is the length of
/// the word in bytes, `$5` the time that locks end after, `$6` to `$9` patterns of the other words, `$10` to `$15` the
/// filter, `$16` the set of kinds; `$17` and `$18` what the group is found by, `$19` to `$21` group, tag and sequence of the
/// place to go on after, `$22` the limit, `$23` what else is sorted by. Each is looked up once, for what it is sorted by; only
/// those of the page are read as a whole.
macro_rules! found {
    ($key:literal, $bounds:literal, $order:literal) => {
        concat!(
            "with f as materialized (select cell, ",
            $key,
            " ",
            having!($key),
            ") select ",
            columns!(),
            ", (select count(*) from f) from (select sequence as at from f where (cell / $17 % $18, ",
            $key,
            ") ",
            $bounds,
            " order by ",
            $order,
            " limit $22) p
            cross join device_list l where l.sequence = p.at order by ",
            $order
        )
    };
}

macro_rules! sixty_four {
    () => {
        "in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
            $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48,
            $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64)"
    };
}

/// What a device's row of the list is made of, and the row as it is.
macro_rules! facts {
    ($which:expr) => {
        concat!("
        select d.id, d.os_type, d.asset_tag, d.asset_tag_norm, d.created, d.enroll_status, d.owner, d.source_origin,
               d.profile, d.last_authenticated,
               (select c.tier from credentials c where c.device_id = d.id
                order by c.last_used desc, c.created desc, c.id limit 1),
               (select r.data from collected r where r.device_id = d.id
                order by r.recorded desc, r.sequence desc limit 1),
               (select max(coalesce(k.expires, 9223372036854775807)) from locks k where k.target_device = d.id),
               l.sequence, l.cell, l.tag, l.model, l.owner, l.seen, l.stale_from, l.locked_until, l.asset_tag,
               l.model_shown, l.serial, l.other_users, l.terms
        from devices d left join device_list l on l.device_id = d.id
        where d.id ", $which)
    };
}

macro_rules! users {
    ($which:expr) => {
        concat!(
            "select device_id, user_name from device_users where device_id ",
            $which,
            "
        order by device_id, added, user_name"
        )
    };
}

statements! {
    TAG_UP_1 = scan_1!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_16 = scan_16!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_32 = scan_32!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_64 = scan_64!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_STOP_16 = stop_16!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_STOP_32 = stop_32!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_STOP_64 = stop_64!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_ALL = all!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_ALL_STOP = all_stop!("tag, sequence", "> ($1, $2)",
        "tag, sequence");
    TAG_UP_FOUND = found!("tag, sequence", "> ($19, $20, $21)",
        "cell / $17 % $18, tag, sequence");
    TAG_DOWN_1 = scan_1!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_16 = scan_16!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_32 = scan_32!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_64 = scan_64!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_STOP_16 = stop_16!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_STOP_32 = stop_32!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_STOP_64 = stop_64!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_ALL = all!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_ALL_STOP = all_stop!("tag, sequence", "< ($1, $2)",
        "tag desc, sequence desc");
    TAG_DOWN_FOUND = found!("tag, sequence", "< ($19, $20, $21)",
        "cell / $17 % $18 desc, tag desc, sequence desc");
    MODEL_UP_1 = scan_1!("model, tag, sequence", "> ($11, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_16 = scan_16!("model, tag, sequence", "> ($26, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_32 = scan_32!("model, tag, sequence", "> ($42, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_64 = scan_64!("model, tag, sequence", "> ($74, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_STOP_16 = stop_16!("model, tag, sequence", "> ($20, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_STOP_32 = stop_32!("model, tag, sequence", "> ($36, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_STOP_64 = stop_64!("model, tag, sequence", "> ($68, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_ALL = all!("model, tag, sequence", "> ($19, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_ALL_STOP = all_stop!("model, tag, sequence", "> ($4, $1, $2)",
        "model, tag, sequence");
    MODEL_UP_FOUND = found!("model, tag, sequence", "> ($19, $23, $20, $21)",
        "cell / $17 % $18, model, tag, sequence");
    MODEL_DOWN_1 = scan_1!("model, tag, sequence", "< ($11, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_16 = scan_16!("model, tag, sequence", "< ($26, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_32 = scan_32!("model, tag, sequence", "< ($42, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_64 = scan_64!("model, tag, sequence", "< ($74, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_STOP_16 = stop_16!("model, tag, sequence", "< ($20, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_STOP_32 = stop_32!("model, tag, sequence", "< ($36, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_STOP_64 = stop_64!("model, tag, sequence", "< ($68, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_ALL = all!("model, tag, sequence", "< ($19, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_ALL_STOP = all_stop!("model, tag, sequence", "< ($4, $1, $2)",
        "model desc, tag desc, sequence desc");
    MODEL_DOWN_FOUND = found!("model, tag, sequence", "< ($19, $23, $20, $21)",
        "cell / $17 % $18 desc, model desc, tag desc, sequence desc");
    OWNER_UP_1 = scan_1!("owner, tag, sequence", "> ($11, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_16 = scan_16!("owner, tag, sequence", "> ($26, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_32 = scan_32!("owner, tag, sequence", "> ($42, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_64 = scan_64!("owner, tag, sequence", "> ($74, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_STOP_16 = stop_16!("owner, tag, sequence", "> ($20, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_STOP_32 = stop_32!("owner, tag, sequence", "> ($36, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_STOP_64 = stop_64!("owner, tag, sequence", "> ($68, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_ALL = all!("owner, tag, sequence", "> ($19, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_ALL_STOP = all_stop!("owner, tag, sequence", "> ($4, $1, $2)",
        "owner, tag, sequence");
    OWNER_UP_FOUND = found!("owner, tag, sequence", "> ($19, $23, $20, $21)",
        "cell / $17 % $18, owner, tag, sequence");
    OWNER_DOWN_1 = scan_1!("owner, tag, sequence", "< ($11, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_16 = scan_16!("owner, tag, sequence", "< ($26, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_32 = scan_32!("owner, tag, sequence", "< ($42, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_64 = scan_64!("owner, tag, sequence", "< ($74, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_STOP_16 = stop_16!("owner, tag, sequence", "< ($20, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_STOP_32 = stop_32!("owner, tag, sequence", "< ($36, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_STOP_64 = stop_64!("owner, tag, sequence", "< ($68, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_ALL = all!("owner, tag, sequence", "< ($19, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_ALL_STOP = all_stop!("owner, tag, sequence", "< ($4, $1, $2)",
        "owner desc, tag desc, sequence desc");
    OWNER_DOWN_FOUND = found!("owner, tag, sequence", "< ($19, $23, $20, $21)",
        "cell / $17 % $18 desc, owner desc, tag desc, sequence desc");
    SEEN_UP_1 = scan_1!("seen, tag, sequence", "> ($11, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_16 = scan_16!("seen, tag, sequence", "> ($26, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_32 = scan_32!("seen, tag, sequence", "> ($42, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_64 = scan_64!("seen, tag, sequence", "> ($74, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_STOP_16 = stop_16!("seen, tag, sequence", "> ($20, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_STOP_32 = stop_32!("seen, tag, sequence", "> ($36, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_STOP_64 = stop_64!("seen, tag, sequence", "> ($68, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_ALL = all!("seen, tag, sequence", "> ($19, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_ALL_STOP = all_stop!("seen, tag, sequence", "> ($4, $1, $2)",
        "seen, tag, sequence");
    SEEN_UP_FOUND = found!("seen, tag, sequence", "> ($19, $23, $20, $21)",
        "cell / $17 % $18, seen, tag, sequence");
    SEEN_DOWN_1 = scan_1!("seen, tag, sequence", "< ($11, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_16 = scan_16!("seen, tag, sequence", "< ($26, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_32 = scan_32!("seen, tag, sequence", "< ($42, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_64 = scan_64!("seen, tag, sequence", "< ($74, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_STOP_16 = stop_16!("seen, tag, sequence", "< ($20, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_STOP_32 = stop_32!("seen, tag, sequence", "< ($36, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_STOP_64 = stop_64!("seen, tag, sequence", "< ($68, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_ALL = all!("seen, tag, sequence", "< ($19, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_ALL_STOP = all_stop!("seen, tag, sequence", "< ($4, $1, $2)",
        "seen desc, tag desc, sequence desc");
    SEEN_DOWN_FOUND = found!("seen, tag, sequence", "< ($19, $23, $20, $21)",
        "cell / $17 % $18 desc, seen desc, tag desc, sequence desc");

    COUNT_FOUND = concat!("select count(*) ", having!("sequence"));
    /// Of each kind in the set `$5`, devices with a word between `$1` and `$2`, `$3` bytes long, counted no further than `$4`.
    COUNT_KINDS = concat!("
        select cast(n as bigint), (select count(*)
                   from (select 1 from device_terms
                         where term >= p || $1 and term < p || $2 and shared < $3 limit $4) t)
        from ", kinds!(), " where ($5 >> n) & 1 = 1");
    /// All of them, counted no further than `$4`.
    COUNT_WORD = concat!("select count(*) from (select 1 from ", terms!("5"), " limit $4) w");
    LISTED_DEVICE = concat!("select ", columns!(), " from device_list where device_id = $1");

    CELL_COUNTS = "select cell, devices from device_counts where devices > 0 order by cell";
    ADD_CELL_COUNT = "
        insert into device_counts (cell, devices) values ($1, $2)
        on conflict (cell) do update set devices = device_counts.devices + excluded.devices";
    CELLS_OF_ENDED_LOCKS = "
        select cell from device_list where locked_until > 0 and locked_until <= $1 order by locked_until limit $2";
    /// A row that somebody changes meanwhile is looked at again, hence the second condition.
    TURN_STALE = "
        update device_list set cell = cell + $3, stale_from = $4
        where stale_from <= $1
          and sequence in (select sequence from device_list where stale_from <= $1 order by stale_from limit $2)
        returning cell";
    FORGET_LOCKS = "
        update device_list set cell = cell - $3, locked_until = 0
        where locked_until > 0 and locked_until <= $1
          and sequence in (
            select sequence from device_list where locked_until > 0 and locked_until <= $1
            order by locked_until limit $2)
        returning cell";

    DAILY_COUNTS = "
        select day, detail, count from daily_counts where kind = $1 and day >= $2 order by kind, day, detail";
    ADD_DAILY_COUNT = "
        insert into daily_counts (day, kind, detail, count) values ($1, $2, $3, $4)
        on conflict (kind, day, detail) do update set count = daily_counts.count + excluded.count";
    PUT_DAILY_COUNT = "
        insert into daily_counts (day, kind, detail, count) values ($1, $2, $3, $4)
        on conflict (kind, day, detail) do update set count = excluded.count";

    FACTS_OF_DEVICE = facts!("= $1");
    /// What is not asked for is null, which equals nothing.
    FACTS_OF_DEVICES = facts!(sixty_four!());
    USERS_OF_DEVICE = users!("= $1");
    USERS_OF_DEVICES = users!(sixty_four!());
    INSERT_LISTED = "
        insert into device_list (device_id, cell, tag, model, owner, seen, stale_from, locked_until, asset_tag,
                                 model_shown, serial, other_users, terms)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (device_id) do nothing returning sequence";
    /// `$2` is the cell that was read.
    TOUCH_LISTED = "update device_list set seen = $3, stale_from = $4 where sequence = $1 and cell = $2";
    UPDATE_LISTED = "
        update device_list
        set cell = $3, tag = $4, model = $5, owner = $6, seen = $7, stale_from = $8, locked_until = $9, asset_tag = $10,
            model_shown = $11, serial = $12, other_users = $13, terms = $14
        where sequence = $1 and cell = $2";
    INSERT_TERM = "
        insert into device_terms (device, term, shared) values ($1, $2, $3) on conflict do nothing";
    INSERT_TERMS = "
        insert into device_terms (device, term, shared)
        values
            ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12), ($13, $14, $15),
            ($16, $17, $18), ($19, $20, $21), ($22, $23, $24), ($25, $26, $27), ($28, $29, $30),
            ($31, $32, $33), ($34, $35, $36), ($37, $38, $39), ($40, $41, $42), ($43, $44, $45),
            ($46, $47, $48), ($49, $50, $51), ($52, $53, $54), ($55, $56, $57), ($58, $59, $60),
            ($61, $62, $63), ($64, $65, $66), ($67, $68, $69), ($70, $71, $72), ($73, $74, $75),
            ($76, $77, $78), ($79, $80, $81), ($82, $83, $84), ($85, $86, $87), ($88, $89, $90),
            ($91, $92, $93), ($94, $95, $96)
        on conflict do nothing";
    DELETE_TERM = "delete from device_terms where term = $1 and device = $2";
    /// A device that goes: what it was listed by.
    LISTED_TERMS = "select sequence, cell, tag, model, owner, terms from device_list where device_id = $1";
    UNLISTED_DEVICES = "select id from devices where listed = 0 order by id limit $1";
    MARK_LISTED = "update devices set listed = 1 where id = $1";
}
