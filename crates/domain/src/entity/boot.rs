use gatehouse_model::Timestamp;
use gatehouse_model::tpm::PlatformParameters;

use super::{Digest, RecordKind};

/// How a device was when it attested last: PCR values whose quotes were verified, and the event log that came with
/// them. The quotes themselves are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootRecord {
    pub device_id: String,
    pub kind: RecordKind,
    pub user: String,
    /// Of the last attestation.
    pub time: Timestamp,
    /// Since when attestations have been the same.
    pub since: Timestamp,
    /// Tells whether PCR values or event log have changed.
    pub fingerprint: Digest,
    pub platform: PlatformParameters,
}
