//! The inventory of devices and the tokens that enrol them.

mod boot;
mod bulk;
mod change;
mod detail;
mod error;
mod evidence;
mod history;
mod import;
mod insights;
mod inventory;
pub mod search;
mod ship_ahead;
mod token_search;
mod tokens;
mod update;
mod upkeep;
mod words;

pub use change::{DeviceChange, DeviceSpec};
pub use detail::{BootDetail, DeviceDetail, EkCertificateDetail, GoodBoot, KeyDetail, TpmDetail};
pub use error::{AutoEnrollRefusal, DeviceError};
pub use evidence::{EvidenceArchive, EvidenceExportError, ExportedEvidence};
pub use history::{HistoryEntry, HistoryFact, history};
pub use import::{
    IMPORT_DRAFT_SECS, IMPORT_TEMPLATE, ImportError, ImportLines, Imports, MAX_IMPORT_BYTES,
    MAX_IMPORT_LINES, Sheet, SheetError, inert_cell, plain_cell,
};
pub use insights::{EnrolledOf, FAILURE_DAYS, INSIGHT_DAYS, Insights};
pub use inventory::{DevicePage, DeviceView, Inventory};
pub use search::{DeviceQuery, DevicesExported, DevicesFound, SearchError, origin_name, tier_name};
pub(crate) use ship_ahead::issuer_key;
pub use ship_ahead::{
    MAX_SHIP_AHEAD_BYTES, MAX_SHIP_AHEAD_LINES, SHIP_AHEAD_TEMPLATE, ShipAheadError, ShipAheadImport,
    ShipAheadSheetError, ShipAheads,
};
pub use token_search::{TokenQuery, TokenQueryError, TokenStates, TokensFound};
pub use tokens::{EnrollTokens, NewEnrollToken, TokenPage, TokenTerms};
pub(crate) use tokens::{make_admin_token, may_auto_enroll, token_event};
pub use words::{Findable, normalised, search_words};
