//! Keeps the list right: before a unit of work commits, every device that it touched is listed anew from what is stored
//! of it. So no method has to know what its change means for the list.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use gatehouse_domain::device::{Findable, normalised};
use gatehouse_domain::entity::{Cell, DeviceProfile, STALE_SECS};
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::{
    AssetTag, AttestationTier, CollectedData, DeviceOrigin, EnrollStatus, OsType, Timestamp, clean_label,
};

use super::super::Unit;
use super::terms::{Named, Terms};
use crate::decode::{Columns, Decode, NUMBER, TEXT};
use crate::executor::{Executor, Statement};
use crate::sql::listing as sql;
use crate::value::{Value, values};

/// What a unit of work has to bring up to date before it commits. Rows that many write are written last, in one order,
/// so that units of work wait for each other shortly and never in a circle.
#[derive(Default)]
pub(crate) struct Touched {
    devices: BTreeSet<String>,
    cells: BTreeMap<i64, i64>,
    days: BTreeMap<(String, i64, String), i64>,
}

impl Touched {
    /// What is shown of the device may have changed.
    pub(crate) fn device(&mut self, id: &str) {
        if !self.devices.contains(id) {
            self.devices.insert(id.to_owned());
        }
    }

    /// Something happened that is counted by day.
    pub(crate) fn happened(&mut self, kind: &str, time: Timestamp, detail: &str) {
        let day = time.secs().div_euclid(86_400);
        *self.days.entry((kind.to_owned(), day, detail.to_owned())).or_default() += 1;
    }

    /// A device went from one cell to another.
    pub(super) fn moved(&mut self, from: Option<i64>, to: Option<i64>) {
        for (cell, change) in [(from, -1), (to, 1)] {
            if let Some(cell) = cell {
                *self.cells.entry(cell).or_default() += change;
            }
        }
    }
}

/// A row of the list, but for its key and the device's id.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    cell: i64,
    tag: String,
    model: String,
    owner: String,
    seen: i64,
    stale_from: i64,
    locked_until: i64,
    asset_tag: String,
    model_shown: String,
    serial: String,
    other_users: i64,
    terms: String,
}

/// What is stored of a device.
struct Facts {
    id: String,
    os: OsType,
    asset_tag: AssetTag,
    tag: String,
    created: Timestamp,
    status: EnrollStatus,
    owner: Option<String>,
    origin: Option<DeviceOrigin>,
    profile: Option<DeviceProfile>,
    last_authenticated: Option<Timestamp>,
    tier: Option<AttestationTier>,
    collected: Option<CollectedData>,
    locked_until: Option<i64>,
    listed: Option<(i64, Row)>,
}

const FACTS: Decode<Facts> = Decode {
    entity: "device",
    read: |columns| {
        Ok(Facts {
            id: columns.text()?,
            os: columns.os()?,
            asset_tag: AssetTag::from_stored(columns.text()?),
            tag: columns.text()?,
            created: columns.time()?,
            status: columns.numbered(|number| {
                [EnrollStatus::NotEnrolled, EnrollStatus::Enrolled].into_iter().find(|s| *s as i32 == number)
            })?,
            owner: columns.maybe_text()?,
            origin: columns.maybe_text()?.and_then(|origin| origin.parse().ok()),
            profile: columns.maybe_json()?,
            last_authenticated: columns.maybe_time()?,
            tier: columns
                .maybe_int()?
                .and_then(|tier| i32::try_from(tier).ok())
                .and_then(AttestationTier::from_number),
            collected: columns.maybe_json()?,
            locked_until: columns.maybe_int()?,
            listed: match columns.maybe_int()? {
                Some(sequence) => Some((sequence, row(columns)?)),
                None => None,
            },
        })
    },
};

const DEVICE_AND_USER: Decode<(String, String)> =
    Decode { entity: "user of a device", read: |columns| Ok((columns.text()?, columns.text()?)) };

/// A device that goes: sequence, cell and terms.
const LISTED_TERMS: Decode<(i64, i64, Terms)> = Decode {
    entity: "listed device",
    read: |columns| {
        let (sequence, cell) = (columns.int()?, columns.int()?);
        let [tag, model, owner, words] = [columns.text()?, columns.text()?, columns.text()?, columns.text()?];
        let named = Named { cell, tag: &tag, model: &model, owner: &owner, words: &words };
        Ok((sequence, cell, named.terms()))
    },
};

fn row(columns: &mut dyn Columns) -> Stored<Row> {
    Ok(Row {
        cell: columns.int()?,
        tag: columns.text()?,
        model: columns.text()?,
        owner: columns.text()?,
        seen: columns.int()?,
        stale_from: columns.int()?,
        locked_until: columns.int()?,
        asset_tag: columns.text()?,
        model_shown: columns.text()?,
        serial: columns.text()?,
        other_users: columns.int()?,
        terms: columns.text()?,
    })
}

impl Row {
    fn named(&self) -> Named<'_> {
        let Self { cell, tag, model, owner, terms: words, .. } = self;
        Named { cell: *cell, tag, model, owner, words }
    }
}

impl Facts {
    /// The row that the device should have. Whether it is stale is known of the row there is, unless the device was seen
    /// since: that time passes is for the upkeep to notice.
    fn row(&self, users: &[String]) -> Row {
        let collected = self.collected.as_ref();
        let told = |told: fn(&CollectedData) -> &str| collected.map(told).unwrap_or_default();
        let mdm = self.profile.as_ref().map_or("", |profile| &profile.model_identifier);
        let model =
            Some(told(|data| &data.model_identifier)).filter(|model| !model.is_empty()).unwrap_or(mdm);
        let model_shown = clean_label(model);
        let serials = [
            told(|data| &data.system_serial_number),
            told(|data| &data.serial_number),
            told(|data| &data.base_board_serial_number),
            told(|data| &data.reported_asset_tag),
        ];
        let usable = |serial: &&str| AssetTag::try_from(*serial).is_ok();
        let owner = self.owner.as_ref().or(users.first()).cloned().unwrap_or_default();
        let others = users.iter().filter(|user| **user != owner).count();

        let seen = self.last_authenticated.map_or(0, Timestamp::micros);
        let known_since = self.last_authenticated.unwrap_or(self.created);
        let was_stale = self.listed.as_ref().is_some_and(|(_, row)| {
            row.stale_from == i64::MAX && row.seen == seen && row.cell / Cell::STALE % 2 == 1
        });
        let cell = Cell {
            os: self.os,
            status: self.status,
            tier: self.tier,
            origin: self.origin,
            stale: was_stale,
            locked: self.locked_until.is_some(),
        };
        let serial = serials.into_iter().find(usable).map(clean_label).unwrap_or_default();
        let words = {
            let labels = [self.asset_tag.as_str(), &model_shown]
                .into_iter()
                .chain(serials.into_iter().filter(usable))
                .collect();
            let users = users.iter().map(String::as_str).chain([owner.as_str()]).collect();
            Findable { id: &self.id, labels, users }.words()
        };
        Row {
            cell: cell.number(),
            tag: self.tag.clone(),
            model: normalised(&model_shown),
            seen,
            stale_from: if was_stale { i64::MAX } else { known_since.plus_secs(STALE_SECS).micros() },
            locked_until: self.locked_until.unwrap_or_default(),
            asset_tag: self.asset_tag.to_string(),
            serial,
            other_users: i64::try_from(others).unwrap_or(i64::MAX),
            terms: words.iter().flat_map(|word| [" ", word]).collect(),
            model_shown: model_shown.clone(),
            owner,
        }
    }
}

/// Terms to be inserted.
#[derive(Default)]
struct NewTerms(Vec<(i64, String, i64)>);

impl<E: Executor> Unit<E> {
    /// Brings up to date what hangs on the changes of this unit of work.
    pub(crate) async fn settle(&mut self) -> Stored<()> {
        let devices: Vec<String> = take(&mut self.touched.devices).into_iter().collect();
        let mut new = NewTerms::default();
        for some in devices.chunks(sql::DEVICES_AT_ONCE) {
            // A row that the upkeep changed meanwhile is read again.
            let mut waiting = some.to_vec();
            while !waiting.is_empty() {
                waiting = self.relist(&waiting, &mut new).await?;
            }
        }
        self.insert_terms(&new).await?;
        for ((kind, day, detail), count) in take(&mut self.touched.days) {
            self.on.change(sql::ADD_DAILY_COUNT, values![day, &kind, &detail, count]).await?;
        }
        for (cell, change) in take(&mut self.touched.cells) {
            if change != 0 {
                self.on.change(sql::ADD_CELL_COUNT, values![cell, change]).await?;
            }
        }
        Ok(())
    }

    async fn facts(
        &mut self,
        facts: &'static str,
        users: &'static str,
        values: &[Value<'_>],
    ) -> Stored<(Vec<Facts>, Vec<(String, String)>)> {
        let statements = [Statement { sql: facts, values }, Statement { sql: users, values }];
        let mut answers = self.on.run(&statements).await?.into_iter();
        Ok((E::every(answers.next(), &FACTS)?, E::every(answers.next(), &DEVICE_AND_USER)?))
    }

    /// Lists devices anew; answers with those that somebody else was changing.
    async fn relist(&mut self, ids: &[String], new: &mut NewTerms) -> Stored<Vec<String>> {
        if ids.len() > 1 {
            self.on.takes_long();
        }
        let (facts, users) = match ids {
            [id] => self.facts(sql::FACTS_OF_DEVICE, sql::USERS_OF_DEVICE, values![id]).await?,
            ids => {
                let mut values = [Value::Text(None); sql::DEVICES_AT_ONCE];
                for (value, id) in values.iter_mut().zip(ids) {
                    *value = Value::from(id);
                }
                self.facts(sql::FACTS_OF_DEVICES, sql::USERS_OF_DEVICES, &values).await?
            }
        };
        let mut users_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (device, user) in users {
            users_of.entry(device).or_default().push(user);
        }
        let mut again = Vec::new();
        for facts in facts {
            let users = users_of.remove(&facts.id).unwrap_or_default();
            let row = facts.row(&users);
            let is_done = match &facts.listed {
                None => self.list(&facts.id, &row, new).await?,
                Some((_, before)) if *before == row => true,
                Some((sequence, before)) => self.change(*sequence, before, &row, new).await?,
            };
            if !is_done {
                again.push(facts.id);
            }
        }
        Ok(again)
    }

    async fn list(&mut self, device_id: &str, row: &Row, new: &mut NewTerms) -> Stored<bool> {
        let values = values![
            device_id,
            row.cell,
            &row.tag,
            &row.model,
            &row.owner,
            row.seen,
            row.stale_from,
            row.locked_until,
            &row.asset_tag,
            &row.model_shown,
            &row.serial,
            row.other_users,
            &row.terms,
        ];
        let Some(sequence) = self.on.optional(sql::INSERT_LISTED, values, NUMBER).await? else {
            return Ok(false);
        };
        self.touched.moved(None, Some(row.cell));
        new.0.extend(row.named().terms().into_iter().map(|(term, shared)| (sequence, term, shared)));
        Ok(true)
    }

    async fn change(&mut self, sequence: i64, before: &Row, row: &Row, new: &mut NewTerms) -> Stored<bool> {
        let only_seen = Row { seen: row.seen, stale_from: row.stale_from, ..before.clone() } == *row;
        let is_done = if only_seen {
            let values = values![sequence, before.cell, row.seen, row.stale_from];
            self.change_as_read(sql::TOUCH_LISTED, values).await?
        } else {
            let values = values![
                sequence,
                before.cell,
                row.cell,
                &row.tag,
                &row.model,
                &row.owner,
                row.seen,
                row.stale_from,
                row.locked_until,
                &row.asset_tag,
                &row.model_shown,
                &row.serial,
                row.other_users,
                &row.terms,
            ];
            self.change_as_read(sql::UPDATE_LISTED, values).await?
        };
        if !is_done {
            return Ok(false);
        }
        if before.cell != row.cell {
            self.touched.moved(Some(before.cell), Some(row.cell));
        }
        if before.named() != row.named() {
            let (old, wanted) = (before.named().terms(), row.named().terms());
            for (term, _) in old.difference(&wanted) {
                self.on.change(sql::DELETE_TERM, values![term, sequence]).await?;
            }
            let added = wanted.difference(&old);
            new.0.extend(added.map(|(term, shared)| (sequence, term.clone(), *shared)));
        }
        Ok(true)
    }

    /// A change of a row that applies only while the row is as it was read; answers with whether it was.
    async fn change_as_read(&mut self, sql: &'static str, values: &[Value<'_>]) -> Stored<bool> {
        if E::DIALECT.writes_alone {
            self.on.change(sql, values).await?;
            return Ok(true);
        }
        Ok(self.on.execute(sql, values).await? > 0)
    }

    async fn insert_terms(&mut self, new: &NewTerms) -> Stored<()> {
        let mut chunks = new.0.chunks_exact(sql::TERMS_AT_ONCE);
        for many in chunks.by_ref() {
            let values: Vec<Value<'_>> = many
                .iter()
                .flat_map(|(device, term, shared)| {
                    [Value::from(*device), Value::from(term), Value::from(*shared)]
                })
                .collect();
            self.on.change(sql::INSERT_TERMS, &values).await?;
        }
        for (device, term, shared) in chunks.remainder() {
            self.on.change(sql::INSERT_TERM, values![*device, term, *shared]).await?;
        }
        Ok(())
    }

    /// Takes a device that is about to be deleted off the list; its row goes with the device.
    pub(crate) async fn unlist(&mut self, device_id: &str) -> Stored<()> {
        self.touched.devices.remove(device_id);
        let listed = self.on.optional(sql::LISTED_TERMS, values![device_id], LISTED_TERMS).await?;
        if let Some((sequence, cell, terms)) = listed {
            for (term, _) in terms {
                self.on.change(sql::DELETE_TERM, values![&term, sequence]).await?;
            }
            self.touched.moved(Some(cell), None);
        }
        Ok(())
    }

    /// Lists devices that an earlier release has made; answers with how many there were.
    pub(crate) async fn list_unlisted(&mut self, limit: i64) -> Stored<usize> {
        self.on.takes_long();
        let ids = self.on.all(sql::UNLISTED_DEVICES, values![limit], TEXT).await?;
        for id in &ids {
            self.on.execute(sql::MARK_LISTED, values![id]).await?;
            self.touched.device(id);
        }
        Ok(ids.len())
    }
}
