//! The inventory as it is listed: reading it. [`upkeep`] keeps it right.

mod beside;
mod common_words;
mod place;
mod scan;
mod search;
mod statements;
mod terms;
mod upkeep;
mod words;

use async_trait::async_trait;
use gatehouse_domain::entity::{
    Cell, DailyCount, ListCount, ListFilter, ListPart, ListRequest, ListedDevice, SortKeys,
};
use gatehouse_domain::ports::store::{ListingRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Columns, Decode, NUMBER};
use crate::executor::Executor;
use crate::sql::listing as sql;
use crate::value::values;
pub(crate) use common_words::CommonWords;
use scan::CellCount;
use terms::Kinds;
pub(crate) use upkeep::Touched;

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

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl<E: Executor> Unit<E> {
    /// Of every cell that holds devices and that the filter admits; and all devices.
    async fn admitted(&mut self, filter: &ListFilter) -> Stored<(Vec<CellCount>, i64)> {
        let counts = self.on.all(sql::CELL_COUNTS, values![], CELL_COUNT).await?;
        let total = counts.iter().map(|(_, devices)| devices).sum();
        let admitted = counts.into_iter().filter(|(cell, _)| filter.admits(*cell));
        Ok((admitted.map(|(cell, devices)| (cell.number(), devices)).collect(), total))
    }

    /// How many devices of these cells a list without words holds.
    async fn count_in_cells(
        &mut self,
        filter: &ListFilter,
        cells: &[CellCount],
        now: Timestamp,
    ) -> Stored<ListCount> {
        let mut sum: i64 = cells.iter().map(|(_, devices)| devices).sum();
        if filter.locked {
            let values = values![now, ListCount::MOST + 1];
            let ended = self.on.all(sql::CELLS_OF_ENDED_LOCKS, values, CELL).await?;
            let ended = ended.into_iter().filter(|cell| filter.admits(*cell)).count();
            sum -= limit_of(ended);
        }
        Ok(ListCount::of(sum.max(0)))
    }
}

/// What the first page shows is all there is.
fn all_of(request: &ListRequest<'_>, part: &ListPart) -> Option<ListCount> {
    let is_all = request.after.is_none() && part.stopped_at.is_none() && part.devices.len() < request.limit;
    is_all.then(|| ListCount::of(limit_of(part.devices.len())))
}

#[async_trait]
impl<E: Executor> ListingRows for Unit<E> {
    async fn listed(&mut self, request: &ListRequest<'_>) -> Stored<ListPart> {
        self.on.takes_long();
        let (cells, total) = self.admitted(&request.filter).await?;
        if request.words.is_empty() {
            let mut part = self.scanned(request, &[], cells.clone(), Some(total)).await?;
            if request.counted {
                part.count = Some(match all_of(request, &part) {
                    Some(count) => count,
                    None => self.count_in_cells(&request.filter, &cells, request.now).await?,
                });
            }
            return Ok(part);
        }
        let kinds = cells.iter().map(|(cell, _)| Kinds::of_cell(*cell)).collect();
        let search = self.search(request.words, kinds, total).await?;
        let mut part = self.searched(request, &search, &cells, total).await?;
        // What a search for a rare word finds is counted with it.
        if request.counted && part.count.is_none() {
            part.count = Some(match all_of(request, &part) {
                Some(count) => count,
                None => self.count_found(&request.filter, &search, request.now).await?,
            });
        }
        Ok(part)
    }

    async fn listed_device(&mut self, device_id: &str) -> Stored<Option<ListedDevice>> {
        self.on.optional(sql::LISTED_DEVICE, values![device_id], LISTED).await
    }

    async fn cell_counts(&mut self) -> Stored<Vec<(Cell, i64)>> {
        self.on.all(sql::CELL_COUNTS, values![], CELL_COUNT).await
    }

    async fn turn_stale(&mut self, now: Timestamp, limit: i64) -> Stored<i64> {
        self.on.takes_long();
        let values = values![now, limit, Cell::STALE, i64::MAX];
        let cells = self.on.all(sql::TURN_STALE, values, NUMBER).await?;
        for cell in &cells {
            self.touched.moved(Some(cell - Cell::STALE), Some(*cell));
        }
        Ok(limit_of(cells.len()))
    }

    async fn forget_ended_locks(&mut self, now: Timestamp, limit: i64) -> Stored<i64> {
        let cells = self.on.all(sql::FORGET_LOCKS, values![now, limit, Cell::LOCKED], NUMBER).await?;
        for cell in &cells {
            self.touched.moved(Some(cell + Cell::LOCKED), Some(*cell));
        }
        Ok(limit_of(cells.len()))
    }

    async fn daily_counts(&mut self, kind: &str, from_day: i64) -> Stored<Vec<DailyCount>> {
        self.on.all(sql::DAILY_COUNTS, values![kind, from_day], DAILY).await
    }

    async fn put_daily_count(&mut self, kind: &str, count: &DailyCount) -> Stored<()> {
        let values = values![count.day, kind, &count.detail, count.count];
        self.on.execute(sql::PUT_DAILY_COUNT, values).await?;
        Ok(())
    }
}
