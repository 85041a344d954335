//! The inventory of devices and the tokens that enrol them.

mod bulk;
mod change;
mod detail;
mod error;
mod history;
mod import;
mod inventory;
mod tokens;
mod update;

pub use change::{DeviceChange, DeviceSpec};
pub use detail::{BootDetail, DeviceDetail, EkCertificateDetail, KeyDetail, TpmDetail};
pub use error::{AutoEnrollRefusal, DeviceError};
pub use history::{HistoryEntry, HistoryFact, history};
pub use import::{
    IMPORT_DRAFT_SECS, IMPORT_TEMPLATE, ImportError, ImportLines, Imports, MAX_IMPORT_BYTES,
    MAX_IMPORT_LINES, Sheet, SheetError, inert_cell, plain_cell,
};
pub use inventory::{DevicePage, DeviceView, Inventory};
pub use tokens::{EnrollTokens, NewEnrollToken, TokenPage, TokenTerms};
pub(crate) use tokens::{make_admin_token, may_auto_enroll, token_event};
