//! Talking to a TPM 2.0: where it is, how bytes get there, and the few commands that Gatehouse needs.
//!
//! Commands are encoded by `tpm2-protocol`. Answers are read field by field from the bytes that came, because most of
//! them travel on to the server, which checks signatures over exactly these bytes.

mod address;
mod capability;
mod client;
mod commands;
mod error;
mod fields;
mod nv;
mod response_code;
mod session;
pub(crate) mod template;
mod transport;

pub use address::TpmAddress;
pub use error::TpmError;
pub use response_code::ResponseCode;
pub use transport::{MAX_RESPONSE, Transport, connect};

pub(crate) use capability::{Bank, PcrValues, Properties};
pub(crate) use client::{Loaded, Tpm};
pub(crate) use commands::Created;
pub(crate) use fields::Fields;
