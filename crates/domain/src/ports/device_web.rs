//! Storage of browsers' sessions that wait for a device to speak for them.

use async_trait::async_trait;
use gatehouse_model::Timestamp;

use super::store::Stored;
use crate::entity::{DeviceWebAttempt, DeviceWebProof, Digest};

/// Attempts to hand a browser's session to a device and back.
#[async_trait]
pub trait DeviceWebRows {
    /// Without proof, failures and refusal.
    async fn insert_web_attempt(&mut self, attempt: &DeviceWebAttempt) -> Stored<()>;
    async fn web_attempt(&mut self, id: &str) -> Stored<Option<DeviceWebAttempt>>;
    /// The user's attempt with this code, if it has neither expired nor been redeemed.
    async fn web_attempt_by_code(
        &mut self,
        code: &Digest,
        user: &str,
        now: Timestamp,
    ) -> Stored<Option<DeviceWebAttempt>>;
    /// Puts another token in the place of the link's and of the code, once; false if the code is gone, the device has
    /// spoken already, or it has expired.
    async fn redeem_web_code(
        &mut self,
        id: &str,
        code: &Digest,
        token: &Digest,
        now: Timestamp,
    ) -> Stored<bool>;
    /// Notes why it was refused last, and counts it.
    async fn refuse_web_attempt(&mut self, id: &str, code: &str) -> Stored<()>;
    /// Spends the token of the link, once; false if it is spent, expired or another.
    async fn prove_web_attempt(&mut self, id: &str, token: &Digest, proof: &DeviceWebProof) -> Stored<bool>;
    /// Spends the token of the way back, once; false if it is spent, expired or another.
    async fn confirm_web_attempt(&mut self, id: &str, token: &Digest, now: Timestamp) -> Stored<bool>;
    /// Deletes all attempts of a session but the newest.
    async fn trim_web_attempts(&mut self, session_id: &str, keep: i64) -> Stored<()>;
    /// Deletes attempts that expired before the moment.
    async fn purge_web_attempts(&mut self, before: Timestamp) -> Stored<()>;
}
