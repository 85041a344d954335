use gatehouse_model::{AttestationTier, ConfirmedBy, Timestamp};

use super::{Digest, Role, User, begun_ahead};

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
    /// As the client names itself, cleaned and cut; may be empty.
    pub user_agent: String,
    /// What the account was allowed when the cookie was given out; none for command lines.
    pub rights: Option<Digest>,
}

/// How long a browser's session may lie idle, in seconds (NIST SP 800-63B, section 4.2.3).
pub const WEB_IDLE_SECS: i64 = 30 * 60;

impl Session {
    /// When it ends unless it is used; command lines keep their certificates to the end.
    #[must_use]
    pub fn idle_until(&self) -> Option<Timestamp> {
        (self.kind == SessionKind::Web).then(|| self.last_seen.plus_secs(WEB_IDLE_SECS))
    }

    /// The device that it is trusted for at this moment.
    #[must_use]
    pub fn trusted_device(&self, now: Timestamp) -> Option<&SessionDevice> {
        self.device.as_ref().filter(|device| device.until.is_none_or(|until| until > now))
    }

    /// Ended by somebody, expired, idle for too long, or begun by a clock that was ahead.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ended.is_some()
            || self.expires <= now
            || begun_ahead(self.created, now)
            || self.idle_until().is_some_and(|idle_until| idle_until <= now)
    }
}

/// The device that a session is trusted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDevice {
    pub device_id: String,
    pub asset_tag: String,
    pub credential_id: String,
    pub since: Timestamp,
    /// How its key was vouched for; none for sessions from before that was noted.
    pub tier: Option<AttestationTier>,
    /// When it has to prove itself anew; none for as long as the session lives.
    pub until: Option<Timestamp>,
    /// How a browser's session came to it; none for command lines, and from before that was noted.
    pub confirmed_by: Option<ConfirmedBy>,
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
