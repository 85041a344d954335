//! Storage of what administrators have to decide, and of how the EKs of devices are judged.

use async_trait::async_trait;
use gatehouse_model::{AttestationTier, Timestamp};

use super::store::Stored;
use crate::entity::{
    DeviceEk, Digest, EkFinding, EkJudgement, EkOfDevice, Evidence, Review, ReviewCursor, ReviewDecision,
    ReviewReason, ReviewState,
};

/// What administrators have to decide.
#[async_trait]
pub trait ReviewRows {
    /// Conflict `reviews_pending` if one of the same reason and subject waits.
    async fn insert_review(&mut self, review: &Review) -> Stored<()>;
    async fn review(&mut self, id: &str) -> Stored<Option<Review>>;
    /// The newest of a reason and subject.
    async fn newest_review(&mut self, reason: ReviewReason, subject: &str) -> Stored<Option<Review>>;
    /// Puts other evidence and details into one that waits, and lets it wait anew; false if it does not wait.
    async fn renew_review(&mut self, review: &Review) -> Stored<bool>;
    /// Decides one that waits and has this evidence; false otherwise.
    async fn decide_review(
        &mut self,
        id: &str,
        evidence_id: &str,
        state: ReviewState,
        decision: &ReviewDecision,
    ) -> Stored<bool>;
    /// Notes that those have expired that nobody decided in time.
    async fn expire_reviews(&mut self, now: Timestamp) -> Stored<i64>;
    /// How many of a user wait.
    async fn count_pending_reviews(&mut self, user: &str) -> Stored<i64>;
    /// Those that wait, or those that do not, newest first.
    async fn reviews(
        &mut self,
        pending: bool,
        before: Option<&ReviewCursor>,
        limit: i64,
    ) -> Stored<Vec<Review>>;
    /// Those of a device that wait, and those about an EK (its SHA-256 in hexadecimal digits) or a boot that it has had,
    /// newest first.
    async fn reviews_of_device(
        &mut self,
        device_id: &str,
        ek: &str,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Review>>;
    /// Those that a user has asked for and that wait, newest first.
    async fn waiting_reviews_of_user(
        &mut self,
        user: &str,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Review>>;
    /// Deletes those that were made before the moment.
    async fn purge_reviews(&mut self, before: Timestamp) -> Stored<()>;

    async fn evidence_by_id(&mut self, id: &str) -> Stored<Option<Evidence>>;
    async fn delete_evidence(&mut self, id: &str) -> Stored<()>;
    /// Writes down what became of evidence that was not decided at once.
    async fn settle_evidence(
        &mut self,
        id: &str,
        verdict: &str,
        tier: AttestationTier,
        findings: &[EkFinding],
    ) -> Stored<()>;
    /// Closes the challenge if it is the open one, as if it had never been opened.
    async fn return_challenge(&mut self, token_id: &str, challenge_id: &str) -> Stored<()>;
    /// Spends a token whose ceremony was complete in time: neither spent nor revoked; false otherwise.
    async fn spend_reviewed_token(&mut self, token_id: &str, now: Timestamp) -> Stored<bool>;
}

/// The EKs of devices, judged by the CAs that are allowed now.
#[async_trait]
pub trait DeviceEkRows {
    /// Replaces.
    async fn put_device_ek(&mut self, ek: &DeviceEk) -> Stored<()>;
    async fn set_ek_verdict(&mut self, device_id: &str, verdict: &str) -> Stored<()>;
    /// All devices with TPMs, by id, after `after`.
    async fn eks_of_devices(&mut self, after: &str, limit: i64) -> Stored<Vec<EkOfDevice>>;
    /// Devices whose EK certificate, or the topmost certificate that they sent with it, was issued by a CA of this name.
    async fn eks_issued_by(&mut self, issuer: &Digest, limit: i64) -> Stored<Vec<EkOfDevice>>;
    /// Enrolled devices that could not enrol today, by id, after `after`.
    async fn failing_eks(&mut self, after: &str, limit: i64) -> Stored<Vec<EkOfDevice>>;
    /// How many they are.
    async fn count_failing_eks(&mut self) -> Stored<i64>;
    async fn ek_judgement(&mut self) -> Stored<Option<EkJudgement>>;
    /// Replaces.
    async fn put_ek_judgement(&mut self, judgement: &EkJudgement) -> Stored<()>;
    /// What an enrolled device was last enrolled by; none where it has passed its retention.
    async fn enrolment_evidence(&mut self, device_id: &str) -> Stored<Option<Evidence>>;
}
