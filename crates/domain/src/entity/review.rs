use gatehouse_model::{CollectedData, OsType, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Days that a review waits for an administrator.
pub const REVIEW_DAYS: i64 = 7;

/// Something about a device that an administrator has to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// UUID.
    pub id: String,
    pub reason: ReviewReason,
    /// Of what one item at a time waits for each reason: the EK's fingerprint in hexadecimal digits, a device's id.
    pub subject: String,
    pub state: ReviewState,
    pub created: Timestamp,
    /// After it nothing can be decided any more.
    pub expires: Timestamp,
    pub device_id: String,
    pub asset_tag: String,
    pub os_type: OsType,
    /// Who asked.
    pub user: String,
    pub credential_id: String,
    /// What it is to be judged by: another id whenever something else is asked, so that nobody decides what they have not
    /// seen.
    pub evidence_id: String,
    /// What else the reason needs, such as [`UnknownCaDetails`].
    pub details: Value,
    pub decided: Option<ReviewDecision>,
}

/// Who decided, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewDecision {
    pub time: Timestamp,
    pub by: String,
}

/// Why an administrator is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewReason {
    /// The EK certificate of a device that wants to enrol leads to no allowed CA. One at a time for each EK.
    UnknownCa,
    /// The device booted otherwise than it did when it was good last. One at a time for each device.
    BootDrift,
}

impl ReviewReason {
    pub const ALL: [Self; 2] = [Self::UnknownCa, Self::BootDrift];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownCa => "unknown_ca",
            Self::BootDrift => "boot_drift",
        }
    }
}

/// What became of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewState {
    Pending,
    /// What was asked for is granted, this once.
    Accepted,
    /// What was asked for is granted, and whatever is like it from now on.
    Trusted,
    Refused,
    /// Nobody decided in time.
    Expired,
}

impl ReviewState {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Accepted, Self::Trusted, Self::Refused, Self::Expired];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Trusted => "trusted",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

impl Review {
    /// The state at a moment: one that nobody decided in time has expired, whether or not somebody has noted it.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> ReviewState {
        if self.state == ReviewState::Pending && self.expires <= now {
            ReviewState::Expired
        } else {
            self.state
        }
    }
}

/// [`Review::details`] of [`ReviewReason::UnknownCa`]: what completes the enrolment beside the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCaDetails {
    pub token_id: String,
    /// The token came from the user's own login: its rules are asked again, not the token.
    pub auto_enroll: bool,
    pub data: CollectedData,
    /// DER in hexadecimal digits: certificates that may link the EK certificate to a CA.
    pub intermediates: Vec<String>,
}

/// [`EkFinding::code`] of an enrolment that an administrator let in.
pub use gatehouse_attestation::ACCEPTED_IN_REVIEW;

/// What is remarkable about an enrolment that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EkFinding {
    /// Stable word: of [`gatehouse_attestation::FindingKind`], or [`ACCEPTED_IN_REVIEW`].
    pub code: String,
    /// Name of the certificate that it is about, for people; the administrator, for an acceptance.
    pub about: String,
    /// It costs the certificate its tier.
    pub lowers_tier: bool,
}

/// Where a listing of reviews goes on: before this (created, id).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewCursor {
    pub created: Timestamp,
    pub id: String,
}
