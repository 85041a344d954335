use gatehouse_model::{ErrorKind, HandoffCode};

use crate::Decision;
use crate::account::{AccountError, RenewError};
use crate::authz::AuthzError;
use crate::ceremony::CeremonyError;
use crate::entity::DeviceWebAttempt;
use crate::ports::StoreError;

/// Why a browser's session goes no further on its way to a device or back.
#[derive(Debug, thiserror::Error)]
pub enum DeviceWebError {
    #[error(transparent)]
    Refused(Box<Refused>),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Renew(#[from] RenewError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A refusal that has a documented code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: HandoffCode,
    /// Code and text of the check that failed; empty where the code says it all.
    pub check: String,
    /// Finds the whole trace in the audit log; empty where nothing is known.
    pub correlation_id: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.sentence())?;
        if self.check.is_empty() { Ok(()) } else { write!(f, " ({})", self.check) }
    }
}

impl std::error::Error for Refused {}

impl DeviceWebError {
    pub(super) fn of(code: HandoffCode) -> Self {
        Self::Refused(Box::new(Refused { code, check: String::new(), correlation_id: String::new() }))
    }

    pub(super) fn about(attempt: &DeviceWebAttempt, code: HandoffCode) -> Self {
        let correlation_id = attempt.correlation_id.clone();
        Self::Refused(Box::new(Refused { code, check: String::new(), correlation_id }))
    }

    /// A ceremony that failed, in the words of the hand-off.
    pub(super) fn ceremony(attempt: &DeviceWebAttempt, error: CeremonyError) -> Self {
        let code = match &error {
            CeremonyError::Store(_) => match error {
                CeremonyError::Store(error) => return Self::Store(error),
                _ => HandoffCode::AttestationFailed,
            },
            CeremonyError::Off => HandoffCode::TrustOff,
            CeremonyError::NotEnrolled => HandoffCode::DeviceNotEnrolled,
            CeremonyError::Locked(target) if target.starts_with("Device:") => HandoffCode::DeviceLocked,
            CeremonyError::Locked(_) => HandoffCode::UserLocked,
            _ => HandoffCode::AttestationFailed,
        };
        let check = match code {
            HandoffCode::AttestationFailed => format!("{}: {error}", error.code()),
            _ => String::new(),
        };
        let correlation_id = attempt.correlation_id.clone();
        Self::Refused(Box::new(Refused { code, check, correlation_id }))
    }

    /// By what the audit log finds it, where an attempt was known.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::Refused(refused) => Some(refused.correlation_id.as_str()).filter(|id| !id.is_empty()),
            _ => None,
        }
    }
}

impl Decision for DeviceWebError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refused) => refused.code.kind(),
            Self::Account(error) => error.kind(),
            Self::Authz(error) => error.kind(),
            Self::Renew(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code.as_str(),
            Self::Account(error) => error.code(),
            Self::Authz(error) => error.code(),
            Self::Renew(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(refused) => Some(refused.code.way_out().to_owned()),
            Self::Account(error) => error.hint(),
            Self::Authz(error) => error.hint(),
            Self::Renew(error) => error.hint(),
            Self::Store(_) => None,
        }
    }
}
