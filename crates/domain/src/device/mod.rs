//! The inventory of devices and the tokens that enrol them.

mod bulk;
mod change;
mod error;
mod insights;
mod inventory;
pub mod search;
mod tokens;
mod update;
mod upkeep;
mod words;

pub use change::{DeviceChange, DeviceSpec};
pub use error::{AutoEnrollRefusal, DeviceError};
pub use insights::{EnrolledOf, FAILURE_DAYS, INSIGHT_DAYS, Insights};
pub use inventory::{DevicePage, DeviceView, Inventory};
pub use search::{DeviceQuery, DevicesExported, DevicesFound, SearchError, origin_name, tier_name};
pub use tokens::{EnrollTokens, NewEnrollToken, TokenPage};
pub(crate) use tokens::{make_admin_token, may_auto_enroll, token_event};
pub use words::{Findable, normalised, search_words};
