//! Path building and validation for EK certificates (RFC 5280 section 6), the same for every TPM maker.
//!
//! Where this goes its own way, and why:
//! * Anchors are trusted as listed, whatever their dates and whether self-signed or not: who lists an intermediate means
//!   that intermediate.
//! * Faults that genuine chips have (SHA-1, expired CAs and EK certificates) are for a [`ChainPolicy`] to decide. What a CA
//!   issued after its own end is refused, and nothing may be dated in the future.
//! * Key identifiers only order the candidates; names and signatures decide. Makers have shipped wrong identifiers, and
//!   several CAs of one name, with one key or with several: all of them are tried, within a budget.
//! * Any certificate policy is accepted, critical or not: makers' policies say how they make chips, not what for.
//! * There is no revocation: makers publish next to none.

mod allowed;
mod authority;
mod intermediates;
mod policy;
mod search;

pub use gatehouse_model::Leniency;
use gatehouse_model::{AttestationTier, Timestamp};

pub use allowed::{AllowedCas, AllowedCasError, AllowedCasReason, CaFacts};
pub use intermediates::Intermediates;
pub use policy::{ChainPolicy, Finding, FindingKind};

use crate::ek_cert::EkCertificate;
use crate::x509::{Certificate, CertificateError};
use search::Ground;

/// Most certificates of a path, the EK certificate and the anchor included.
pub const MAX_PATH_CERTIFICATES: usize = 8;

/// Most signatures that are verified in search of one path.
const MAX_SIGNATURE_CHECKS: u32 = 64;

/// Most intermediates of our own that are looked at.
const MAX_INTERMEDIATES: usize = 4096;

/// A proven path from an EK certificate to one of the allowed CAs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EkPath {
    /// The allowed CA that the path ends at.
    pub anchor: PathCertificate,
    /// The intermediate CAs, from the EK certificate's issuer upwards.
    pub intermediates: Vec<PathCertificate>,
    /// What is remarkable about it.
    pub findings: Vec<Finding>,
    /// `tpm_ekcert_trusted`, or `tpm_ekcert` where the policy lowers the tier for what was found.
    pub tier: AttestationTier,
}

/// A certificate of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathCertificate {
    /// For people, not for comparing.
    pub subject: String,
    /// Of the whole certificate.
    pub sha256: [u8; 32],
}

/// Why no path to an allowed CA was found: where the best attempt ended, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (issuer: {issuer})")]
pub struct ChainError {
    pub kind: ChainErrorKind,
    /// Name of the certificate at which the attempt ended; empty for most EK certificates.
    pub certificate: Box<str>,
    /// Issuer of that certificate.
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
    #[error("the key of the issuer is too weak")]
    WeakIssuerKey,
    #[error("the issuer may not issue certificates for endorsement keys")]
    NotAnIssuer,
    #[error("the path is longer than one of its CAs allows")]
    PathLength,
    #[error("a certificate of the path is not valid yet")]
    NotYetValid,
    #[error("the issuer had expired when it issued the certificate")]
    IssuerExpired,
    #[error("the issuer has expired")]
    CaExpired,
    #[error("the EK certificate has expired")]
    EkExpired,
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
            ChainErrorKind::WeakIssuerKey => "weak_issuer_key",
            ChainErrorKind::NotAnIssuer => "not_an_issuer",
            ChainErrorKind::PathLength => "path_length",
            ChainErrorKind::NotYetValid => "not_yet_valid",
            ChainErrorKind::IssuerExpired => "issuer_expired",
            ChainErrorKind::CaExpired => "expired_ca",
            ChainErrorKind::EkExpired => "expired_ek",
            ChainErrorKind::CriticalExtension(_) => "critical_extension",
            ChainErrorKind::TooDeep => "too_deep",
            ChainErrorKind::TooManyCandidates => "too_many_candidates",
        }
    }

    /// What would mend it, where something would.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let whose = match &self.aki {
            Some(aki) => format!("{} with the key identifier {aki}", self.issuer),
            None => self.issuer.clone(),
        };
        match self.kind {
            ChainErrorKind::UnknownIssuer | ChainErrorKind::Signature => {
                let place = match &self.issuer_url {
                    Some(url) => format!("; the certificate names {url} as the place of its issuer's"),
                    None => String::new(),
                };
                Some(format!("the certificate of {whose} is missing{place}"))
            }
            ChainErrorKind::Sha1 => {
                Some("the policy for SHA-1 decides: accept, lower_tier or refuse".to_owned())
            }
            ChainErrorKind::CaExpired => {
                Some("the policy for expired CAs decides, or list this CA itself as allowed".to_owned())
            }
            ChainErrorKind::EkExpired => Some("the policy for expired EK certificates decides".to_owned()),
            ChainErrorKind::NotYetValid => {
                Some("compare the clock of the server with the certificate".to_owned())
            }
            _ => None,
        }
    }
}

/// The certificate of a CA, for judging it by itself.
#[derive(Clone, Debug)]
pub struct CaCertificate(authority::Authority);

impl CaCertificate {
    /// Reads one DER certificate.
    ///
    /// # Errors
    /// If it is malformed, or not that of a CA.
    pub fn parse(der: &[u8]) -> Result<Self, AllowedCasReason> {
        if der.len() > crate::nv::MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::Malformed.into());
        }
        let authority = authority::Authority::parse(der)?;
        if authority.is_ca() {
            Ok(Self(authority))
        } else {
            Err(AllowedCasReason::NotACa(authority.certificate.subject.to_string()))
        }
    }

    #[must_use]
    pub fn facts(&self) -> CaFacts {
        allowed::facts(&self.0)
    }

    /// Where the certificate says its issuer's certificate can be fetched.
    #[must_use]
    pub fn issuer_url(&self) -> Option<&str> {
        self.0.certificate.extensions.ca_issuers.as_deref()
    }

    /// Whether this CA's key made the signature of another certificate of the CA's name.
    #[must_use]
    pub fn issued(&self, other: &CaCertificate) -> bool {
        self.signed(&other.0.certificate)
    }

    /// As [`Self::issued`], for an EK certificate.
    #[must_use]
    pub fn issued_ek(&self, leaf: &EkCertificate) -> bool {
        self.signed(leaf.certificate())
    }

    fn signed(&self, child: &Certificate) -> bool {
        child.issuer == self.0.certificate.subject
            && self
                .0
                .key
                .as_ref()
                .is_ok_and(|key| key.verify(&child.signature_algorithm, &child.tbs, &child.signature).is_ok())
    }
}

/// Finds a path from `leaf` to one of `anchors`, if need be over `intermediates`, which are tried in their order.
///
/// # Errors
/// If there is none: with the reason why the most promising attempt failed.
pub fn verify_ek_path(
    leaf: &EkCertificate,
    anchors: &AllowedCas,
    intermediates: &[&Intermediates],
    policy: &ChainPolicy,
    now: Timestamp,
) -> Result<EkPath, ChainError> {
    let ground = Ground { anchors, intermediates, policy: *policy, now: now.secs() };
    search::find(leaf.certificate(), &ground)
}

/// As [`verify_ek_path`], with anchors that are only known by the SHA-256 of their certificates beside those that are
/// listed: those of `sent` that `is_pinned` knows.
///
/// # Errors
/// As [`verify_ek_path`]; of the list, where nothing is pinned.
pub fn verify_ek_path_pinned(
    leaf: &EkCertificate,
    listed: &AllowedCas,
    is_pinned: impl Fn(&[u8; 32]) -> bool,
    sent: &Intermediates,
    policy: &ChainPolicy,
    now: Timestamp,
) -> Result<EkPath, ChainError> {
    let by_list = verify_ek_path(leaf, listed, &[sent], policy, now);
    let Err(refused) = by_list else { return by_list };
    let mut named = AllowedCas::default();
    for facts in sent.facts() {
        if is_pinned(&facts.sha256) {
            // One that is no CA after all is no anchor.
            let _ = named.add(&facts.der);
        }
    }
    if named.is_empty() {
        return Err(refused);
    }
    verify_ek_path(leaf, &named, &[sent], policy, now)
}

/// As [`verify_ek_path`], for a CA in the place of the EK certificate: its own dates count as those of an EK certificate.
///
/// # Errors
/// As [`verify_ek_path`].
pub fn verify_ca_path(
    ca: &CaCertificate,
    anchors: &AllowedCas,
    intermediates: &[&Intermediates],
    policy: &ChainPolicy,
    now: Timestamp,
) -> Result<EkPath, ChainError> {
    let ground = Ground { anchors, intermediates, policy: *policy, now: now.secs() };
    search::find(&ca.0.certificate, &ground)
}

/// As [`verify_ek_path`] by the default policy, with what the device has sent as intermediates (DER; what is unreadable or
/// of no use among them is passed over).
///
/// # Errors
/// As [`verify_ek_path`].
pub fn verify_ek_chain(
    leaf: &EkCertificate,
    anchors: &AllowedCas,
    intermediates: &[Vec<u8>],
    now: Timestamp,
) -> Result<EkPath, ChainError> {
    let sent = Intermediates::from_device(intermediates);
    verify_ek_path(leaf, anchors, &[&sent], &ChainPolicy::default(), now)
}
