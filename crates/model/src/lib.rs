//! What both sides of any wire of Gatehouse may say.
//!
//! Plain data with serde: no I/O, no clock, no cryptography, so that the same types serve the server, the
//! command lines and the browser. Parsing happens here ("parse, do not validate"): a value of these types is
//! well formed.

mod boot_drift;
mod collected;
mod device;
pub mod duration;
mod ek_vendors;
mod error_kind;
mod handoff;
mod leniency;
mod mode;
mod os;
pub mod percent;
pub mod resource;
mod text;
mod timestamp;
pub mod tpm;
mod user_agent;
mod web_trust;

pub use boot_drift::BootDrift;
pub use collected::{CollectedData, DmiData};
pub use device::{AssetTag, AssetTagError, AttestationTier, DeviceOrigin, EnrollStatus, usable_serial};
pub use ek_vendors::EkVendors;
pub use error_kind::ErrorKind;
pub use handoff::{FoundBy, HandoffCode, handoff_codes_document};
pub use leniency::Leniency;
pub use mode::{DeviceTrustMode, SecondFactor};
pub use os::OsType;
pub use text::{MAX_LABEL_CHARS, UserName, UserNameError, clean_label, counted, is_unprintable};
pub use timestamp::{Timestamp, TimestampError};
pub use user_agent::{browser_in_words, own_client_version, user_agent_in_words, user_agent_os};
pub use web_trust::{ConfirmedBy, LinkScheme, WebSessionMaxAge};
