use gatehouse_model::Timestamp;

use super::{Digest, Role, User};

/// How a session came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A login of a command line; lives in its certificates.
    Cli,
    /// A login of a browser; lives in a cookie.
    Web,
}

impl SessionKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Web => "web",
        }
    }
}

/// A login, and the trust it has gained. Ended sessions stay until they would have expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// UUID; public, in certificates and lists.
    pub id: String,
    pub kind: SessionKind,
    /// SHA-256 of the cookie; none for command lines.
    pub cookie_hash: Option<Digest>,
    pub user: String,
    pub created: Timestamp,
    pub last_seen: Timestamp,
    pub expires: Timestamp,
    pub ended: Option<Timestamp>,
    /// When the second factor (the password, where there is none) was last proven.
    pub factor_time: Timestamp,
    pub device: Option<SessionDevice>,
    pub remote_address: String,
}

/// The device that a session is trusted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDevice {
    pub device_id: String,
    pub asset_tag: String,
    pub credential_id: String,
    pub since: Timestamp,
}

/// What a session is looked up by.
#[derive(Clone, Copy, Debug)]
pub enum SessionKey<'a> {
    Id(&'a str),
    Cookie(&'a Digest),
}

/// A session with its account as it is now, and those of the account's roles that exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub session: Session,
    /// `None` if the account is gone.
    pub account: Option<User>,
    /// Each once, in the account's order.
    pub roles: Vec<Role>,
}
