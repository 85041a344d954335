use gatehouse_model::Timestamp;

use crate::Core;
use crate::ceremony::CeremonyError;
use crate::entity::{Device, REVIEW_DAYS, Review, ReviewReason, ReviewState, UnknownCaDetails};
use crate::ports::{StoreError, UnitOfWork};

/// Reviews of one user that may wait at once.
const MAX_PENDING: i64 = 5;
const DAY: i64 = 86_400;

/// An enrolment that an administrator is to decide.
pub(crate) struct Asked<'a> {
    pub(crate) subject: String,
    pub(crate) device: &'a Device,
    pub(crate) user: &'a str,
    pub(crate) credential_id: &'a str,
    pub(crate) evidence_id: &'a str,
    pub(crate) details: &'a UnknownCaDetails,
}

/// What came of asking: the id of the review.
pub(crate) enum AskedFor {
    New(String),
    /// Of the same device and user, with another key of the same TPM: the old one is lost.
    Renewed(String),
    /// As before.
    Same(String),
}

impl Core {
    /// Makes a review of an enrolment, or finds the one that waits.
    pub(crate) async fn ask_about_unknown_ca(
        &self,
        work: &mut dyn UnitOfWork,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<AskedFor, CeremonyError> {
        work.expire_reviews(now).await?;
        let details = serde_json::to_value(asked.details)
            .map_err(|error| CeremonyError::Store(StoreError::Driver(Box::new(error))))?;
        let known = work.newest_review(ReviewReason::UnknownCa, &asked.subject).await?;
        if let Some(known) = known.filter(|known| known.expires > now) {
            match known.state {
                ReviewState::Refused => return Err(CeremonyError::ReviewRefused),
                ReviewState::Pending => return renew(work, known, asked, details, now).await,
                // The device was un-enrolled since: this is another question.
                ReviewState::Accepted | ReviewState::Trusted | ReviewState::Expired => {}
            }
        }
        if work.count_pending_reviews(asked.user).await? >= MAX_PENDING {
            return Err(CeremonyError::TooManyReviews);
        }
        let review = Review {
            id: self.new_id(),
            reason: ReviewReason::UnknownCa,
            subject: asked.subject.clone(),
            state: ReviewState::Pending,
            created: now,
            expires: now.plus_secs(REVIEW_DAYS * DAY),
            device_id: asked.device.id.clone(),
            asset_tag: asked.device.asset_tag.to_string(),
            os_type: asked.device.os_type,
            user: asked.user.to_owned(),
            credential_id: asked.credential_id.to_owned(),
            evidence_id: asked.evidence_id.to_owned(),
            details,
            decided: None,
        };
        match work.insert_review(&review).await {
            Ok(()) => Ok(AskedFor::New(review.id)),
            // Somebody was faster, with this very TPM.
            Err(StoreError::Conflict { .. }) => Err(CeremonyError::OtherReview),
            Err(error) => Err(error.into()),
        }
    }
}

async fn renew(
    work: &mut dyn UnitOfWork,
    known: Review,
    asked: &Asked<'_>,
    details: serde_json::Value,
    now: Timestamp,
) -> Result<AskedFor, CeremonyError> {
    if known.device_id != asked.device.id || known.user != asked.user {
        return Err(CeremonyError::OtherReview);
    }
    let id = known.id.clone();
    if known.credential_id == asked.credential_id {
        // With the token of today: the one of then may have ended.
        work.renew_review(&Review { details, ..known }).await?;
        return Ok(AskedFor::Same(id));
    }
    work.delete_evidence(&known.evidence_id).await?;
    let renewed = Review {
        credential_id: asked.credential_id.to_owned(),
        evidence_id: asked.evidence_id.to_owned(),
        expires: now.plus_secs(REVIEW_DAYS * DAY),
        details,
        ..known
    };
    work.renew_review(&renewed).await?;
    Ok(AskedFor::Renewed(id))
}
