use gatehouse_model::Timestamp;

use super::{Digest, begun_ahead};

/// Challenges that one token may open.
pub const MAX_CHALLENGES: i64 = 5;
/// Life of a challenge: the longest that a ceremony's stream may take, in seconds. After it, a challenge whose
/// stream died without a word (the server was killed) no longer holds its token.
pub const CHALLENGE_SECS: i64 = 60;

/// A token that authorises one enrolment of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollToken {
    /// UUID; names the token in lists, is no secret.
    pub id: String,
    /// SHA-256 of the token.
    pub hash: Digest,
    pub device_id: String,
    pub purpose: TokenPurpose,
    pub created_by: String,
    /// The only user who may redeem it, if any.
    pub bound_user: Option<String>,
    pub created: Timestamp,
    pub expires: Timestamp,
    /// Challenges opened so far.
    pub challenges: i64,
    /// The challenge that is open now, and since when.
    pub open_challenge: Option<(String, Timestamp)>,
    pub spent: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
    /// What it is for, in the words of whoever made it.
    pub note: String,
}

/// What a token was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPurpose {
    Admin,
    AutoEnroll,
}

impl TokenPurpose {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::AutoEnroll => "auto-enroll",
        }
    }
}

/// Whether a token can still be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    Active,
    Spent,
    Revoked,
    Expired,
    Exhausted,
}

impl TokenState {
    pub const ALL: [Self; 5] = [Self::Active, Self::Spent, Self::Revoked, Self::Expired, Self::Exhausted];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Spent => "spent",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
        }
    }
}

impl EnrollToken {
    /// The token's state at a moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> TokenState {
        if self.spent.is_some() {
            TokenState::Spent
        } else if self.revoked.is_some() {
            TokenState::Revoked
        } else if self.expires <= now || begun_ahead(self.created, now) {
            TokenState::Expired
        } else if self.challenges >= MAX_CHALLENGES {
            TokenState::Exhausted
        } else {
            TokenState::Active
        }
    }
}

/// Which tokens to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct TokenFilter {
    pub device_id: Option<String>,
    /// Only tokens that are unspent, unrevoked, unexpired and not exhausted at this moment.
    pub active_at: Option<Timestamp>,
}

impl TokenCursor {
    /// Where a listing goes on that ends with this token.
    #[must_use]
    pub fn at(token: &EnrollToken) -> Self {
        Self { created: token.created, id: token.id.clone() }
    }
}

/// Where a listing of tokens goes on: before this (created, id).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TokenCursor {
    pub created: Timestamp,
    pub id: String,
}
