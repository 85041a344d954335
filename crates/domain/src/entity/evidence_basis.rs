use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Digest;

/// The rules and CAs that EK certificates were judged by, as evidence keeps them: each once, by the SHA-256 of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceBasis {
    pub hash: Digest,
    /// JSON of an [`EvidenceRules`].
    pub body: String,
    /// DER by its SHA-256.
    pub cas: Vec<(Digest, Vec<u8>)>,
}

/// What [`EvidenceBasis::body`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRules {
    /// As [`gatehouse_attestation::Leniency::as_str`] says.
    pub sha1: String,
    pub expired_ca: String,
    pub expired_ek: String,
    /// SHA-256 of each allowed CA's certificate, in the order of the list.
    pub cas: Vec<String>,
    /// Vendors whose pinned CAs are allowed by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vendors: Vec<String>,
}

impl EvidenceBasis {
    /// The rules with their CAs.
    #[must_use]
    pub fn new(mut rules: EvidenceRules, ders: Vec<Vec<u8>>) -> Self {
        let cas: Vec<(Digest, Vec<u8>)> =
            ders.into_iter().map(|der| (Sha256::digest(&der).into(), der)).collect();
        rules.cas = cas.iter().map(|(hash, _)| hex::encode(hash)).collect();
        let body = serde_json::to_string(&rules).unwrap_or_default();
        Self { hash: Sha256::digest(&body).into(), body, cas }
    }
}
