//! TPMs that are announced before their devices arrive: a list that an administrator gives, in place of a token each.

mod name;
mod sheet;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gatehouse_model::{ErrorKind, clean_label};
use serde_json::json;

pub(crate) use name::{issuer_key, serial_key};
pub use sheet::{MAX_SHIP_AHEAD_BYTES, MAX_SHIP_AHEAD_LINES, SHIP_AHEAD_TEMPLATE, ShipAheadSheetError};

use crate::audit::EventKind;
use crate::authz::{AnnounceTpms, CreateDevices, Grant, ListDevices};
use crate::entity::{AnnouncedTpm, ShipAhead, ShipAheadCursor};
use crate::ports::{StoreError, UnitOfWork};
use crate::{Core, Decision};

/// Most problems that are told of one file.
const MAX_TOLD: usize = 100;
const MAX_PAGE: i64 = 1000;

/// The list of announced TPMs.
pub struct ShipAheads {
    core: Arc<Core>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShipAheadImport {
    /// TPMs that are announced by it.
    pub added: usize,
    /// Announced before, left as they are.
    pub known: usize,
    /// Lines that hold nothing of use; with any, nothing is announced.
    pub wrong: usize,
    /// The first of those, by line.
    pub problems: Vec<(u64, String)>,
}

/// Why a list cannot be imported or changed.
#[derive(Debug, thiserror::Error)]
pub enum ShipAheadError {
    #[error(transparent)]
    Sheet(#[from] ShipAheadSheetError),
    #[error("no announced TPM \"{0}\"")]
    NotFound(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for ShipAheadError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Sheet(_) => ErrorKind::InvalidInput,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Sheet(_) => "ship_ahead_list",
            Self::NotFound(_) => "ship_ahead_not_found",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Sheet(_) => Some(
                "a list is CSV; its first row names the columns: ek_sha256, or serial and issuer, and if you like mode, owner, \
                 asset_tag and note"
                    .to_owned(),
            ),
            Self::NotFound(_) => Some("`tctl devices ship-ahead ls` lists them".to_owned()),
            Self::Store(_) => None,
        }
    }
}

/// A line that announces a TPM.
struct Announced {
    line: u64,
    row: ShipAhead,
}

impl ShipAheads {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Announces the TPMs of a CSV file, all of them or none; with `dry_run` it only says what would be done. A device with
    /// such a TPM is registered and enrolled by its own word: it takes the rights to do both.
    ///
    /// # Errors
    /// The file is no such list; storage. Lines that are wrong are no error, but part of the answer.
    pub async fn import(
        &self,
        grant: &Grant<AnnounceTpms>,
        _registers: &Grant<CreateDevices>,
        csv: &[u8],
        dry_run: bool,
    ) -> Result<ShipAheadImport, ShipAheadError> {
        let mut outcome = ShipAheadImport::default();
        let mut announced = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        for (line, read) in sheet::parse(csv)? {
            let row = match read {
                Ok(read) => read.row(self.core.new_id(), &grant.by().user, self.core.now()),
                Err(problem) => {
                    outcome.wrong(line, problem);
                    continue;
                }
            };
            if let Some(first) = seen.insert(tpm_key(&row.tpm), line) {
                outcome.wrong(line, format!("the TPM of line {first} again"));
                continue;
            }
            announced.push(Announced { line, row });
        }
        let mut work = if dry_run { self.core.read().await? } else { self.core.begin().await? };
        self.check_owners(work.as_mut(), &announced, &mut outcome).await?;
        for Announced { row, .. } in &announced {
            if is_known(work.as_mut(), &row.tpm).await? {
                outcome.known += 1;
            } else {
                outcome.added += 1;
            }
        }
        outcome.problems.sort();
        outcome.problems.truncate(MAX_TOLD);
        if outcome.wrong > 0 {
            outcome.added = 0;
            return Ok(outcome);
        }
        if dry_run {
            return Ok(outcome);
        }
        (outcome.added, outcome.known) = (0, 0);
        for Announced { row, .. } in &announced {
            if work.insert_ship_ahead(row).await? {
                outcome.added += 1;
            } else {
                outcome.known += 1;
            }
        }
        if outcome.added == 0 {
            return Ok(outcome);
        }
        let facts = json!({"added": outcome.added, "known": outcome.known});
        let event = self.core.event(EventKind::SHIP_AHEAD_IMPORT, grant.by()).with_details(facts);
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(outcome)
    }

    async fn check_owners(
        &self,
        work: &mut dyn UnitOfWork,
        announced: &[Announced],
        outcome: &mut ShipAheadImport,
    ) -> Result<(), StoreError> {
        let (mut known, mut unknown) = (HashSet::new(), HashSet::new());
        for Announced { line, row } in announced {
            let Some(owner) = row.owner.as_deref() else { continue };
            if !known.contains(owner) && !unknown.contains(owner) {
                let is_user = work.user(owner).await?.is_some();
                if is_user {
                    known.insert(owner)
                } else {
                    unknown.insert(owner)
                };
            }
            if unknown.contains(owner) {
                outcome.wrong(*line, format!("there is no user \"{}\"", clean_label(owner)));
            }
        }
        Ok(())
    }

    /// Announced TPMs, newest first, and where the next page begins.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListDevices>,
        before: Option<&ShipAheadCursor>,
        size: i64,
    ) -> Result<(Vec<ShipAhead>, Option<ShipAheadCursor>), ShipAheadError> {
        let size = size.clamp(1, MAX_PAGE);
        let mut rows = self.core.read().await?.ship_aheads(before, size + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|len| len > size);
        rows.truncate(usize::try_from(size).unwrap_or_default());
        let next = rows.last().filter(|_| more);
        let next = next.map(|last| ShipAheadCursor { created: last.created, id: last.id.clone() });
        Ok((rows, next))
    }

    /// Takes an announcement back. A device that was enrolled by it stays.
    ///
    /// # Errors
    /// There is none such.
    pub async fn remove(&self, grant: &Grant<AnnounceTpms>, id: &str) -> Result<(), ShipAheadError> {
        let mut work = self.core.begin().await?;
        if !work.delete_ship_ahead(id).await? {
            return Err(ShipAheadError::NotFound(clean_label(id)));
        }
        work.append_event(&self.core.event(EventKind::SHIP_AHEAD_DELETE, grant.by()).about(id)).await?;
        Ok(work.commit().await?)
    }
}

impl ShipAheadImport {
    fn wrong(&mut self, line: u64, problem: String) {
        self.wrong += 1;
        if self.problems.len() < MAX_TOLD {
            self.problems.push((line, problem));
        }
    }
}

fn tpm_key(tpm: &AnnouncedTpm) -> String {
    match tpm {
        AnnouncedTpm::Ek(ek) => hex::encode(ek),
        AnnouncedTpm::Certificate { serial, issuer_key, .. } => format!("{serial} {issuer_key}"),
    }
}

async fn is_known(work: &mut dyn UnitOfWork, tpm: &AnnouncedTpm) -> Result<bool, StoreError> {
    let found = match tpm {
        AnnouncedTpm::Ek(ek) => work.ship_ahead_by_ek(ek).await?,
        AnnouncedTpm::Certificate { serial, issuer_key, .. } => {
            work.ship_ahead_by_certificate(serial, issuer_key).await?
        }
    };
    Ok(found.is_some())
}
