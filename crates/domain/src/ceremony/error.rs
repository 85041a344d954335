use gatehouse_attestation::{
    ActivationError, AkError, ChainError, CreationError, EkCertificateError, EkError, PossessionError,
    QuoteError,
};
use gatehouse_model::ErrorKind;

use crate::Decision;
use crate::authz::AuthzError;
use crate::ek::missing_ca;
use crate::entity::REVIEW_DAYS;
use crate::ports::{CaError, StoreError};

/// Why a ceremony was refused.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    #[error("invalid device enrollment token")]
    TokenInvalid,
    #[error("invalid device enrollment token: it has been used")]
    TokenSpent,
    #[error("invalid device enrollment token: it has expired")]
    TokenExpired,
    #[error("invalid device enrollment token: it was revoked")]
    TokenRevoked,
    #[error("invalid device enrollment token: it was tried too often")]
    TokenExhausted,
    #[error("another enrolment with this token is under way")]
    TokenBusy,
    #[error("device trust is switched off in this cluster")]
    Off,
    #[error("missing {0}")]
    Missing(&'static str),
    #[error("the collected data is of another operating system than the registered device")]
    OsMismatch,
    #[error("the serial number of this device is not the registered asset tag")]
    SerialMismatch,
    #[error("the credential id does not belong to the key")]
    CredentialId,
    #[error("this operating system does not enrol with that kind of key")]
    KeyKind,
    #[error("lock targeting {0} is in force")]
    Locked(String),
    #[error("invalid attestation key: {0}")]
    Ak(#[from] AkError),
    #[error("invalid creation attestation: {0}")]
    Creation(#[from] CreationError),
    #[error("invalid endorsement key: {0}")]
    Ek(#[from] EkError),
    #[error("invalid endorsement key certificate: {0}")]
    EkCertificate(#[from] EkCertificateError),
    #[error("tpm did not provide an EKCert to validate against allowed CAs")]
    EkCertificateMissing,
    #[error("EKCert is not trusted: {0}")]
    EkChain(Box<ChainError>),
    /// Of the review with this id.
    #[error("awaiting review: the EK certificate of this TPM is of a CA that is not known here")]
    AwaitingReview(String),
    #[error("awaiting review: another enrolment with this TPM waits for an administrator")]
    OtherReview,
    #[error("an administrator refused to enrol this TPM")]
    ReviewRefused,
    #[error("too many enrolments of yours await review")]
    TooManyReviews,
    #[error("invalid EKCert allow-list: {0}")]
    AllowedCas(String),
    #[error("the credential could not be made: {0}")]
    Activation(#[from] ActivationError),
    #[error("invalid credential activation solution")]
    Solution,
    #[error("invalid platform attestation: {0}")]
    Quote(#[from] QuoteError),
    #[error("invalid device key or signature: {0}")]
    Possession(#[from] PossessionError),
    #[error("the device is enrolled with another TPM or key")]
    OtherKey,
    #[error("this TPM or key is enrolled as another device")]
    KeyInUse,
    #[error("this credential is enrolled for another device")]
    CredentialInUse,
    #[error("device not found or not enrolled with this key")]
    NotEnrolled,
    #[error("the reset counter of the TPM went back: it may be a restored copy")]
    CountersWentBack,
    #[error("the device booted otherwise than it did when it was good last, and awaits review")]
    BootDrift,
    #[error(
        "the device booted otherwise than it did when it was good last, and an administrator refused that"
    )]
    BootRefused,
    /// One text whatever the reason, which the audit log has: a stranger learns nothing of the list.
    #[error("this TPM was not announced for you and this device")]
    NotAnnounced(&'static str),
    #[error("the serial number of this device cannot be an asset tag")]
    SerialUnusable,
    #[error("auto-enrollment is not possible: {0}")]
    AutoEnroll(&'static str),
    #[error("device extensions already present")]
    AlreadyTrusted,
    #[error("the session needs a client certificate")]
    NoCertificate,
    #[error("{0}")]
    SshCertificate(&'static str),
    #[error("x509 and SSH public key mismatch and SSH challenge unsatisfied")]
    SshKey,
    #[error("the session changed during the ceremony")]
    SessionChanged,
    #[error("the device was changed during the ceremony")]
    DeviceChanged,
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Store(StoreError),
    #[error("certificates could not be issued")]
    Ca(#[source] CaError),
}

impl From<StoreError> for CeremonyError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { constraint } if constraint == "devices_os_anchor" => Self::KeyInUse,
            StoreError::Conflict { constraint } if constraint == "credentials_os_id" => Self::CredentialInUse,
            _ => Self::Store(error),
        }
    }
}

impl From<CaError> for CeremonyError {
    fn from(error: CaError) -> Self {
        match error {
            CaError::SshCertificate(text) => Self::SshCertificate(text),
            other => Self::Ca(other),
        }
    }
}

impl From<ChainError> for CeremonyError {
    fn from(error: ChainError) -> Self {
        Self::EkChain(Box::new(error))
    }
}

impl Decision for CeremonyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TokenInvalid
            | Self::TokenSpent
            | Self::TokenExpired
            | Self::TokenRevoked
            | Self::TokenExhausted
            | Self::Locked(_)
            | Self::EkCertificateMissing
            | Self::EkChain(_)
            | Self::Solution
            | Self::OtherKey
            | Self::ReviewRefused
            | Self::KeyInUse
            | Self::CredentialInUse
            | Self::AutoEnroll(_)
            | Self::BootDrift
            | Self::BootRefused
            | Self::NotAnnounced(_)
            | Self::CountersWentBack => ErrorKind::PermissionDenied,
            Self::NotEnrolled => ErrorKind::NotFound,
            Self::TooManyReviews => ErrorKind::RateLimited,
            Self::AwaitingReview(_) | Self::OtherReview => ErrorKind::FailedPrecondition,
            Self::TokenBusy
            | Self::Off
            | Self::AlreadyTrusted
            | Self::SessionChanged
            | Self::DeviceChanged => ErrorKind::FailedPrecondition,
            Self::Missing(_)
            | Self::OsMismatch
            | Self::SerialMismatch
            | Self::SerialUnusable
            | Self::CredentialId
            | Self::KeyKind
            | Self::Ak(_)
            | Self::Creation(_)
            | Self::Ek(_)
            | Self::EkCertificate(_)
            | Self::Activation(_)
            | Self::Quote(_)
            | Self::Possession(_)
            | Self::NoCertificate
            | Self::SshCertificate(_)
            | Self::SshKey => ErrorKind::InvalidInput,
            Self::AllowedCas(_) | Self::Ca(_) => ErrorKind::Internal,
            Self::Authz(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TokenInvalid => "token_invalid",
            Self::TokenSpent => "token_spent",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TokenExhausted => "token_exhausted",
            Self::TokenBusy => "token_busy",
            Self::Off => "device_trust_off",
            Self::Missing(_) => "message_incomplete",
            Self::OsMismatch => "os_mismatch",
            Self::SerialMismatch => "serial_mismatch",
            Self::CredentialId => "credential_id_mismatch",
            Self::KeyKind => "key_kind",
            Self::Locked(_) => "device_locked",
            Self::Ak(_) => "ak_invalid",
            Self::Creation(_) => "creation_attestation_invalid",
            Self::Ek(_) => "ek_invalid",
            Self::EkCertificate(_) => "ekcert_invalid",
            Self::EkCertificateMissing => "ekcert_missing",
            Self::EkChain(_) => "ekcert_untrusted",
            Self::AwaitingReview(_) => "awaiting_review",
            Self::OtherReview => "other_review",
            Self::ReviewRefused => "review_refused",
            Self::TooManyReviews => "too_many_reviews",
            Self::AllowedCas(_) => "allow_list_invalid",
            Self::Activation(_) => "activation_failed",
            Self::Solution => "activation_wrong",
            Self::Quote(_) => "quote_invalid",
            Self::Possession(_) => "signature_invalid",
            Self::OtherKey => "enrolled_with_other_key",
            Self::KeyInUse => "key_in_use",
            Self::CredentialInUse => "credential_in_use",
            Self::NotEnrolled => "device_not_enrolled",
            Self::CountersWentBack => "counters_went_back",
            Self::BootDrift => "boot_drift",
            Self::BootRefused => "boot_refused",
            Self::NotAnnounced(_) => "not_announced",
            Self::SerialUnusable => "serial_unusable",
            Self::AutoEnroll(_) => "auto_enroll_refused",
            Self::AlreadyTrusted => "already_trusted",
            Self::NoCertificate => "certificate_required",
            Self::SshCertificate(_) => "ssh_certificate_invalid",
            Self::SshKey => "ssh_key_unproven",
            Self::SessionChanged => "session_changed",
            Self::DeviceChanged => "device_changed",
            Self::Authz(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Ca(_) => "ca_failed",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TokenInvalid
            | Self::TokenSpent
            | Self::TokenExpired
            | Self::TokenRevoked
            | Self::TokenExhausted => {
                "ask your device administrator for a new one: `tctl devices enroll --asset-tag=<tag>`"
            }
            Self::TokenBusy => "wait for the other enrolment to end, at most a minute, and try again",
            Self::Off => "an administrator can set device_trust.mode with `tctl edit cap`",
            Self::SerialMismatch => {
                "`tsh device asset-tag` prints this device's tag; the token is for another device"
            }
            Self::OsMismatch => {
                "the token is for the same tag under another system; ask for one for this system"
            }
            Self::Locked(_) => "ask an administrator what the lock is for",
            Self::OtherKey => {
                "if the TPM or mainboard was replaced, an administrator un-enrols the device first: \
                 `tctl edit device/<tag>`, enroll_status: not_enrolled"
            }
            Self::KeyInUse => "an administrator finds the other device with `tctl devices ls` and removes it",
            Self::CountersWentBack => {
                "after restoring a VM snapshot, an administrator accepts it: `tctl devices accept-counters`"
            }
            Self::NotAnnounced(_) => {
                "ask your device administrator to announce it, or for a token: `tctl devices enroll --asset-tag=<tag>`"
            }
            Self::SerialUnusable => {
                "`tsh device asset-tag` prints it; an administrator can register the device under it"
            }
            Self::BootDrift => {
                "after an update this is to be expected: an administrator looks at what has changed and accepts it, on the \
                 device's page or with `tctl devices boot`"
            }
            Self::BootRefused => {
                "start it as it was before; or an administrator accepts the boot after all, on the device's page or with \
                 `tctl devices boot --accept`"
            }
            Self::NotEnrolled => "enrol this device: `tsh device enroll --token=<token>`",
            Self::EkCertificateMissing => {
                "this cluster takes only TPMs with a certificate of their maker (device_trust.ekcert_allowed_cas); \
                 `tsh device doctor` says what this one has"
            }
            Self::EkChain(error) => return Some(missing_ca(error)),
            Self::AwaitingReview(id) => {
                return Some(format!(
                    "an administrator decides within {REVIEW_DAYS} days, in the console or with `tctl reviews show {id}`; once \
                     it is accepted, `tsh login` is enough"
                ));
            }
            Self::OtherReview => "it is decided first: ask an administrator, `tctl reviews ls`",
            Self::ReviewRefused => {
                "it can be asked for again once the refusal has expired; an administrator can allow the CA: `tctl ekcas add`"
            }
            Self::TooManyReviews => "wait until an administrator has decided them: `tctl reviews ls`",
            Self::AlreadyTrusted | Self::SessionChanged => "log in again with `tsh login`",
            Self::DeviceChanged => "try again",
            Self::Authz(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
