use gatehouse_model::Timestamp;
use gatehouse_model::resource::UserKind;

use super::Digest;
use super::revision::revision_of;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Normalised, see `gatehouse_model::UserName`.
    pub name: String,
    pub kind: UserKind,
    pub roles: Vec<String>,
    pub logins: Vec<String>,
    /// PHC string of argon2id; none until the invitation is redeemed.
    pub password_hash: Option<String>,
    /// Last one-time-code step that was used (RFC 6238), so that no code serves twice.
    pub totp_last_step: i64,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl User {
    /// Whether there is something to sign in with; not before the invitation is redeemed.
    #[must_use]
    pub fn can_sign_in(&self) -> bool {
        self.password_hash.is_some()
    }

    /// Changes with everything that can be edited, and with nothing else.
    #[must_use]
    pub fn revision(&self) -> String {
        revision_of(&(self.kind, &self.roles, &self.logins))
    }
}

/// What a list of accounts tells of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGlance {
    pub user: User,
    /// Of the sessions that are kept.
    pub last_seen: Option<Timestamp>,
    /// Has a secret for one-time codes.
    pub has_totp: bool,
    pub passkeys: i64,
    pub enrolled_devices: i64,
}

/// Of whom a trusted device is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceScope {
    /// Of whoever has the role; of everybody, if absent.
    pub role: Option<String>,
    /// Not of bots.
    pub humans_only: bool,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    Invite,
    Reset,
    /// Creates the first admin of an empty database; names no user yet.
    FirstAdmin,
}

impl LinkPurpose {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Reset => "reset",
            Self::FirstAdmin => "first-admin",
        }
    }
}

/// A one-time link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLink {
    /// SHA-256 of the token in the link.
    pub hash: Digest,
    pub purpose: LinkPurpose,
    /// Empty for the first admin.
    pub user: String,
    pub created: Timestamp,
    pub created_by: String,
    pub expires: Timestamp,
    pub used: Option<Timestamp>,
    /// Failed attempts to redeem it.
    pub failures: i64,
}

/// Failed attempts under one key (an account or an address) and until when it is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    pub failures: i64,
    pub last_failure: Timestamp,
    pub blocked_until: Timestamp,
}
