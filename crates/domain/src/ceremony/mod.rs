//! The ceremonies: enrolment binds a key to a device, authentication proves it and makes a session trusted.
//!
//! Both are two steps of a state machine without I/O of its own: `begin` judges the first message and answers with
//! a challenge and a pending ceremony, `finish` consumes the pending ceremony with the answer. A challenge is
//! therefore single use by type, and dies with the stream that holds it.

mod authenticate;
mod basis;
mod boot;
mod counters;
mod enroll;
mod error;
mod evidence;
mod judge;
mod proof;
mod refusal;
mod ship_ahead;

pub use authenticate::{
    AuthenticateAnswer, AuthenticateChallenge, AuthenticateInit, Authenticated, Authentication,
    PendingAuthentication,
};
pub(crate) use basis::basis_of;
pub(crate) use boot::close_review;
pub(crate) use enroll::{Binding, check_counters};
pub use enroll::{DeviceKey, EnrollAnswer, EnrollChallenge, EnrollInit, Enrolment, PendingEnrolment};
pub use error::CeremonyError;
pub(crate) use proof::{Asked, Speaker, Used};
pub use ship_ahead::{AnnouncedEnrolment, PendingAnnounced};

use crate::entity::Device;
use gatehouse_model::CollectedData;

/// Length of challenges, nonces and activation secrets, in bytes.
pub const NONCE_BYTES: usize = 32;

/// Collected data must fit the device it is claimed for: the operating system and the serial number.
pub(crate) fn check_data(device: &Device, data: &CollectedData) -> Result<(), CeremonyError> {
    if data.os_type != device.os_type {
        return Err(CeremonyError::OsMismatch);
    }
    if data.serial_number.trim().to_lowercase() != device.asset_tag.normalised() {
        return Err(CeremonyError::SerialMismatch);
    }
    Ok(())
}
