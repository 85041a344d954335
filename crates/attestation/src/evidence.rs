//! What an enrolment was judged by: as files that a person can open, and judged once more.
//!
//! A bundle is a manifest (JSON) that names every other file with its size and SHA-256. All of it is hostile input: names
//! are those of a closed list, sizes are capped before a file is read, and what a file holds counts as far as the judgement
//! bears it out.

mod manifest;
mod pem;
mod read;
mod replay;

use gatehouse_model::tpm::{AttestationParameters, PlatformParameters};
use gatehouse_model::{AttestationTier, Timestamp};

pub use manifest::{EvidenceFile, MANIFEST_NAME, MAX_MANIFEST_BYTES, evidence_file_limit};
pub use read::EvidenceError;
pub use replay::{Check, Outcome, Replay, TrustBasis};

use crate::chain::ChainPolicy;

/// What stands among the findings of an enrolment that an administrator accepted, although its EK certificate leads to no CA
/// that is allowed.
pub const ACCEPTED_IN_REVIEW: &str = "accepted_in_review";

/// The CAs and the rules that EK certificates are judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CasOfEvidence {
    /// When they held, or hold.
    pub at: Timestamp,
    pub policy: ChainPolicy,
    /// DER, in the order of the list.
    pub cas: Vec<Vec<u8>>,
    /// Vendors whose pinned CAs are allowed by name.
    pub vendors: Vec<String>,
}

/// The evidence of one enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceBundle {
    /// UUID.
    pub id: String,
    pub device_id: String,
    /// As the device is labelled now; a label, no proof.
    pub asset_tag: String,
    pub user: String,
    /// Of the judgement.
    pub time: Timestamp,
    /// `success`, or the stable code of the refusal.
    pub verdict: String,
    pub tier: AttestationTier,
    /// Stable words for what was remarkable: of [`FindingKind`](crate::FindingKind), or [`ACCEPTED_IN_REVIEW`].
    pub findings: Vec<String>,
    pub credential_id: String,
    pub nonce: Vec<u8>,
    /// SubjectPublicKeyInfo DER; empty for Secure Enclave keys.
    pub ek_public: Vec<u8>,
    /// X.509 DER; empty if none was sent.
    pub ek_certificate: Vec<u8>,
    /// DER of what linked the certificate to a CA: from the device's own memory, or fetched.
    pub intermediates: Vec<Vec<u8>>,
    pub ak: AttestationParameters,
    pub platform: PlatformParameters,
    /// SubjectPublicKeyInfo DER and signature of a Secure Enclave key.
    pub device_key: Vec<u8>,
    pub signature: Vec<u8>,
    /// Absent where they were not kept yet.
    pub then: Option<CasOfEvidence>,
    /// As of the export.
    pub now: CasOfEvidence,
}
