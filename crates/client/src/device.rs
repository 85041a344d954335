//! Devices: looking them up, and the ceremonies of this one.

mod authenticate;
mod authenticate_web;
mod auto_enroll;
mod current;
mod enroll;
mod key;
mod list;
mod local;
mod lookup;
mod trust;

pub use authenticate::authenticate;
pub(crate) use authenticate_web::{authenticate_for_browser, authenticate_with_token};
pub use auto_enroll::{auto_enrol, auto_enroll_disabled};
pub use current::{SelfEnrolment, enrol_current};
pub use enroll::{EnrolmentToken, enrol};
pub use key::{DeviceKey, KeyStatus};
pub use list::{all_devices, own_devices};
pub use local::{LocalDevice, LocalOptions, require_serial};
pub use lookup::{DeviceName, find_all, find_one, friendly_os};
pub use trust::{EnrolmentWays, Trust, TrustedDeviceName, establish_trust};
