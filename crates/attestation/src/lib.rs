//! What a TPM 2.0 says about itself, checked: EK certificates and their chains, attestation keys, credential
//! activation, quotes, and the proofs of possession of keys that live outside of a TPM.
//!
//! Everything here is a function of its arguments: no I/O, no clock. All input is hostile: sizes are capped before
//! anything is allocated, every structure must be consumed to its last byte, signatures are verified over the bytes
//! as received, and what is not expressly allowed is refused. TPM structures are read in [`wire`] alone,
//! certificates in [`x509`] alone.

#![forbid(unsafe_code)]

mod activation;
mod ak;
mod boot_changes;
mod boot_state;
mod bundle;
mod chain;
mod creation;
mod der;
mod digest;
mod ek;
mod ek_cert;
mod event_log;
mod evidence;
mod kdf;
mod known_cas;
mod nv;
mod possession;
mod quote;
pub mod roca;
mod spki;
mod vendor;
mod wire;
mod x509;

pub use activation::{ActivationError, make_credential};
pub use ak::{AkError, AkPublic, Attribute, SignatureError};
pub use boot_changes::{BootChange, BootChangeKind, boot_changes, boot_pcrs, pcr_meaning};
pub use boot_state::{
    BankState, BootImageState, BootState, KernelPart, KernelState, LogState, PcrState, SecureBoot, boot_state,
};
pub use bundle::{BundleError, MAX_BUNDLE_BYTES, MAX_BUNDLE_CERTIFICATES, certificates_in};
pub use chain::{
    AllowedCas, AllowedCasError, AllowedCasReason, CaCertificate, CaFacts, ChainError, ChainErrorKind,
    ChainPolicy, EkPath, Finding, FindingKind, Intermediates, Leniency, MAX_PATH_CERTIFICATES,
    PathCertificate, verify_ca_path, verify_ek_chain, verify_ek_path, verify_ek_path_pinned,
};
pub use creation::{CreationError, verify_creation};
pub use digest::sha256_hex;
pub use ek::{EkError, EkKind, EkPublic};
pub use ek_cert::{EkCertificate, EkCertificateError, Quirk, TpmIdentity};
pub use event_log::{Bank, EventFacts, EventLog, EventLogError, MAX_EVENTS, SignatureLists};
pub use evidence::{
    ACCEPTED_IN_REVIEW, CasOfEvidence, Check, EvidenceBundle, EvidenceError, EvidenceFile, MANIFEST_NAME,
    MAX_MANIFEST_BYTES, Outcome, Replay, TrustBasis, evidence_file_limit,
};
pub use known_cas::{KNOWN_CA_COLUMNS, KnownCa, KnownCas, UnknownVendor};
pub use nv::{MAX_CERTIFICATE_BYTES, MAX_SENT_BYTES, MAX_SENT_CERTIFICATES, UnwrapError, certificate_chain};
pub use possession::{PossessionError, check_device_key, verify_device_key, verify_raw_signature};
pub use quote::{
    ClockInfo, MAX_ATTEST_BYTES, MAX_EVENT_LOG_BYTES, MAX_PCRS, MAX_QUOTES, PlatformVerdict, QuoteError,
    verify_platform,
};
pub use spki::SpkiError;
pub use vendor::vendor_name;
pub use wire::WireError;
pub use x509::CertificateError;
