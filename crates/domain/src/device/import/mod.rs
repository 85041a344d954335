//! Devices from files: a list is read, judged and shown; what is confirmed is registered batch by batch.

mod cell;
mod draft;
mod encoding;
mod error;
mod run;
mod sheet;

use std::sync::Arc;

use tokio::sync::Notify;

pub use cell::{inert_cell, plain_cell};
pub(in crate::device) use encoding::decode;
pub use error::{ImportError, SheetError};
pub use sheet::{IMPORT_TEMPLATE, MAX_IMPORT_BYTES, MAX_IMPORT_LINES, Sheet};
pub(in crate::device) use sheet::{LineCount, delimiter};

use super::Inventory;
use crate::Core;
use crate::authz::{CreateDevices, Grant};
use crate::entity::{DeviceImport, IMPORT_CHUNK, ImportLine, LineVerdict};
use crate::ports::UnitOfWork;

/// How long a list waits to be confirmed, in seconds.
pub const IMPORT_DRAFT_SECS: i64 = 3600;
/// How long an import is shown after it was confirmed or has ended, in seconds.
const KEPT_SECS: i64 = 7 * 86_400;
/// Most imports that a user's list shows.
const MAX_SHOWN: i64 = 10;

/// Imports of devices from files.
pub struct Imports {
    core: Arc<Core>,
    inventory: Inventory,
    /// Wakes whoever carries imports out.
    confirmed: Notify,
}

impl Imports {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { inventory: Inventory::new(Arc::clone(&core)), core, confirmed: Notify::new() }
    }

    /// An import of the caller's.
    ///
    /// # Errors
    /// There is none of this id, or it is somebody else's.
    pub async fn get(&self, grant: &Grant<CreateDevices>, id: &str) -> Result<DeviceImport, ImportError> {
        own(self.core.read().await?.as_mut(), grant, id).await
    }

    /// The caller's latest imports, newest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(&self, grant: &Grant<CreateDevices>) -> Result<Vec<DeviceImport>, ImportError> {
        Ok(self.core.read().await?.imports_of_user(&grant.by().user, MAX_SHOWN).await?)
    }

    /// A page of an import's lines: [`IMPORT_CHUNK`] of one verdict, from page 0. With how many pages there are.
    ///
    /// # Errors
    /// As [`Imports::get`]; a page beyond the last is the last.
    pub async fn lines(
        &self,
        grant: &Grant<CreateDevices>,
        id: &str,
        verdict: LineVerdict,
        page: i64,
    ) -> Result<ImportLines, ImportError> {
        let mut work = self.core.read().await?;
        let import = own(work.as_mut(), grant, id).await?;
        let pages = pages(import.contents.count(verdict));
        let page = page.clamp(0, (pages - 1).max(0));
        let chunk = work.import_chunk(id, verdict, page).await?;
        Ok(ImportLines { import, lines: chunk.map(|chunk| chunk.lines).unwrap_or_default(), page, pages })
    }

    /// All of an import as a table: what each line was found to be, and what came of it.
    ///
    /// # Errors
    /// As [`Imports::get`].
    pub async fn report(&self, grant: &Grant<CreateDevices>, id: &str) -> Result<String, ImportError> {
        let mut work = self.core.read().await?;
        let import = own(work.as_mut(), grant, id).await?;
        let mut lines: Vec<(LineVerdict, ImportLine)> = Vec::new();
        for verdict in LineVerdict::ALL {
            for place in 0..pages(import.contents.count(verdict)) {
                if let Some(chunk) = work.import_chunk(id, verdict, place).await? {
                    lines.extend(chunk.lines.into_iter().map(|line| (verdict, line)));
                }
            }
        }
        lines.sort_by_key(|(_, line)| line.line);
        Ok(written(&lines))
    }

    /// Forgets a list that was not confirmed.
    ///
    /// # Errors
    /// There is none: it is confirmed, expired, or somebody else's.
    pub async fn discard(&self, grant: &Grant<CreateDevices>, id: &str) -> Result<(), ImportError> {
        let mut work = self.core.begin().await?;
        if !work.discard_import(id, &grant.by().user).await? {
            return Err(ImportError::NotFound);
        }
        Ok(work.commit().await?)
    }
}

/// A page of lines of one verdict.
#[derive(Clone, Debug)]
pub struct ImportLines {
    pub import: DeviceImport,
    pub lines: Vec<ImportLine>,
    /// From 0.
    pub page: i64,
    pub pages: i64,
}

fn pages(lines: i64) -> i64 {
    let size = i64::try_from(IMPORT_CHUNK).unwrap_or(i64::MAX);
    lines.div_euclid(size) + i64::from(lines.rem_euclid(size) > 0)
}

async fn own(
    work: &mut dyn UnitOfWork,
    grant: &Grant<CreateDevices>,
    id: &str,
) -> Result<DeviceImport, ImportError> {
    let import = work.import(id).await?.ok_or(ImportError::NotFound)?;
    if import.user == grant.by().user { Ok(import) } else { Err(ImportError::NotFound) }
}

/// The report's text; what looks like a formula is text in it.
fn written(lines: &[(LineVerdict, ImportLine)]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let header =
        ["line", "os_type", "asset_tag", "owner", "model", "source", "result", "device_id", "remark"];
    // Writing to memory cannot fail; what could, leaves the line out.
    let _ = writer.write_record(header);
    for (verdict, line) in lines {
        let result = match (&line.device_id, verdict, line.problem.is_empty()) {
            (Some(_), _, _) => "registered",
            (None, LineVerdict::Fresh, false) => "not registered",
            (None, verdict, _) => verdict.as_str(),
        };
        let number = line.line.to_string();
        let cells = [
            number.as_str(),
            &line.os,
            &line.tag,
            &line.owner,
            &line.model,
            &line.source,
            result,
            line.device_id.as_deref().unwrap_or_default(),
            &line.problem,
        ];
        let _ = writer.write_record(cells.map(|cell| inert_cell(cell).into_owned()));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted() {
        assert_eq!([0, 1, 100, 101, 100_000].map(pages), [0, 1, 1, 2, 1000]);
    }

    #[test]
    fn formulas_stay_text_in_reports() {
        let line = |number, tag: &str| ImportLine {
            line: number,
            os: "linux".to_owned(),
            tag: tag.to_owned(),
            ..ImportLine::default()
        };
        let registered = ImportLine { device_id: Some("d1".to_owned()), ..line(3, "a\"b,c") };
        let refused = ImportLine { problem: "somebody was faster".to_owned(), ..line(4, "X") };
        let lines = [
            (LineVerdict::Fresh, line(2, "=cmd()")),
            (LineVerdict::Fresh, registered),
            (LineVerdict::Fresh, refused),
            (LineVerdict::Existing, line(5, "@SUM(A1)")),
        ];
        assert_eq!(
            written(&lines),
            "line,os_type,asset_tag,owner,model,source,result,device_id,remark\r\n\
             2,linux,'=cmd(),,,,new,,\r\n\
             3,linux,\"a\"\"b,c\",,,,registered,d1,\r\n\
             4,linux,X,,,,not registered,,somebody was faster\r\n\
             5,linux,'@SUM(A1),,,,existing,,\r\n"
        );
    }
}
