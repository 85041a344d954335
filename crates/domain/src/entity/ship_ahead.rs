use gatehouse_model::Timestamp;

use super::Digest;

/// A TPM that was announced before its device arrived: the device enrols itself, where the policy lets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipAhead {
    /// UUID.
    pub id: String,
    pub tpm: AnnouncedTpm,
    /// Enrols again and again, not once.
    pub standing: bool,
    /// The only user who may enrol it, if any.
    pub owner: Option<String>,
    /// The asset tag that its device must have, if any.
    pub asset_tag: Option<String>,
    pub note: String,
    pub created: Timestamp,
    pub created_by: String,
    pub uses: i64,
    pub used: Option<ShipAheadUse>,
}

/// How a TPM is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnouncedTpm {
    /// By the SHA-256 of its EK's SubjectPublicKeyInfo.
    Ek(Digest),
    /// By its EK certificate.
    Certificate {
        /// Lower-case hexadecimal bytes, separated by colons.
        serial: String,
        /// As it was given.
        issuer: String,
        /// In the form for comparison.
        issuer_key: String,
    },
}

/// The last use of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipAheadUse {
    pub time: Timestamp,
    pub user: String,
    pub device_id: String,
}

/// Where a listing of announcements goes on: before this (created, id).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShipAheadCursor {
    pub created: Timestamp,
    pub id: String,
}
