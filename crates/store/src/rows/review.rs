use async_trait::async_trait;
use gatehouse_domain::entity::{
    DeviceEk, Digest, EkFinding, EkJudgement, EkOfDevice, EkVerdictCode, Evidence, RecordKind, Review,
    ReviewCursor, ReviewDecision, ReviewReason, ReviewState,
};
use gatehouse_domain::ports::reviews::{DeviceEkRows, ReviewRows};
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::{AttestationTier, EnrollStatus, OsType, Timestamp};

use super::Unit;
use super::device::{asset_tag, enroll_status};
use super::evidence::EVIDENCE;
use crate::decode::{Columns, Decode, NUMBER, to_json};
use crate::executor::Executor;
use crate::sql::review as sql;
use crate::value::values;

/// Where a first page begins: after everything.
const END: &str = "\u{10ffff}";

const REVIEW: Decode<Review> = Decode {
    entity: "review",
    read: |columns| {
        Ok(Review {
            id: columns.text()?,
            reason: columns.one_of(&ReviewReason::ALL, ReviewReason::as_str)?,
            subject: columns.text()?,
            state: columns.one_of(&ReviewState::ALL, ReviewState::as_str)?,
            created: columns.time()?,
            expires: columns.time()?,
            device_id: columns.text()?,
            asset_tag: columns.text()?,
            os_type: columns.os()?,
            user: columns.text()?,
            credential_id: columns.text()?,
            evidence_id: columns.text()?,
            details: columns.json()?,
            decided: decision(columns)?,
        })
    },
};

/// Two columns, set together or not at all.
fn decision(columns: &mut dyn Columns) -> Stored<Option<ReviewDecision>> {
    let (time, by) = (columns.maybe_time()?, columns.maybe_text()?);
    match (time, by) {
        (None, None) => Ok(None),
        (Some(time), Some(by)) => Ok(Some(ReviewDecision { time, by })),
        _ => Err(columns.corrupt()),
    }
}

const EK_OF_DEVICE: Decode<EkOfDevice> = Decode {
    entity: "EK of a device",
    read: |columns| {
        let device_id = columns.text()?;
        Ok(EkOfDevice {
            os_type: columns.os()?,
            asset_tag: asset_tag(columns)?,
            enroll_status: columns.numbered(enroll_status)?,
            ek: device_ek(columns, &device_id)?,
            device_id,
        })
    },
};

/// Six columns, set together or not at all.
fn device_ek(columns: &mut dyn Columns, device_id: &str) -> Stored<Option<DeviceEk>> {
    let (certificate, intermediates) = (columns.maybe_bytes()?, columns.maybe_bytes()?);
    let (issuer_key, top_key) = (columns.maybe_digest()?, columns.maybe_digest()?);
    let (verdict, updated) = (columns.maybe_text()?, columns.maybe_time()?);
    let Some(certificate) = certificate else { return Ok(None) };
    match (intermediates, issuer_key, top_key, verdict, updated) {
        (Some(intermediates), Some(issuer_key), Some(top_key), Some(verdict), Some(updated)) => {
            Ok(Some(DeviceEk {
                device_id: device_id.to_owned(),
                certificate,
                intermediates,
                issuer_key,
                top_key,
                verdict: EkVerdictCode(verdict),
                updated,
            }))
        }
        _ => Err(columns.corrupt()),
    }
}

const JUDGEMENT: Decode<EkJudgement> = Decode {
    entity: "judgement of EKs",
    read: |columns| {
        Ok(EkJudgement {
            revision: columns.text()?,
            after: columns.text()?,
            judged: columns.int()?,
            failing: columns.int()?,
            started: columns.time()?,
            finished: columns.maybe_time()?,
        })
    },
};

#[async_trait]
impl<E: Executor> ReviewRows for Unit<E> {
    async fn insert_review(&mut self, review: &Review) -> Stored<()> {
        let details = to_json(&review.details)?;
        let values = values![
            &review.id,
            review.reason.as_str(),
            &review.subject,
            review.state.as_str(),
            review.created,
            review.expires,
            &review.device_id,
            &review.asset_tag,
            review.os_type,
            &review.user,
            &review.credential_id,
            &review.evidence_id,
            &details,
        ];
        self.on.execute(sql::INSERT_REVIEW, values).await?;
        Ok(())
    }

    async fn review(&mut self, id: &str) -> Stored<Option<Review>> {
        self.on.optional(sql::REVIEW, values![id], REVIEW).await
    }

    async fn newest_review(&mut self, reason: ReviewReason, subject: &str) -> Stored<Option<Review>> {
        self.on.optional(sql::NEWEST_REVIEW, values![reason.as_str(), subject], REVIEW).await
    }

    async fn renew_review(&mut self, review: &Review) -> Stored<bool> {
        let details = to_json(&review.details)?;
        let values =
            values![&review.id, &review.credential_id, &review.evidence_id, &details, review.expires];
        Ok(self.on.execute(sql::RENEW_REVIEW, values).await? > 0)
    }

    async fn decide_review(
        &mut self,
        id: &str,
        evidence_id: &str,
        state: ReviewState,
        decision: &ReviewDecision,
    ) -> Stored<bool> {
        let values = values![id, evidence_id, state.as_str(), decision.time, &decision.by];
        Ok(self.on.execute(sql::DECIDE_REVIEW, values).await? > 0)
    }

    async fn expire_reviews(&mut self, now: Timestamp) -> Stored<i64> {
        self.on.execute(sql::EXPIRE_REVIEWS, values![now]).await
    }

    async fn count_pending_reviews(&mut self, user: &str) -> Stored<i64> {
        Ok(self.on.optional(sql::COUNT_PENDING_REVIEWS, values![user], NUMBER).await?.unwrap_or_default())
    }

    async fn reviews(
        &mut self,
        pending: bool,
        before: Option<&ReviewCursor>,
        limit: i64,
    ) -> Stored<Vec<Review>> {
        let text = if pending { sql::PENDING_REVIEWS } else { sql::DECIDED_REVIEWS };
        let (created, id) =
            before.map_or((i64::MAX, END), |cursor| (cursor.created.micros(), cursor.id.as_str()));
        self.on.all(text, values![created, id, limit], REVIEW).await
    }

    async fn reviews_of_device(
        &mut self,
        device_id: &str,
        ek: &str,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Review>> {
        self.on.all(sql::REVIEWS_OF_DEVICE, values![device_id, ek, now, limit], REVIEW).await
    }

    async fn waiting_reviews_of_user(
        &mut self,
        user: &str,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Review>> {
        self.on.all(sql::WAITING_REVIEWS_OF_USER, values![user, now, limit], REVIEW).await
    }

    async fn purge_reviews(&mut self, before: Timestamp) -> Stored<()> {
        self.on.change(sql::PURGE_REVIEWS, values![before]).await
    }

    async fn evidence_by_id(&mut self, id: &str) -> Stored<Option<Evidence>> {
        self.on.optional(sql::EVIDENCE, values![id], EVIDENCE).await
    }

    async fn delete_evidence(&mut self, id: &str) -> Stored<()> {
        self.on.change(sql::DELETE_EVIDENCE, values![id]).await
    }

    async fn settle_evidence(
        &mut self,
        id: &str,
        verdict: &str,
        tier: AttestationTier,
        findings: &[EkFinding],
    ) -> Stored<()> {
        let findings = to_json(findings)?;
        self.on.change(sql::SETTLE_EVIDENCE, values![id, verdict, tier as i64, &findings]).await
    }

    async fn return_challenge(&mut self, token_id: &str, challenge_id: &str) -> Stored<()> {
        self.on.change(sql::RETURN_CHALLENGE, values![token_id, challenge_id]).await
    }

    async fn spend_reviewed_token(&mut self, token_id: &str, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::SPEND_REVIEWED_TOKEN, values![token_id, now]).await? > 0)
    }
}

#[async_trait]
impl<E: Executor> DeviceEkRows for Unit<E> {
    async fn put_device_ek(&mut self, ek: &DeviceEk) -> Stored<()> {
        let values = values![
            &ek.device_id,
            &ek.certificate,
            &ek.intermediates,
            &ek.issuer_key,
            &ek.top_key,
            &ek.verdict.0,
            ek.verdict.fails(),
            ek.updated,
        ];
        self.on.change(sql::PUT_DEVICE_EK, values).await
    }

    async fn set_ek_verdict(&mut self, device_id: &str, verdict: &str) -> Stored<()> {
        let fails = EkVerdictCode(verdict.to_owned()).fails();
        self.on.change(sql::SET_EK_VERDICT, values![device_id, verdict, fails]).await
    }

    async fn eks_of_devices(&mut self, after: &str, limit: i64) -> Stored<Vec<EkOfDevice>> {
        self.on.all(sql::EKS_OF_DEVICES, values![after, OsType::Macos, limit], EK_OF_DEVICE).await
    }

    async fn eks_issued_by(&mut self, issuer: &Digest, limit: i64) -> Stored<Vec<EkOfDevice>> {
        let mut found = self.on.all(sql::EKS_ISSUED_BY, values![issuer, limit], EK_OF_DEVICE).await?;
        for other in self.on.all(sql::EKS_BELOW, values![issuer, limit], EK_OF_DEVICE).await? {
            if found.iter().all(|known| known.device_id != other.device_id) {
                found.push(other);
            }
        }
        found.truncate(usize::try_from(limit).unwrap_or_default());
        Ok(found)
    }

    async fn failing_eks(&mut self, after: &str, limit: i64) -> Stored<Vec<EkOfDevice>> {
        let values = values![after, EnrollStatus::Enrolled as i64, limit];
        self.on.all(sql::FAILING_EKS, values, EK_OF_DEVICE).await
    }

    async fn count_failing_eks(&mut self) -> Stored<i64> {
        let values = values![EnrollStatus::Enrolled as i64];
        Ok(self.on.optional(sql::COUNT_FAILING_EKS, values, NUMBER).await?.unwrap_or_default())
    }

    async fn ek_judgement(&mut self) -> Stored<Option<EkJudgement>> {
        self.on.optional(sql::EK_JUDGEMENT, values![], JUDGEMENT).await
    }

    async fn put_ek_judgement(&mut self, judgement: &EkJudgement) -> Stored<()> {
        let values = values![
            &judgement.revision,
            &judgement.after,
            judgement.judged,
            judgement.failing,
            judgement.started,
            judgement.finished,
        ];
        self.on.change(sql::PUT_EK_JUDGEMENT, values).await
    }

    async fn enrolment_evidence(&mut self, device_id: &str) -> Stored<Option<Evidence>> {
        let values = values![device_id, RecordKind::Enroll.as_str(), "success"];
        self.on.optional(sql::ENROLMENT_EVIDENCE, values, EVIDENCE).await
    }
}
