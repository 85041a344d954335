//! Path building and validation for EK certificates (RFC 5280 section 6), the same for every TPM maker.
//!
//! Where this goes its own way, and why:
//! * Anchors are trusted as listed, whatever their dates and whether self-signed or not: who lists an intermediate means
//!   that intermediate.
//! * The dates of the EK certificate's end are not enforced: chips outlive them, and no maker renews them in the field.
//!   An intermediate CA must have been valid when the certificate below it was issued, but may have expired since.
//!   Nothing may be dated in the future.
//! * Certificates signed with SHA-1 are refused unless the anchors say otherwise.
//! * Key identifiers only order the candidates; names and signatures decide. Makers have shipped wrong identifiers.
//! * There is no revocation: makers publish next to none.

mod allowed;
mod search;

use gatehouse_model::Timestamp;

pub use allowed::{AllowedCas, AllowedCasError, AllowedCasReason, CaFacts};

use crate::ek_cert::EkCertificate;
use crate::x509::Certificate;

/// Most certificates of a path, the EK certificate and the anchor included.
pub const MAX_PATH_CERTIFICATES: usize = 8;

/// Most signatures that are verified in search of one path.
const MAX_SIGNATURE_CHECKS: u32 = 64;

/// Most intermediates that are looked at.
const MAX_INTERMEDIATES: usize = 4096;

/// A proven path from an EK certificate to one of the allowed CAs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EkPath {
    /// Name of the allowed CA that the path ends at.
    pub anchor: String,
    /// SHA-256 of that CA's certificate.
    pub anchor_sha256: [u8; 32],
    /// Names of the intermediate CAs, from the EK certificate's issuer upwards.
    pub intermediates: Vec<String>,
    /// Does any signature on the path use SHA-1?
    pub uses_sha1: bool,
}

/// Why no path to an allowed CA was found: where the best attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (issuer: {issuer})")]
pub struct ChainError {
    pub kind: ChainErrorKind,
    /// Issuer of the certificate at which the attempt ended.
    pub issuer: String,
    /// The key identifier of that issuer, hexadecimal with colons, if the certificate names it.
    pub aki: Option<String>,
    /// Where the certificate says its issuer's certificate can be fetched.
    pub issuer_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainErrorKind {
    #[error("the issuer of the EK certificate is not among the allowed CAs")]
    UnknownIssuer,
    #[error("the signature of the issuer does not verify")]
    Signature,
    #[error("the certificate is signed with SHA-1")]
    Sha1,
    #[error("the certificate is signed with an algorithm that is not supported: {0}")]
    UnsupportedAlgorithm(String),
    #[error("the issuer may not issue certificates for endorsement keys")]
    NotAnIssuer,
    #[error("the path is longer than one of its CAs allows")]
    PathLength,
    #[error("a certificate of the path is not valid yet")]
    NotYetValid,
    #[error("the issuer had expired when it issued the certificate")]
    IssuerExpired,
    #[error("the critical extension {0} is not supported")]
    CriticalExtension(String),
    #[error("the path is longer than {MAX_PATH_CERTIFICATES} certificates")]
    TooDeep,
    #[error("too many candidates for the path")]
    TooManyCandidates,
}

impl ChainError {
    /// Stable word for logs, audit events and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.kind {
            ChainErrorKind::UnknownIssuer => "unknown_issuer",
            ChainErrorKind::Signature => "bad_signature",
            ChainErrorKind::Sha1 => "sha1_signature",
            ChainErrorKind::UnsupportedAlgorithm(_) => "unsupported_algorithm",
            ChainErrorKind::NotAnIssuer => "not_an_issuer",
            ChainErrorKind::PathLength => "path_length",
            ChainErrorKind::NotYetValid => "not_yet_valid",
            ChainErrorKind::IssuerExpired => "issuer_expired",
            ChainErrorKind::CriticalExtension(_) => "critical_extension",
            ChainErrorKind::TooDeep => "too_deep",
            ChainErrorKind::TooManyCandidates => "too_many_candidates",
        }
    }
}

/// Finds a path from `leaf` to one of `anchors`, if need be over `intermediates` (DER; what is unreadable or of no use
/// among them is passed over).
///
/// # Errors
/// If there is none: with the reason why the most promising attempt failed.
pub fn verify_ek_chain(
    leaf: &EkCertificate,
    anchors: &AllowedCas,
    intermediates: &[Vec<u8>],
    now: Timestamp,
) -> Result<EkPath, ChainError> {
    let intermediates: Vec<Certificate> = intermediates
        .iter()
        .take(MAX_INTERMEDIATES)
        .filter(|der| der.len() <= crate::nv::MAX_CERTIFICATE_BYTES)
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    search::find(leaf.certificate(), anchors, &intermediates, now.secs())
}
