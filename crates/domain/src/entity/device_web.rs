use gatehouse_model::Timestamp;

use super::Digest;

/// A browser's session that waits for a device to speak for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceWebAttempt {
    /// 128 random bits; in the link, so no secret.
    pub id: String,
    /// The browser's session.
    pub session_id: String,
    pub user: String,
    /// SHA-256 of the token in the link, or of the one that a typed code was turned into.
    pub token_hash: Digest,
    /// SHA-256 of the short code, until it is redeemed.
    pub code_hash: Option<Digest>,
    /// Ids of the user's enrolled devices that suit the browser.
    pub expected_devices: Vec<String>,
    /// As the browser names itself, cleaned and cut.
    pub user_agent: String,
    /// Where the browser asked from.
    pub remote_address: String,
    /// The place that the user was going to: a path of the console.
    pub redirect: String,
    /// The id of the request that began it; every event about it has it.
    pub correlation_id: String,
    pub created: Timestamp,
    pub expires: Timestamp,
    /// How often it was refused.
    pub failures: i64,
    /// Code of the last refusal.
    pub refused: Option<String>,
    pub proof: Option<DeviceWebProof>,
    /// The browser is on another machine than the device.
    pub remote: Option<RemoteBrowser>,
    /// When the browser came back with the confirmation token, or took up what was typed at the device.
    pub confirmed: Option<Timestamp>,
}

/// What ties a browser elsewhere to the person at the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteBrowser {
    /// Of two digits; the browser shows it once the code was typed.
    pub number: i64,
    /// Where the code was typed.
    pub asked_from: Option<String>,
    /// When the number was typed at the device.
    pub matched: Option<Timestamp>,
}

/// A device has proven itself for the session; the browser has to come back with the confirmation token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceWebProof {
    pub time: Timestamp,
    pub device_id: String,
    pub credential_id: String,
    /// SHA-256 of the confirmation token.
    pub confirm_hash: Digest,
    pub confirm_expires: Timestamp,
}
