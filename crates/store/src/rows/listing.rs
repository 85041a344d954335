//! The inventory as it is listed: reading it. [`upkeep`] keeps it right.

mod upkeep;

use async_trait::async_trait;
use gatehouse_domain::entity::{
    Cell, DailyCount, ListCount, ListFilter, ListOrder, ListPart, ListPlace, ListRequest, ListedDevice,
    MAX_SEARCH_WORDS, SortKeys,
};
use gatehouse_domain::ports::store::{ListingRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Columns, Decode, NUMBER};
use crate::executor::Executor;
use crate::sql::listing as sql;
use crate::value::{Value, values};
pub(crate) use upkeep::Touched;

/// Devices that one scan looks at, where they may not match.
const MOST_LOOKED_AT: i64 = 3000;
/// The planners know nothing of it: a text after any other.
const AFTER_ALL: &str = "\u{10FFFF}\u{10FFFF}\u{10FFFF}";

const LISTED: Decode<ListedDevice> = Decode {
    entity: "listed device",
    read: |columns| {
        Ok(ListedDevice {
            sequence: columns.int()?,
            device_id: columns.text()?,
            cell: cell(columns)?,
            asset_tag: columns.text()?,
            model: columns.text()?,
            serial: columns.text()?,
            owner: columns.text()?,
            other_users: columns.int()?,
            last_authenticated: unless_zero(columns)?,
            locked_until: unless_zero(columns)?,
            keys: SortKeys { tag: columns.text()?, model: columns.text()? },
        })
    },
};

const STOP_BY_TAG: Decode<ListPlace> = Decode {
    entity: "place in a list",
    read: |columns| {
        let (tag, sequence) = (columns.text()?, columns.int()?);
        Ok(ListPlace { number: 0, text: String::new(), tag, sequence })
    },
};

const STOP_BY_TEXT: Decode<ListPlace> = Decode {
    entity: "place in a list",
    read: |columns| {
        let (tag, sequence, text) = (columns.text()?, columns.int()?, columns.text()?);
        Ok(ListPlace { number: 0, text, tag, sequence })
    },
};

const STOP_BY_NUMBER: Decode<ListPlace> = Decode {
    entity: "place in a list",
    read: |columns| {
        let (tag, sequence, number) = (columns.text()?, columns.int()?, columns.int()?);
        Ok(ListPlace { number, text: String::new(), tag, sequence })
    },
};

const CELL: Decode<Cell> = Decode { entity: "listed device", read: cell };

const CELL_COUNT: Decode<(Cell, i64)> =
    Decode { entity: "count of a cell", read: |columns| Ok((cell(columns)?, columns.int()?)) };

const DAILY: Decode<DailyCount> = Decode {
    entity: "count of a day",
    read: |columns| Ok(DailyCount { day: columns.int()?, detail: columns.text()?, count: columns.int()? }),
};

fn cell(columns: &mut dyn Columns) -> Stored<Cell> {
    let number = columns.int()?;
    Cell::from_number(number).ok_or_else(|| columns.corrupt())
}

fn unless_zero(columns: &mut dyn Columns) -> Stored<Option<Timestamp>> {
    Ok(Some(columns.int()?).filter(|micros| *micros != 0).map(Timestamp::from_micros))
}

/// The statements of one order and direction.
struct Statements {
    /// By [`sql::CELLS_AT_ONCE`].
    scans: [&'static str; 3],
    stop: &'static str,
    found: &'static str,
    read_stop: Decode<ListPlace>,
    by: By,
}

/// What is sorted by beside the tag.
#[derive(Clone, Copy)]
enum By {
    Nothing,
    Text,
    Number,
}

macro_rules! statements {
    ($one:ident $eight:ident $sixty_four:ident $stop:ident $found:ident $read_stop:ident $by:ident) => {
        Statements {
            scans: [sql::$one, sql::$eight, sql::$sixty_four],
            stop: sql::$stop,
            found: sql::$found,
            read_stop: $read_stop,
            by: By::$by,
        }
    };
}

fn statements(order: ListOrder, descending: bool) -> Statements {
    match (order, descending) {
        (ListOrder::Model, false) => {
            statements!(MODEL_UP_1 MODEL_UP_8 MODEL_UP_64 MODEL_UP_STOP MODEL_UP_FOUND STOP_BY_TEXT Text)
        }
        (ListOrder::Model, true) => {
            statements!(MODEL_DOWN_1 MODEL_DOWN_8 MODEL_DOWN_64 MODEL_DOWN_STOP MODEL_DOWN_FOUND STOP_BY_TEXT Text)
        }
        (ListOrder::Owner, false) => {
            statements!(OWNER_UP_1 OWNER_UP_8 OWNER_UP_64 OWNER_UP_STOP OWNER_UP_FOUND STOP_BY_TEXT Text)
        }
        (ListOrder::Owner, true) => {
            statements!(OWNER_DOWN_1 OWNER_DOWN_8 OWNER_DOWN_64 OWNER_DOWN_STOP OWNER_DOWN_FOUND STOP_BY_TEXT Text)
        }
        (ListOrder::Seen, false) => {
            statements!(SEEN_UP_1 SEEN_UP_8 SEEN_UP_64 SEEN_UP_STOP SEEN_UP_FOUND STOP_BY_NUMBER Number)
        }
        (ListOrder::Seen, true) => {
            statements!(SEEN_DOWN_1 SEEN_DOWN_8 SEEN_DOWN_64 SEEN_DOWN_STOP SEEN_DOWN_FOUND STOP_BY_NUMBER Number)
        }
        (_, false) => {
            statements!(TAG_UP_1 TAG_UP_8 TAG_UP_64 TAG_UP_STOP TAG_UP_FOUND STOP_BY_TAG Nothing)
        }
        (_, true) => {
            statements!(TAG_DOWN_1 TAG_DOWN_8 TAG_DOWN_64 TAG_DOWN_STOP TAG_DOWN_FOUND STOP_BY_TAG Nothing)
        }
    }
}

/// What comes before every device in this direction.
fn before_all(descending: bool) -> ListPlace {
    let (number, text) = if descending { (i64::MAX, AFTER_ALL) } else { (-1, "") };
    ListPlace { number, text: text.to_owned(), tag: text.to_owned(), sequence: number }
}

/// `a` comes before `b` in this direction.
fn precedes(a: &ListPlace, b: &ListPlace, descending: bool) -> bool {
    if descending { a > b } else { a < b }
}

/// The words of a search, the rarest first.
struct Search<'a> {
    words: Vec<&'a str>,
    /// Devices that have the rarest, counted up to a limit.
    rarest: i64,
    /// Whether it is worth to look at every device that has the rarest word.
    is_narrow: bool,
}

/// Every word stands after a space in the column.
fn pattern(word: &str) -> String {
    let mut pattern = "% ".to_owned();
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn patterns(words: &[&str]) -> [String; MAX_SEARCH_WORDS] {
    std::array::from_fn(|index| words.get(index).map_or_else(|| "%".to_owned(), |word| pattern(word)))
}

/// All that begins with the word lies between it and this.
fn end_of(word: &str) -> String {
    format!("{word}\u{10FFFF}")
}

fn length_of(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Beyond so many devices of `total` that have a word, going through the list until the page is full looks at fewer devices
/// than sorting all of them: both look at this many.
fn narrow_limit(total: i64) -> i64 {
    (51 * total.max(0)).isqrt().clamp(1000, 10_000)
}

/// The parts of the filter as [`sql::COUNT_FOUND`] takes them.
fn parts(filter: &ListFilter) -> [Option<i64>; 6] {
    [
        filter.os.map(|os| i64::from(os.number()) - 1),
        filter.status.map(|status| status as i64 - 1),
        filter.tier.map(|tier| tier.map_or(0, |tier| tier as i64 + 1)),
        filter.origin.map(|origin| origin.map_or(0, |origin| origin as i64)),
        filter.stale.then_some(1),
        filter.locked.then_some(1),
    ]
}

/// Every device's lock ends after this.
const NO_LOCK_NEEDED: i64 = -1;

fn locks_end_after(filter: &ListFilter, now: Timestamp) -> i64 {
    if filter.locked { now.micros() } else { NO_LOCK_NEEDED }
}

impl<E: Executor> Unit<E> {
    async fn search<'a>(&mut self, words: &'a [String], total: i64) -> Stored<Search<'a>> {
        let most = narrow_limit(total);
        let mut counted = Vec::with_capacity(words.len());
        for word in words {
            let end = end_of(word);
            let values = values![word, &end, length_of(word), ListCount::MOST + 1];
            let count = self.0.optional(sql::COUNT_WORD, values, NUMBER).await?.unwrap_or_default();
            counted.push((count, word.as_str()));
        }
        counted.sort_by_key(|(count, _)| *count);
        let rarest = counted.first().map_or(i64::MAX, |(count, _)| *count);
        let words = counted.into_iter().map(|(_, word)| word).take(MAX_SEARCH_WORDS).collect();
        Ok(Search { words, rarest, is_narrow: rarest <= most })
    }

    /// Of every cell that holds devices and that the filter admits.
    async fn admitted(&mut self, filter: &ListFilter) -> Stored<(Vec<i64>, i64)> {
        let counts = self.0.all(sql::CELL_COUNTS, values![], CELL_COUNT).await?;
        let total = counts.iter().map(|(_, devices)| devices).sum();
        let admitted = counts.into_iter().filter(|(cell, _)| filter.admits(*cell));
        Ok((admitted.map(|(cell, _)| cell.number()).collect(), total))
    }

    /// All devices with the rarest word, as far as they match, sorted.
    async fn found(&mut self, request: &ListRequest<'_>, search: &Search<'_>) -> Stored<ListPart> {
        let statements = statements(request.order, request.descending);
        let place = request.after.clone().unwrap_or_else(|| before_all(request.descending));
        let (divisor, count) = request.order.part();
        // For the order by time, the place's number is not the group's, of which there is one.
        let group = match statements.by {
            By::Number | By::Text if request.after.is_some() => 0,
            By::Number | By::Text | By::Nothing => place.number,
        };
        let (first, rest) = search.words.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let (end, patterns) = (end_of(first), patterns(rest));
        let [os, status, tier, origin, stale, locked] = parts(&request.filter);
        let mut values = values![
            first,
            &end,
            length_of(first),
            ListCount::MOST,
            locks_end_after(&request.filter, request.now),
            &patterns[0],
            &patterns[1],
            &patterns[2],
            &patterns[3],
            os,
            status,
            tier,
            origin,
            stale,
            locked,
            divisor,
            count,
            group,
            &place.tag,
            place.sequence,
            limit_of(request.limit),
        ]
        .to_vec();
        push_key(&mut values, statements.by, &place);
        let devices = self.0.all(statements.found, &values, LISTED).await?;
        Ok(ListPart { devices, stopped_at: None })
    }

    /// Goes through the list, group by group.
    async fn scanned(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        mut cells: Vec<i64>,
    ) -> Stored<ListPart> {
        let order = request.order;
        let of_cells = order.part().1 > 1;
        cells.sort_by_key(|cell| order.group(*cell));
        let mut groups: Vec<&[i64]> = cells.chunk_by(|a, b| order.group(*a) == order.group(*b)).collect();
        if request.descending {
            groups.reverse();
        }
        let mut part = ListPart { devices: Vec::new(), stopped_at: None };
        for cells in groups {
            let group = cells.first().map_or(0, |cell| order.group(*cell));
            let mut from = before_all(request.descending);
            if let Some(after) = &request.after {
                let ahead = ListPlace { number: group, ..before_all(!request.descending) };
                if of_cells && precedes(&ahead, after, request.descending) {
                    continue;
                }
                if !of_cells || after.number == group {
                    from = after.clone();
                }
            }
            let missing = request.limit - part.devices.len();
            let more = self.scan(request, words, cells, &from, missing).await?;
            part.devices.extend(more.devices);
            if let Some(mut place) = more.stopped_at {
                if of_cells {
                    place.number = group;
                }
                part.stopped_at = Some(place);
                break;
            }
            if part.devices.len() >= request.limit {
                break;
            }
        }
        Ok(part)
    }

    /// Goes through cells of one group, merged.
    async fn scan(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        cells: &[i64],
        from: &ListPlace,
        limit: usize,
    ) -> Stored<ListPart> {
        let statements = statements(request.order, request.descending);
        let may_miss = !words.is_empty() || request.filter.locked;
        let looked_at = if may_miss { MOST_LOOKED_AT } else { limit_of(limit) };
        let patterns = patterns(words);
        let precede = |a: &ListPlace, b: &ListPlace| precedes(a, b, request.descending);
        let [.., largest] = sql::CELLS_AT_ONCE;
        let mut part = ListPart { devices: Vec::new(), stopped_at: None };
        for some in cells.chunks(largest) {
            let size = sql::CELLS_AT_ONCE.iter().position(|size| some.len() <= *size).unwrap_or_default();
            let mut values = values![
                &from.tag,
                from.sequence,
                looked_at,
                locks_end_after(&request.filter, request.now),
                &patterns[0],
                &patterns[1],
                &patterns[2],
                &patterns[3],
                limit_of(limit),
            ]
            .to_vec();
            push_cells(&mut values, some, sql::CELLS_AT_ONCE[size]);
            push_key(&mut values, statements.by, from);
            let found = self.0.all(statements.scans[size], &values, LISTED).await?;
            let is_full = found.len() >= limit;
            part.devices.extend(found);
            if may_miss && !is_full {
                let mut values = values![&from.tag, from.sequence, MOST_LOOKED_AT - 1].to_vec();
                push_cells(&mut values, some, largest);
                push_key(&mut values, statements.by, from);
                let stop = self.0.optional(statements.stop, &values, statements.read_stop).await?;
                part.stopped_at = match (part.stopped_at, stop) {
                    (Some(a), Some(b)) => Some(if precede(&a, &b) { a } else { b }),
                    (a, b) => a.or(b),
                };
            }
        }
        if cells.len() > largest {
            part.devices.sort_by_cached_key(|device| device.place(request.order));
            if request.descending {
                part.devices.reverse();
            }
        }
        if let Some(stop) = &part.stopped_at {
            // What another statement found beyond the place may have neighbours that nobody has looked at. The stop knows
            // nothing of groups.
            part.devices.retain(|device| {
                let mut place = device.place(request.order);
                place.number = if matches!(statements.by, By::Number) { place.number } else { 0 };
                !precede(stop, &place)
            });
        }
        if part.devices.len() >= limit {
            part.devices.truncate(limit);
            part.stopped_at = None;
        }
        Ok(part)
    }
}

fn push_cells(values: &mut Vec<Value<'_>>, cells: &[i64], size: usize) {
    let no_cell = -1;
    let padded = cells.iter().copied().chain(std::iter::repeat(no_cell));
    values.extend(padded.take(size).map(Value::from));
}

fn push_key<'v>(values: &mut Vec<Value<'v>>, by: By, place: &'v ListPlace) {
    match by {
        By::Nothing => {}
        By::Text => values.push(Value::from(&place.text)),
        By::Number => values.push(Value::from(place.number)),
    }
}

#[async_trait]
impl<E: Executor> ListingRows for Unit<E> {
    async fn listed(&mut self, request: &ListRequest<'_>) -> Stored<ListPart> {
        if let Some(settings) = E::DIALECT.for_lists {
            self.0.execute(settings, values![]).await?;
        }
        let (cells, total) = self.admitted(&request.filter).await?;
        if request.words.is_empty() {
            return self.scanned(request, &[], cells).await;
        }
        let search = self.search(request.words, total).await?;
        if search.is_narrow {
            self.found(request, &search).await
        } else {
            self.scanned(request, &search.words, cells).await
        }
    }

    async fn count_listed(
        &mut self,
        filter: &ListFilter,
        words: &[String],
        now: Timestamp,
    ) -> Stored<ListCount> {
        if let Some(settings) = E::DIALECT.for_lists {
            self.0.execute(settings, values![]).await?;
        }
        if words.is_empty() {
            let counts = self.0.all(sql::CELL_COUNTS, values![], CELL_COUNT).await?;
            let admitted = counts.iter().filter(|(cell, _)| filter.admits(*cell));
            let mut sum: i64 = admitted.map(|(_, devices)| devices).sum();
            if filter.locked {
                let values = values![now, ListCount::MOST + 1];
                let ended = self.0.all(sql::CELLS_OF_ENDED_LOCKS, values, CELL).await?;
                let ended = ended.into_iter().filter(|cell| filter.admits(*cell)).count();
                sum -= limit_of(ended);
            }
            return Ok(ListCount::of(sum.max(0)));
        }
        let (_, total) = self.admitted(filter).await?;
        let search = self.search(words, total).await?;
        if let [_] = *search.words
            && filter.is_empty()
        {
            return Ok(ListCount::of(search.rarest));
        }
        if !search.is_narrow {
            return Ok(ListCount::Many);
        }
        let (first, rest) = search.words.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let (end, patterns) = (end_of(first), patterns(rest));
        let [os, status, tier, origin, stale, locked] = parts(filter);
        let values = values![
            first,
            &end,
            length_of(first),
            ListCount::MOST,
            locks_end_after(filter, now),
            &patterns[0],
            &patterns[1],
            &patterns[2],
            &patterns[3],
            os,
            status,
            tier,
            origin,
            stale,
            locked,
        ];
        let count = self.0.optional(sql::COUNT_FOUND, values, NUMBER).await?;
        Ok(ListCount::of(count.unwrap_or_default()))
    }

    async fn listed_device(&mut self, device_id: &str) -> Stored<Option<ListedDevice>> {
        self.0.optional(sql::LISTED_DEVICE, values![device_id], LISTED).await
    }

    async fn cell_counts(&mut self) -> Stored<Vec<(Cell, i64)>> {
        self.0.all(sql::CELL_COUNTS, values![], CELL_COUNT).await
    }

    async fn turn_stale(&mut self, now: Timestamp, limit: i64) -> Stored<i64> {
        let values = values![now, limit, Cell::STALE, i64::MAX];
        let cells = self.0.all(sql::TURN_STALE, values, NUMBER).await?;
        for cell in &cells {
            self.2.moved(Some(cell - Cell::STALE), Some(*cell));
        }
        Ok(limit_of(cells.len()))
    }

    async fn forget_ended_locks(&mut self, now: Timestamp, limit: i64) -> Stored<i64> {
        let cells = self.0.all(sql::FORGET_LOCKS, values![now, limit, Cell::LOCKED], NUMBER).await?;
        for cell in &cells {
            self.2.moved(Some(cell + Cell::LOCKED), Some(*cell));
        }
        Ok(limit_of(cells.len()))
    }

    async fn daily_counts(&mut self, kind: &str, from_day: i64) -> Stored<Vec<DailyCount>> {
        self.0.all(sql::DAILY_COUNTS, values![kind, from_day], DAILY).await
    }

    async fn put_daily_count(&mut self, kind: &str, count: &DailyCount) -> Stored<()> {
        let values = values![count.day, kind, &count.detail, count.count];
        self.0.execute(sql::PUT_DAILY_COUNT, values).await?;
        Ok(())
    }
}
