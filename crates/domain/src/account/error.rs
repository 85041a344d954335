use gatehouse_model::ErrorKind;

use super::RenewError;
use crate::Decision;
use crate::audit::LastChange;
use crate::authz::AuthzError;
use crate::cluster::LastAdmin;
use crate::ports::{CaError, SealError, StoreError};

/// Why something about an account cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("invalid user name, password or one-time code")]
    LoginFailed,
    #[error("too many failed attempts, try again in {wait_secs} seconds")]
    Throttled { wait_secs: i64 },
    #[error("too many logins at once, try again in a moment")]
    Busy,
    #[error("the kind of a user cannot be changed")]
    Kind,
    #[error("lock targeting {0} is in force")]
    Locked(String),
    #[error("{0}")]
    UserName(String),
    #[error("user \"{0}\" not found")]
    NotFound(String),
    #[error("user \"{0}\" already exists")]
    Exists(String),
    #[error("a user needs at least one role")]
    NoRole,
    #[error("role \"{0}\" not found")]
    UnknownRole(String),
    #[error("{0}")]
    Logins(String),
    #[error("bots have no password and no link")]
    Bot,
    #[error("you cannot delete the account that you are logged in with")]
    OwnAccount,
    #[error("user \"{name}\" was changed meanwhile{}", change.as_ref().map(|change| format!(" {change}")).unwrap_or_default())]
    Stale { name: String, change: Option<LastChange> },
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    #[error("this link is not valid: it has been used, has expired or was replaced by a newer one")]
    Link,
    #[error("{0}")]
    WeakPassword(&'static str),
    #[error("the one-time code is wrong")]
    WrongCode,
    #[error(transparent)]
    Renew(#[from] RenewError),
    #[error("{0}")]
    PublicKey(String),
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("certificates could not be issued")]
    Ca(#[source] CaError),
    #[error("a stored secret could not be opened")]
    Seal(#[from] SealError),
    #[error("password hashing failed: {0}")]
    Hashing(String),
}

impl From<CaError> for AccountError {
    fn from(error: CaError) -> Self {
        match error {
            CaError::PublicKey(text) => Self::PublicKey(text),
            other => Self::Ca(other),
        }
    }
}

impl Decision for AccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::LoginFailed => ErrorKind::Unauthenticated,
            Self::Throttled { .. } | Self::Busy => ErrorKind::RateLimited,
            Self::Locked(_) | Self::Link => ErrorKind::PermissionDenied,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Exists(_) | Self::Stale { .. } => ErrorKind::Conflict,
            Self::LastAdmin(error) => error.kind(),
            Self::UserName(_)
            | Self::NoRole
            | Self::UnknownRole(_)
            | Self::Logins(_)
            | Self::WeakPassword(_)
            | Self::PublicKey(_)
            | Self::Kind
            | Self::WrongCode => ErrorKind::InvalidInput,
            Self::Bot | Self::OwnAccount => ErrorKind::FailedPrecondition,
            Self::Renew(error) => error.kind(),
            Self::Authz(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Ca(_) | Self::Seal(_) | Self::Hashing(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::LoginFailed => "login_failed",
            Self::Throttled { .. } => "too_many_attempts",
            Self::Busy => "busy",
            Self::Kind => "field_immutable",
            Self::Locked(_) => "locked",
            Self::UserName(_) => "invalid_user_name",
            Self::NotFound(_) => "user_not_found",
            Self::Exists(_) => "user_exists",
            Self::NoRole => "no_role",
            Self::UnknownRole(_) => "unknown_role",
            Self::Logins(_) => "invalid_login",
            Self::Bot => "bot_account",
            Self::OwnAccount => "own_account",
            Self::Stale { .. } => "stale_revision",
            Self::LastAdmin(error) => error.code(),
            Self::Link => "link_invalid",
            Self::WeakPassword(_) => "weak_password",
            Self::WrongCode => "wrong_code",
            Self::PublicKey(_) => "invalid_public_key",
            Self::Renew(error) => error.code(),
            Self::Authz(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Ca(_) => "ca_failed",
            Self::Seal(_) => "seal_failed",
            Self::Hashing(_) => "hashing_failed",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Locked(_) => "ask an administrator what the lock is for",
            Self::Link => "ask an administrator for a new one: `tctl users reset <name>`",
            Self::WrongCode => "check the clock of the device that makes the codes; each code works once",
            Self::UnknownRole(_) => "`tctl get roles` lists the roles there are",
            Self::Kind => "delete the user and create another of the other kind",
            Self::Exists(_) => "change it with `tctl edit user/<name>`",
            Self::Renew(error) => return error.hint(),
            Self::Stale { .. } => "get it again and repeat your change",
            Self::LastAdmin(error) => return error.hint(),
            Self::Authz(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
