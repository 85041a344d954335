use crate::entity::Passkey;

/// A challenge: what the browser is asked, and what its answer is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyChallenge {
    /// JSON of the options for `navigator.credentials` (WebAuthn level 3, section 5.4 or 5.5), binary values in
    /// base64url.
    pub options: String,
    /// The verifier's own; never leaves the server.
    pub state: String,
}

/// A passkey that a browser has just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePasskey {
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub counter: i64,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub discoverable: bool,
}

/// A passkey as it is after it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedPasskey {
    pub credential: String,
    pub counter: i64,
    pub backup_eligible: bool,
    pub backed_up: bool,
}

/// Which passkey an answer claims to come from; nothing is proven yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedPasskey {
    pub credential_id: Vec<u8>,
    /// The user's handle, where the authenticator gives it.
    pub handle: Option<Vec<u8>>,
}

/// Why a browser's answer does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    #[error("the browser's answer about the passkey cannot be read")]
    Malformed,
    #[error("the passkey was used on another page than this server's")]
    Origin,
    #[error("the passkey answered another challenge than the one that was asked")]
    Challenge,
    #[error("the passkey did not check who is using it, by PIN, finger or face")]
    NotVerified,
    #[error("this passkey may have been copied: its counter has not grown since its last use")]
    Cloned,
    #[error("the passkey was not accepted")]
    Refused(String),
    #[error("passkeys cannot be checked")]
    Internal(String),
}

/// Makes challenges for passkeys and security keys and judges the answers (WebAuthn level 3, sections 7.1 and 7.2).
pub trait Passkeys: Send + Sync {
    /// The host that passkeys are bound to.
    fn rp_id(&self) -> &str;

    /// The one origin whose pages may use them, such as `https://gate.example:3080`.
    fn origin(&self) -> &str;

    /// Asks for a new passkey of a user, none of those that are there.
    ///
    /// # Errors
    /// [`PasskeyFault::Internal`].
    fn ask_for_new(
        &self,
        user: &str,
        handle: &[u8],
        present: &[Passkey],
    ) -> Result<PasskeyChallenge, PasskeyFault>;

    /// Judges what [`Passkeys::ask_for_new`] brought.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    fn accept_new(&self, state: &str, answer: &str) -> Result<MadePasskey, PasskeyFault>;

    /// Asks for one of these passkeys, beside a password: the authenticator checks the user if it can.
    ///
    /// # Errors
    /// [`PasskeyFault::Internal`].
    fn ask_for_one_of(&self, passkeys: &[Passkey]) -> Result<PasskeyChallenge, PasskeyFault>;

    /// Asks for any passkey, alone: the authenticator must check the user.
    ///
    /// # Errors
    /// [`PasskeyFault::Internal`].
    fn ask_for_any(&self) -> Result<PasskeyChallenge, PasskeyFault>;

    /// Says which passkey an answer claims to come from.
    ///
    /// # Errors
    /// [`PasskeyFault::Malformed`].
    fn claimed(&self, answer: &str) -> Result<ClaimedPasskey, PasskeyFault>;

    /// Judges an answer to either question against the passkey as it is stored.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    fn accept_use(&self, state: &str, answer: &str, passkey: &Passkey) -> Result<UsedPasskey, PasskeyFault>;
}
