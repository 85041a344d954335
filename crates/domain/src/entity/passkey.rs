use gatehouse_model::Timestamp;

use super::Digest;

/// A passkey or security key of a user (WebAuthn level 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// UUID; public.
    pub id: String,
    pub user: String,
    /// By which authenticators know it (section 4, "Credential ID").
    pub credential_id: Vec<u8>,
    /// The host that it is bound to; it counts for no other.
    pub rp_id: String,
    /// As its owner calls it.
    pub name: String,
    /// What the verifier keeps of it, public key and flags among it: JSON that only the verifier reads.
    pub credential: String,
    /// Signature counter (section 6.1.1); 0 for those that count nothing.
    pub counter: i64,
    /// May be copied by its maker's cloud (section 6.1.3).
    pub backup_eligible: bool,
    /// Has been.
    pub backed_up: bool,
    /// The browser said that it can be found without a user name.
    pub discoverable: bool,
    pub created: Timestamp,
    pub last_used: Option<Timestamp>,
}

/// What a use of a passkey changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    pub credential: String,
    pub counter: i64,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub now: Timestamp,
}

/// What a passkey ceremony is for; none can be finished for another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CeremonyPurpose {
    /// Adds a passkey to the account that is signed in.
    Add,
    /// Adds the first one, behind a sign-up link.
    SignUp,
    /// The second factor after the password.
    SecondFactor,
    /// Signs in without user name and password.
    Passwordless,
    /// Proves the second factor anew in a session.
    Confirm,
}

impl CeremonyPurpose {
    pub const ALL: [Self; 5] =
        [Self::Add, Self::SignUp, Self::SecondFactor, Self::Passwordless, Self::Confirm];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::SignUp => "sign-up",
            Self::SecondFactor => "second-factor",
            Self::Passwordless => "passwordless",
            Self::Confirm => "confirm",
        }
    }
}

/// A challenge that waits for its answer. What it is bound to stays here; the browser holds only a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyCeremony {
    /// SHA-256 of the token.
    pub hash: Digest,
    pub purpose: CeremonyPurpose,
    /// The session, the pending sign-in or the link that it belongs to; empty for a passwordless sign-in.
    pub owner: String,
    /// Empty where nobody is known yet.
    pub user: String,
    /// Under which the new passkey is filed, where one is being made.
    pub handle: Option<Vec<u8>>,
    /// The verifier's own, with the challenge in it.
    pub state: String,
    pub created: Timestamp,
    pub expires: Timestamp,
}

/// A sign-in whose password was right and whose second factor is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSignIn {
    /// SHA-256 of the cookie.
    pub hash: Digest,
    pub user: String,
    /// SHA-256 of the password's hash: a password that changes meanwhile makes this void.
    pub password_mark: Digest,
    pub created: Timestamp,
    pub expires: Timestamp,
}
