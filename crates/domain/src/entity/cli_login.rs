use gatehouse_model::Timestamp;

use super::Digest;

/// A command line's login that waits for a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliLogin {
    /// 128 random bits; in the link, so no secret.
    pub id: String,
    /// Who is to be logged in.
    pub user: String,
    /// Shown by the terminal and by the page, for the person to compare.
    pub user_code: String,
    /// SHA-256 of the verifier that only the command line knows (RFC 7636, S256).
    pub challenge: Digest,
    /// What gets certified, and nothing else. SubjectPublicKeyInfo DER.
    pub tls_public_key_der: Vec<u8>,
    /// authorized_keys line.
    pub ssh_public_key: Option<String>,
    /// Life wished for, in seconds.
    pub ttl_secs: Option<i64>,
    pub delivery: CliDelivery,
    pub machine: CliMachine,
    /// Where the command line asked from.
    pub remote_address: String,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub decision: Option<CliDecision>,
    /// When the certificates were fetched.
    pub spent: Option<Timestamp>,
    /// Attempts to fetch them with a wrong verifier or code.
    pub failures: i64,
}

/// How the command line learns of the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CliDelivery {
    /// The browser goes on to `http://127.0.0.1:<port>/`, where the command line listens (RFC 8252, section 7.3).
    Loopback {
        port: u16,
        /// Handed back by the browser, so that the command line knows its own request again.
        state: String,
    },
    /// The command line asks until it is decided: for browsers on another machine.
    Wait,
}

/// What a machine says of itself: shown as a claim, never trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CliMachine {
    pub host_name: String,
    pub os_user: String,
    pub os: String,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliDecision {
    pub time: Timestamp,
    /// The browser's session in which it was decided.
    pub session_id: String,
    /// `None` if it was denied.
    pub approval: Option<CliApproval>,
}

/// A yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliApproval {
    /// SHA-256 of the code that the browser carries to the loopback address; none where the command line waits.
    pub code_hash: Option<Digest>,
}
