//! Storage of browsers' sessions that wait for a device to speak for them.

use async_trait::async_trait;
use gatehouse_model::Timestamp;

use super::store::Stored;
use crate::entity::{DeviceWebAttempt, DeviceWebProof, Digest};

/// Attempts to hand a browser's session to a device and back.
#[async_trait]
pub trait DeviceWebRows {
    /// Without proof, failures and refusal, and a browser elsewhere with nothing but its number.
    async fn insert_web_attempt(&mut self, attempt: &DeviceWebAttempt) -> Stored<()>;
    async fn web_attempt(&mut self, id: &str) -> Stored<Option<DeviceWebAttempt>>;
    /// The user's attempt with this code, if it has neither expired nor been redeemed.
    async fn web_attempt_by_code(
        &mut self,
        code: &Digest,
        user: &str,
        now: Timestamp,
    ) -> Stored<Option<DeviceWebAttempt>>;
    /// Puts another token in the place of the link's and of the code, once, and notes where the code was typed; false if
    /// the code is gone, the device has spoken already, or it has expired.
    async fn redeem_web_code(
        &mut self,
        id: &str,
        code: &Digest,
        token: &Digest,
        from: &str,
        now: Timestamp,
    ) -> Stored<bool>;
    /// Notes that the number of a browser elsewhere was typed, once; false if it is another, the code was not typed
    /// before, anything was refused, the device has spoken already, or it has expired.
    async fn match_web_number(&mut self, id: &str, number: i64, now: Timestamp) -> Stored<bool>;
    /// Notes why nothing comes of it any more, and counts so many refusals; a number that was typed counts no longer.
    async fn void_web_attempt(&mut self, id: &str, code: &str, failures: i64) -> Stored<()>;
    /// Notes why it was refused last, and counts it.
    async fn refuse_web_attempt(&mut self, id: &str, code: &str) -> Stored<()>;
    /// Spends the token of the link, once; false if it is spent, expired or another, or the number of a browser elsewhere
    /// was not typed.
    async fn prove_web_attempt(&mut self, id: &str, token: &Digest, proof: &DeviceWebProof) -> Stored<bool>;
    /// Spends the token of the way back, once; false if it is spent, expired or another, or the browser is elsewhere.
    async fn confirm_web_attempt(&mut self, id: &str, token: &Digest, now: Timestamp) -> Stored<bool>;
    /// Takes up, once, what was typed and proven for a browser elsewhere; false if it was taken up, is incomplete or has
    /// expired.
    async fn confirm_remote_web_attempt(&mut self, id: &str, now: Timestamp) -> Stored<bool>;
    /// Deletes all attempts of a session but the newest.
    async fn trim_web_attempts(&mut self, session_id: &str, keep: i64) -> Stored<()>;
    /// Deletes attempts that expired before the moment.
    async fn purge_web_attempts(&mut self, before: Timestamp) -> Stored<()>;
}
