use gatehouse_model::ErrorKind;

use super::RenewError;
use crate::Decision;
use crate::audit::LastChange;
use crate::authz::AuthzError;
use crate::cluster::{BeyondReach, LastAdmin};
use crate::ports::{CaError, PasskeyFault, SealError, StoreError};

/// Why something about an account cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("invalid user name, password or one-time code")]
    LoginFailed,
    #[error("too many failed attempts, try again in {}", gatehouse_model::counted(*wait_secs, "second", "seconds"))]
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
    #[error("you cannot reset the account that you are logged in with")]
    OwnReset,
    #[error("user \"{name}\" was changed meanwhile{}", change.as_ref().map(|change| format!(" {change}")).unwrap_or_default())]
    Stale { name: String, change: Option<LastChange> },
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    #[error(transparent)]
    BeyondReach(#[from] BeyondReach),
    #[error("this link is not valid: it has been used, has expired or was replaced by a newer one")]
    Link,
    /// As [`AccountError::Link`], where there is no administrator yet who could be asked.
    #[error("{}", Self::Link)]
    LinkBeforeAccounts,
    #[error("this link makes the first account, and there are accounts already")]
    FirstAdminLink,
    #[error("{0}")]
    WeakPassword(&'static str),
    #[error("the one-time code is wrong")]
    WrongCode,
    #[error("the password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Renew(#[from] RenewError),
    #[error("{0}")]
    PublicKey(String),
    #[error("the sign-in took too long or was begun elsewhere")]
    SignInExpired,
    #[error("this attempt with a passkey is over: it was used, took too long or belongs to another page")]
    Ceremony,
    #[error(transparent)]
    Passkey(#[from] PasskeyFault),
    #[error("browsers know no passkeys for an address without a host name")]
    NoPasskeysHere,
    #[error("this cluster does not accept passkeys")]
    PasskeysNotAllowed,
    #[error("this cluster does not accept authenticator apps")]
    CodesNotAllowed,
    #[error("this cluster asks for a passkey or security key")]
    PasskeyRequired,
    #[error("you have no passkey for {here}")]
    NoPasskey { elsewhere: Option<String>, here: String },
    #[error("this passkey is registered already")]
    PasskeyExists,
    #[error("passkey \"{0}\" not found")]
    PasskeyNotFound(String),
    #[error("{0}")]
    PasskeyName(&'static str),
    #[error("an account has at most 20 passkeys")]
    TooManyPasskeys,
    #[error("this is the last second factor of the account, and the cluster requires one")]
    LastFactor,
    #[error("there is no authenticator app to remove")]
    NoAuthenticator,
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
            Self::LoginFailed | Self::SignInExpired => ErrorKind::Unauthenticated,
            Self::Passkey(PasskeyFault::Malformed) => ErrorKind::InvalidInput,
            Self::Passkey(PasskeyFault::Internal(_)) => ErrorKind::Internal,
            Self::Passkey(_) => ErrorKind::Unauthenticated,
            Self::Throttled { .. } | Self::Busy => ErrorKind::RateLimited,
            Self::Locked(_) | Self::Link | Self::LinkBeforeAccounts | Self::FirstAdminLink => {
                ErrorKind::PermissionDenied
            }
            Self::NotFound(_) | Self::PasskeyNotFound(_) => ErrorKind::NotFound,
            Self::Exists(_) | Self::Stale { .. } | Self::PasskeyExists => ErrorKind::Conflict,
            Self::LastAdmin(error) => error.kind(),
            Self::BeyondReach(error) => error.kind(),
            Self::UserName(_)
            | Self::NoRole
            | Self::UnknownRole(_)
            | Self::Logins(_)
            | Self::WeakPassword(_)
            | Self::PublicKey(_)
            | Self::Kind
            | Self::Ceremony
            | Self::PasskeyName(_)
            | Self::WrongPassword
            | Self::WrongCode => ErrorKind::InvalidInput,
            Self::Bot
            | Self::OwnAccount
            | Self::OwnReset
            | Self::NoPasskeysHere
            | Self::PasskeysNotAllowed
            | Self::CodesNotAllowed
            | Self::PasskeyRequired
            | Self::NoPasskey { .. }
            | Self::TooManyPasskeys
            | Self::LastFactor
            | Self::NoAuthenticator => ErrorKind::FailedPrecondition,
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
            Self::OwnAccount | Self::OwnReset => "own_account",
            Self::Stale { .. } => "stale_revision",
            Self::LastAdmin(error) => error.code(),
            Self::BeyondReach(error) => error.code(),
            Self::Link => "link_invalid",
            Self::LinkBeforeAccounts => "first_link_invalid",
            Self::FirstAdminLink => "first_admin_link_void",
            Self::WeakPassword(_) => "weak_password",
            Self::WrongCode => "wrong_code",
            Self::WrongPassword => "wrong_password",
            Self::PublicKey(_) => "invalid_public_key",
            Self::SignInExpired => "sign_in_expired",
            Self::Ceremony => "passkey_attempt_over",
            Self::Passkey(fault) => match fault {
                PasskeyFault::Malformed => "passkey_malformed",
                PasskeyFault::Origin => "passkey_wrong_origin",
                PasskeyFault::Challenge => "passkey_wrong_challenge",
                PasskeyFault::NotVerified => "passkey_user_not_verified",
                PasskeyFault::Cloned => "passkey_cloned",
                PasskeyFault::Refused(_) => "passkey_refused",
                PasskeyFault::Internal(_) => "passkey_failed",
            },
            Self::NoPasskeysHere => "passkeys_need_a_host_name",
            Self::PasskeysNotAllowed => "passkeys_not_allowed",
            Self::CodesNotAllowed => "codes_not_allowed",
            Self::PasskeyRequired => "passkey_required",
            Self::NoPasskey { .. } => "no_passkey",
            Self::PasskeyExists => "passkey_exists",
            Self::PasskeyNotFound(_) => "passkey_not_found",
            Self::PasskeyName(_) => "invalid_passkey_name",
            Self::TooManyPasskeys => "too_many_passkeys",
            Self::LastFactor => "last_factor",
            Self::NoAuthenticator => "no_authenticator",
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
            Self::LinkBeforeAccounts => "the server prints a new one whenever it starts: start it again",
            Self::FirstAdminLink => {
                "on the server's own host, root invites an administrator: `tctl users add <name> --roles=access,editor`"
            }
            Self::WrongCode => "check the clock of the device that makes the codes; each code works once",
            Self::SignInExpired => "begin again with your password",
            Self::Ceremony => "try again; on this page, and within 5 minutes",
            Self::Passkey(PasskeyFault::Origin) => {
                "open the console at the server's own address and try again there"
            }
            Self::Passkey(PasskeyFault::NotVerified) => {
                "set a PIN on the security key, or sign in with your password first"
            }
            Self::Passkey(PasskeyFault::Cloned) => {
                "sign in with another factor, remove this passkey and make a new one; tell an administrator"
            }
            Self::Passkey(PasskeyFault::Refused(_)) => "use another passkey or another way to sign in",
            Self::NoPasskeysHere => {
                "set `proxy_service.public_addr` to a host name, or use an authenticator app"
            }
            Self::PasskeysNotAllowed => {
                "an administrator can set `second_factor: on` with `tctl edit cluster_auth_preference`"
            }
            Self::CodesNotAllowed | Self::PasskeyRequired => {
                "open the link in a browser and make a passkey there"
            }
            Self::NoPasskey { elsewhere: Some(before), .. } => {
                return Some(format!(
                    "yours were made for {before}, where this server was before: use a one-time code or a recovery \
                     code, then add a passkey for the new address"
                ));
            }
            Self::NoPasskey { elsewhere: None, .. } => "use a one-time code or a recovery code",
            Self::TooManyPasskeys => "remove one that you no longer use",
            Self::LastFactor => "add another passkey or an authenticator app first",
            Self::UnknownRole(_) => "`tctl get roles` lists the roles there are",
            Self::OwnReset => {
                "change your password and second factors on your account's page \"Security\" in the console, or ask \
                 another administrator"
            }
            Self::Kind => "delete the user and create another of the other kind",
            Self::Exists(_) => "change it with `tctl edit user/<name>`",
            Self::Renew(error) => return error.hint(),
            Self::Stale { .. } => "get it again and repeat your change",
            Self::LastAdmin(error) => return error.hint(),
            Self::BeyondReach(error) => return error.hint(),
            Self::Authz(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
