use gatehouse_attestation::ChainError;
use gatehouse_model::ErrorKind;

use crate::Decision;
use crate::ceremony::CeremonyError;
use crate::cluster::PreferenceError;
use crate::ek::missing_ca;
use crate::entity::{ReviewReason, ReviewState};
use crate::ports::StoreError;

/// Why a review cannot be shown or decided.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error("there is no review \"{0}\"")]
    NotFound(String),
    #[error("the review is {}{}", .state.as_str(), .by.as_ref().map(|by| format!(" already, by {by}")).unwrap_or_default())]
    Decided { reason: ReviewReason, state: ReviewState, by: Option<String> },
    #[error("the review has expired: nobody decided in time")]
    Expired,
    #[error("the review is about another key by now")]
    Changed,
    #[error("what the review is to be judged by is no longer kept")]
    NoEvidence,
    #[error("this kind of review knows no CA")]
    NoCa,
    #[error("the device has not sent the certificate of the CA that issued its EK certificate")]
    NoCertificate,
    #[error("these certificates cannot be allowed: {0}")]
    Certificates(String),
    #[error("with these CAs, the EK certificate is still not trusted: {0}")]
    NotCovered(Box<ChainError>),
    #[error("the device has been removed meanwhile")]
    DeviceGone,
    #[error("the user who asked has been removed meanwhile")]
    UserGone,
    #[error("invalid EKCert allow-list: {0}")]
    AllowedCas(String),
    /// What was asked for does not hold any more.
    #[error(transparent)]
    Ceremony(CeremonyError),
    #[error(transparent)]
    Preference(#[from] PreferenceError),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ReviewError {
    fn from(error: StoreError) -> Self {
        CeremonyError::from(error).into()
    }
}

impl From<CeremonyError> for ReviewError {
    fn from(error: CeremonyError) -> Self {
        match error {
            CeremonyError::Store(error) => Self::Store(error),
            other => Self::Ceremony(other),
        }
    }
}

impl Decision for ReviewError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Decided { .. } | Self::Changed => ErrorKind::Conflict,
            Self::Expired | Self::NoEvidence | Self::NoCa | Self::DeviceGone | Self::UserGone => {
                ErrorKind::FailedPrecondition
            }
            Self::NoCertificate | Self::Certificates(_) | Self::NotCovered(_) => ErrorKind::InvalidInput,
            Self::AllowedCas(_) => ErrorKind::Internal,
            Self::Ceremony(error) => error.kind(),
            Self::Preference(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "review_not_found",
            Self::Decided { .. } => "review_decided",
            Self::Expired => "review_expired",
            Self::Changed => "review_changed",
            Self::NoEvidence => "review_without_evidence",
            Self::NoCa => "review_without_ca",
            Self::NoCertificate => "ca_certificate_missing",
            Self::Certificates(_) => "invalid_ekcert_ca",
            Self::NotCovered(_) => "ca_does_not_cover",
            Self::DeviceGone => "device_gone",
            Self::UserGone => "user_gone",
            Self::AllowedCas(_) => "allow_list_invalid",
            Self::Ceremony(error) => error.code(),
            Self::Preference(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound(_) => "`tctl reviews ls` shows what waits",
            Self::Expired | Self::NoEvidence => "ask the user to enrol the device again",
            Self::Changed => "look at it again: `tctl reviews show`",
            Self::Decided { reason: ReviewReason::BootDrift, state: ReviewState::Refused, .. } => {
                "accept the boot after all, on the device's page or with `tctl devices boot --accept`"
            }
            Self::NoCertificate => {
                "give the certificate: a file with `tctl reviews trust --ca=FILE`, or paste it in the console"
            }
            Self::NotCovered(error) => return Some(missing_ca(error)),
            Self::DeviceGone => "register the device again, and ask the user to enrol it",
            Self::Ceremony(error) => return error.hint(),
            Self::Preference(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
