//! Going through a list in its order.
//!
//! There are two ways. The whole list is one index: good where most of what stands there belongs to the part that is
//! asked for. The cells are sorted each: merged they hold nothing else, but merging many costs much.

use gatehouse_domain::entity::{ListPart, ListPlace, ListRequest, ListedDevice, MAX_SEARCH_WORDS};
use gatehouse_domain::ports::store::Stored;

use super::super::Unit;
use super::place::{before_all, precedes, push_key};
use super::search::{locks_end_after, parts, patterns};
use super::statements::statements;
use super::{LISTED, limit_of};
use crate::executor::Executor;
use crate::sql::listing as sql;
use crate::value::{Value, values};

/// Devices that one scan looks at, where they may not match.
const MOST_LOOKED_AT: i64 = 1500;
/// Where at least one device of so many belongs to the part, the whole list is gone through.
const WORTH_LOOKING: i64 = 8;
/// The same for searches by words: each device that is looked at is compared with them, so it had better belong to the part.
const WORTH_COMPARING: i64 = 2;

/// A cell that the filter admits, and how many devices it has.
pub(super) type CellCount = (i64, i64);

/// A group of cells, the devices of which follow each other in the list.
struct Group<'a> {
    number: i64,
    cells: &'a [CellCount],
    /// Devices of the whole list, if looking at all of them may be worth it.
    total: Option<i64>,
}

impl Group<'_> {
    fn devices(&self) -> i64 {
        self.cells.iter().map(|(_, devices)| devices).sum()
    }

    fn is_whole(&self) -> bool {
        self.total == Some(self.devices())
    }

    /// A place within the group; the statements know nothing of groups.
    fn settle(&self, place: &mut ListPlace, request: &ListRequest<'_>) {
        if request.order.part().1 > 1 {
            place.number = self.number;
        }
    }

    /// The whole list is worth a look.
    fn is_large(&self, words: &[&str]) -> bool {
        let worth = if words.is_empty() { WORTH_LOOKING } else { WORTH_COMPARING };
        self.cells.len() > 1 && self.total.is_some_and(|total| self.devices().saturating_mul(worth) >= total)
    }
}

impl<E: Executor> Unit<E> {
    /// Goes through the list, group by group; by all of its `total` devices, where that is worth it.
    pub(super) async fn scanned(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        mut cells: Vec<CellCount>,
        total: Option<i64>,
    ) -> Stored<ListPart> {
        let order = request.order;
        let of_cells = order.part().1 > 1;
        let group_of = |cell: &CellCount| order.group(cell.0);
        cells.sort_by_key(group_of);
        let mut groups: Vec<&[CellCount]> = cells.chunk_by(|a, b| group_of(a) == group_of(b)).collect();
        if request.descending {
            groups.reverse();
        }
        let mut part = ListPart::default();
        for cells in groups {
            let group = Group { number: cells.first().map_or(0, group_of), cells, total };
            let mut from = before_all(request.descending);
            if let Some(after) = &request.after {
                let ahead = ListPlace { number: group.number, ..before_all(!request.descending) };
                if of_cells && precedes(&ahead, after, request.descending) {
                    continue;
                }
                if !of_cells || after.number == group.number {
                    from = after.clone();
                }
            }
            let missing = request.limit - part.devices.len();
            let more = self.scan(request, words, &group, &from, missing).await?;
            part.devices.extend(more.devices);
            part.stopped_at = more.stopped_at;
            if part.stopped_at.is_some() || part.devices.len() >= request.limit {
                break;
            }
        }
        Ok(part)
    }

    async fn scan(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        group: &Group<'_>,
        from: &ListPlace,
        limit: usize,
    ) -> Stored<ListPart> {
        if group.is_large(words) {
            let devices = self.through_all(request, words, group, from, limit).await?;
            if devices.len() >= limit {
                return Ok(ListPart { devices, ..ListPart::default() });
            }
            // Without words, what the whole list does not show soon, the cells do.
            if !words.is_empty() || group.is_whole() {
                let mut stopped_at = self.stop_of_all(request, words, from).await?;
                if let Some(place) = &mut stopped_at {
                    group.settle(place, request);
                }
                return Ok(ListPart { devices, stopped_at, ..ListPart::default() });
            }
        }
        self.through_cells(request, words, group, from, limit).await
    }

    /// Goes through the whole list.
    async fn through_all(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        group: &Group<'_>,
        from: &ListPlace,
        limit: usize,
    ) -> Stored<Vec<ListedDevice>> {
        let statements = statements(request.order, request.descending);
        let may_miss = may_miss(request, words) || !group.is_whole();
        let patterns = patterns(words);
        let [os, status, tier, origin, stale, locked] = parts(&request.filter);
        let (divisor, count) = request.order.part();
        let mut values = scan_values(request, from, may_miss, &patterns, limit);
        values.extend_from_slice(values![
            os,
            status,
            tier,
            origin,
            stale,
            locked,
            divisor,
            count,
            group.number
        ]);
        push_key(&mut values, statements.by, from);
        self.on.all(statements.whole, &values, LISTED).await
    }

    /// The place at which going through the whole list stopped, if it may have missed what matches.
    async fn stop_of_all(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        from: &ListPlace,
    ) -> Stored<Option<ListPlace>> {
        if !may_miss(request, words) {
            return Ok(None);
        }
        let statements = statements(request.order, request.descending);
        let mut values = values![&from.tag, from.sequence, MOST_LOOKED_AT - 1].to_vec();
        push_key(&mut values, statements.by, from);
        self.on.optional(statements.whole_stop, &values, statements.read_stop).await
    }

    /// Goes through cells of one group, merged.
    async fn through_cells(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        group: &Group<'_>,
        from: &ListPlace,
        limit: usize,
    ) -> Stored<ListPart> {
        let statements = statements(request.order, request.descending);
        let may_miss = may_miss(request, words);
        let patterns = patterns(words);
        let precede = |a: &ListPlace, b: &ListPlace| precedes(a, b, request.descending);
        let [.., largest] = sql::CELLS_AT_ONCE;
        let mut part = ListPart::default();
        for some in group.cells.chunks(largest) {
            let size_of =
                |sizes: &[usize]| sizes.iter().position(|size| some.len() <= *size).unwrap_or_default();
            let size = size_of(&sql::CELLS_AT_ONCE);
            let mut values = scan_values(request, from, may_miss, &patterns, limit);
            push_cells(&mut values, some, sql::CELLS_AT_ONCE[size]);
            push_key(&mut values, statements.by, from);
            let found = self.on.all(statements.merged[size], &values, LISTED).await?;
            let is_full = found.len() >= limit;
            part.devices.extend(found);
            if may_miss && !is_full {
                let mut values = values![&from.tag, from.sequence, MOST_LOOKED_AT - 1].to_vec();
                let size = size_of(&sql::CELLS_TO_STOP_IN);
                push_cells(&mut values, some, sql::CELLS_TO_STOP_IN[size]);
                push_key(&mut values, statements.by, from);
                let stop =
                    self.on.optional(statements.merged_stop[size], &values, statements.read_stop).await?;
                part.stopped_at = match (part.stopped_at, stop) {
                    (Some(a), Some(b)) => Some(if precede(&a, &b) { a } else { b }),
                    (a, b) => a.or(b),
                };
            }
        }
        if let Some(place) = &mut part.stopped_at {
            group.settle(place, request);
        }
        Ok(in_order(part, request, limit))
    }
}

/// Each device once, in the order of the list, as far as all who stand there were looked at: what one statement found beyond
/// that may have neighbours that another has not found.
pub(super) fn in_order(mut part: ListPart, request: &ListRequest<'_>, limit: usize) -> ListPart {
    let place = |device: &ListedDevice| device.place(request.order);
    part.devices.sort_by_cached_key(place);
    part.devices.dedup_by_key(|device| device.sequence);
    if request.descending {
        part.devices.reverse();
    }
    if let Some(stop) = &part.stopped_at {
        part.devices.retain(|device| !precedes(stop, &place(device), request.descending));
    }
    if part.devices.len() >= limit {
        part.devices.truncate(limit);
        part.stopped_at = None;
    }
    part
}

/// Devices are passed over that the statement cannot leave out by its index.
fn may_miss(request: &ListRequest<'_>, words: &[&str]) -> bool {
    !words.is_empty() || request.filter.locked
}

/// What every scan takes: `$1` to `$9`.
fn scan_values<'v>(
    request: &ListRequest<'_>,
    from: &'v ListPlace,
    may_miss: bool,
    patterns: &'v [String; MAX_SEARCH_WORDS],
    limit: usize,
) -> Vec<Value<'v>> {
    let looked_at = if may_miss { MOST_LOOKED_AT } else { limit_of(limit) };
    let [first, second, third, fourth] = patterns;
    values![
        &from.tag,
        from.sequence,
        looked_at,
        locks_end_after(&request.filter, request.now),
        first,
        second,
        third,
        fourth,
        limit_of(limit),
    ]
    .to_vec()
}

fn push_cells(values: &mut Vec<Value<'_>>, cells: &[CellCount], size: usize) {
    let no_cell = -1;
    let padded = cells.iter().map(|(cell, _)| *cell).chain(std::iter::repeat(no_cell));
    values.extend(padded.take(size).map(Value::from));
}
