//! Storage of what enrolments were judged by, beyond writing it down.

use async_trait::async_trait;

use super::store::Stored;
use crate::entity::{Digest, EvidenceBasis};

/// The rules and CAs that evidence refers to.
#[async_trait]
pub trait EvidenceBasisRows {
    /// Keeps rules and CAs; what is kept already stays.
    async fn keep_evidence_basis(&mut self, basis: &EvidenceBasis) -> Stored<()>;
    /// The text of the rules.
    async fn evidence_basis(&mut self, hash: &Digest) -> Stored<Option<String>>;
    /// DER of a CA.
    async fn evidence_ca(&mut self, sha256: &Digest) -> Stored<Option<Vec<u8>>>;
}
