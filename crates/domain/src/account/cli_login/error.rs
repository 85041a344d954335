use gatehouse_model::ErrorKind;

use crate::Decision;
use crate::account::AccountError;
use crate::authz::AuthzError;
use crate::ports::{CaError, StoreError};

/// Why a command line's login in the browser goes no further.
#[derive(Debug, thiserror::Error)]
pub enum CliLoginError {
    #[error("this login is not known here, or was finished long ago")]
    Unknown,
    #[error("this login has expired")]
    Expired,
    #[error("this login was denied in the browser")]
    Denied,
    #[error("this login was decided already")]
    Decided,
    #[error("this login has been fetched already")]
    Spent,
    #[error("this login is for user \"{wanted}\", and you are signed in as \"{signed_in}\"")]
    OtherUser { wanted: String, signed_in: String },
    #[error("only somebody who is signed in with a browser can decide this")]
    BrowserRequired,
    #[error("logging a command line in asks for a fresh second factor")]
    FreshFactorRequired,
    #[error("this is not the code that the terminal shows")]
    WrongCode,
    #[error("what was sent does not belong to this login")]
    Mismatch,
    #[error("malformed {0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<StoreError> for CliLoginError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

impl From<AuthzError> for CliLoginError {
    fn from(error: AuthzError) -> Self {
        Self::Account(error.into())
    }
}

impl From<CaError> for CliLoginError {
    fn from(error: CaError) -> Self {
        Self::Account(error.into())
    }
}

impl Decision for CliLoginError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown => ErrorKind::NotFound,
            Self::Denied | Self::OtherUser { .. } | Self::Mismatch => ErrorKind::PermissionDenied,
            Self::Expired | Self::Spent | Self::BrowserRequired | Self::FreshFactorRequired => {
                ErrorKind::FailedPrecondition
            }
            Self::Decided => ErrorKind::Conflict,
            Self::Malformed(_) | Self::WrongCode => ErrorKind::InvalidInput,
            Self::Account(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "cli_login_unknown",
            Self::Expired => "cli_login_expired",
            Self::Denied => "cli_login_denied",
            Self::Decided => "cli_login_decided",
            Self::Spent => "cli_login_spent",
            Self::OtherUser { .. } => "cli_login_other_user",
            Self::BrowserRequired => "browser_required",
            Self::FreshFactorRequired => "second_factor_required",
            Self::WrongCode => "cli_login_wrong_code",
            Self::Mismatch => "cli_login_mismatch",
            Self::Malformed(_) => "message_malformed",
            Self::Account(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown | Self::Expired | Self::Spent => {
                "start again with `tsh login`; a link is good for 5 minutes and for one login"
            }
            Self::Denied => "start again with `tsh login` if it was you who denied it",
            Self::Decided => "look at the terminal: it goes on, or says what happened",
            Self::OtherUser { .. } => {
                "sign out and in as that user, or run `tsh login` with `--user` set to your own name"
            }
            Self::BrowserRequired => "open the link in the browser in which you are signed in",
            Self::FreshFactorRequired => "confirm your second factor, then approve within 5 minutes",
            Self::WrongCode => {
                "type the code that your own terminal shows; without a terminal of yours that shows one, deny: somebody \
                 may have sent you the link to get in as you"
            }
            Self::Mismatch => {
                "start again with `tsh login`; if you did not expect this, somebody may have taken the code on its way"
            }
            Self::Malformed(_) => return None,
            Self::Account(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
