//! Storage of what enrolments were judged by, beyond writing it down.

use async_trait::async_trait;

use super::store::Stored;
use crate::entity::{Digest, Evidence, EvidenceBasis};

/// Evidence by its id, and the rules and CAs that it refers to.
#[async_trait]
pub trait EvidenceBasisRows {
    async fn evidence(&mut self, id: &str) -> Stored<Option<Evidence>>;
    /// The newest of a successful enrolment of the device.
    async fn last_enrolment_evidence(&mut self, device_id: &str) -> Stored<Option<Evidence>>;
    /// Keeps rules and CAs; what is kept already stays.
    async fn keep_evidence_basis(&mut self, basis: &EvidenceBasis) -> Stored<()>;
    /// The text of the rules.
    async fn evidence_basis(&mut self, hash: &Digest) -> Stored<Option<String>>;
    /// DER of a CA.
    async fn evidence_ca(&mut self, sha256: &Digest) -> Stored<Option<Vec<u8>>>;
}
