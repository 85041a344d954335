//! The inventory of devices and the tokens that enrol them.

mod bulk;
mod change;
mod error;
mod inventory;
mod tokens;
mod update;

pub use change::{DeviceChange, DeviceSpec};
pub use error::{AutoEnrollRefusal, DeviceError};
pub use inventory::{DevicePage, DeviceView, Inventory};
pub use tokens::{EnrollTokens, NewEnrollToken, TokenPage};
pub(crate) use tokens::{make_admin_token, may_auto_enroll, token_event};
