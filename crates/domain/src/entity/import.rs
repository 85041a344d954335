use gatehouse_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authz::Attribution;

/// Lines of one chunk: a page of the preview, and a unit of work of the import.
pub const IMPORT_CHUNK: usize = 100;

/// A list of devices that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceImport {
    /// UUID.
    pub id: String,
    /// Whose it is; nobody else sees it.
    pub user: String,
    pub file_name: String,
    pub state: ImportState,
    pub created: Timestamp,
    /// When it is deleted, unless it is running then.
    pub expires: Timestamp,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// Who confirmed it.
    pub confirmed: Option<Attribution>,
    pub contents: ImportContents,
    pub progress: ImportProgress,
    /// Why it ended before its end; empty otherwise.
    pub error: String,
}

/// Where an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Nothing has been written.
    Draft,
    Running,
    Done,
    /// Given up; what was written before stays.
    Failed,
}

impl ImportState {
    pub const ALL: [Self; 4] = [Self::Draft, Self::Running, Self::Done, Self::Failed];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportContents {
    pub fresh: i64,
    pub existing: i64,
    pub duplicate: i64,
    pub bad_tag: i64,
    pub unknown_os: i64,
    pub wrong: i64,
    /// Columns that mean nothing here.
    pub unused_columns: Vec<String>,
    /// As people name it: `UTF-8`.
    pub encoding: String,
}

impl ImportContents {
    /// Lines with this verdict.
    #[must_use]
    pub const fn count(&self, verdict: LineVerdict) -> i64 {
        match verdict {
            LineVerdict::Fresh => self.fresh,
            LineVerdict::Existing => self.existing,
            LineVerdict::Duplicate => self.duplicate,
            LineVerdict::BadTag => self.bad_tag,
            LineVerdict::UnknownOs => self.unknown_os,
            LineVerdict::Wrong => self.wrong,
        }
    }

    /// All lines.
    #[must_use]
    pub fn total(&self) -> i64 {
        LineVerdict::ALL.into_iter().map(|verdict| self.count(verdict)).sum()
    }

    pub(crate) fn add(&mut self, verdict: LineVerdict) {
        *match verdict {
            LineVerdict::Fresh => &mut self.fresh,
            LineVerdict::Existing => &mut self.existing,
            LineVerdict::Duplicate => &mut self.duplicate,
            LineVerdict::BadTag => &mut self.bad_tag,
            LineVerdict::UnknownOs => &mut self.unknown_os,
            LineVerdict::Wrong => &mut self.wrong,
        } += 1;
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Lines that were new in the preview and have been dealt with.
    pub handled: i64,
    pub registered: i64,
    /// Devices that somebody else had registered by then.
    pub appeared: i64,
    pub failed: i64,
}

/// What a line of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineVerdict {
    /// Will be registered.
    Fresh,
    /// In the inventory already.
    Existing,
    /// An earlier line names the same device.
    Duplicate,
    BadTag,
    UnknownOs,
    /// Cells missing or left over, or an owner who does not exist.
    Wrong,
}

impl LineVerdict {
    pub const ALL: [Self; 6] =
        [Self::Fresh, Self::Existing, Self::Duplicate, Self::BadTag, Self::UnknownOs, Self::Wrong];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "new",
            Self::Existing => "existing",
            Self::Duplicate => "duplicate",
            Self::BadTag => "bad-tag",
            Self::UnknownOs => "unknown-os",
            Self::Wrong => "wrong",
        }
    }
}

/// A line of a file, as it will be or was dealt with. All text is safe to print.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// In the file, from 1; that of its beginning where a cell holds line breaks.
    #[serde(rename = "l")]
    pub line: u64,
    /// In the spelling of resources, or as the file has it where that is unknown.
    #[serde(rename = "o")]
    pub os: String,
    #[serde(rename = "t")]
    pub tag: String,
    #[serde(rename = "w", default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    #[serde(rename = "m", default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// What is wrong with it, or why it was not registered in the end.
    #[serde(rename = "p", default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// The device that came of it.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// Lines of one verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportChunk {
    pub verdict: LineVerdict,
    /// From 0, within the verdict.
    pub place: i64,
    pub lines: Vec<ImportLine>,
    /// When its devices were registered.
    pub done: Option<Timestamp>,
}
