//! What runs on the device: its TPM, its attestation key, and the data that tells one machine from another.
//!
//! [`TrustedDevice`] is an open TPM together with what is stored about the device: it makes and loads the attestation
//! key, chooses the endorsement key, opens the server's challenge and quotes the platform's measurements.
//! [`collect_device_data`] gathers serial numbers and facts of the operating system. [`desktop`] makes `tsh` the program
//! that opens links. [`doctor`] checks all of it.

mod ak;
pub mod collect;
pub mod desktop;
mod device;
pub mod doctor;
mod ek;
mod ek_chain;
mod error;
mod platform;
mod public_key;
mod state;
mod tpm;

pub use ak::AkAlgorithm;
pub use collect::{CollectOptions, Escalation, collect_device_data, read_dmi};
pub use device::{AkStatus, TrustedDevice};
pub use ek::{EkChoice, UnknownEk};
pub use error::NativeError;
pub use tpm::{MAX_RESPONSE, ResponseCode, TpmAddress, TpmError, Transport, connect};
