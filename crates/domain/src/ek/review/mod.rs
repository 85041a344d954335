//! What administrators have to decide about devices.

mod ask;
mod complete;
mod error;
mod facts;

use std::sync::Arc;

use gatehouse_attestation::AllowedCas;
use gatehouse_model::{Timestamp, clean_label};

pub(crate) use ask::{Asked, AskedFor};
pub use error::ReviewError;
pub use facts::{Refusal, ReviewFacts};

use super::allow_list::{AllowList, certificates_of};
use super::{EkTrust, EkTrusts};
use crate::Core;
use crate::audit::EventKind;
use crate::authz::{Attribution, DecideReview, Grant, ListReviews, ReadReview, UpdatePreference};
use crate::cluster::Preference;
use crate::device::DeviceView;
use crate::entity::{Device, Review, ReviewCursor, ReviewDecision, ReviewReason, ReviewState};

/// Most reviews of one page.
const MAX_REVIEWS: i64 = 200;
/// Most that stand on the page of what they are about.
const FEW: i64 = 20;

/// Reviews, and what is decided in them.
pub struct Reviews {
    core: Arc<Core>,
    preference: Preference,
    trusts: Arc<EkTrusts>,
}

/// A page of reviews, newest first.
#[derive(Clone, Debug)]
pub struct ReviewPage {
    pub reviews: Vec<Review>,
    pub next: Option<ReviewCursor>,
    /// The moment that it is of: see [`Review::state_at`].
    pub now: Timestamp,
}

/// One review, and what it is to be decided by.
#[derive(Clone, Debug)]
pub struct ReviewDetail {
    pub review: Review,
    /// Of [`ReviewReason::UnknownCa`], as long as the evidence is kept.
    pub facts: Option<ReviewFacts>,
    pub now: Timestamp,
}

impl Reviews {
    pub(crate) fn new(core: Arc<Core>, preference: Preference, trusts: Arc<EkTrusts>) -> Self {
        Self { core, preference, trusts }
    }

    /// Those that wait, or those that do not, newest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn page(
        &self,
        _grant: &Grant<ListReviews>,
        pending: bool,
        before: Option<&ReviewCursor>,
        size: i64,
    ) -> Result<ReviewPage, ReviewError> {
        let now = self.core.now();
        let size = size.clamp(1, MAX_REVIEWS);
        let mut reviews = self.core.read().await?.reviews(pending, before, size + 1).await?;
        let more = i64::try_from(reviews.len()).is_ok_and(|len| len > size);
        reviews.truncate(usize::try_from(size).unwrap_or_default());
        let next = reviews.last().filter(|_| more);
        let next = next.map(|last| ReviewCursor { created: last.created, id: last.id.clone() });
        Ok(ReviewPage { reviews, next, now })
    }

    /// One review.
    ///
    /// # Errors
    /// There is none such.
    pub async fn get(&self, _grant: &Grant<ReadReview>, id: &str) -> Result<ReviewDetail, ReviewError> {
        let now = self.core.now();
        let mut work = self.core.read().await?;
        let review = work.review(id).await?.ok_or_else(|| ReviewError::NotFound(clean_label(id)))?;
        let facts = match review.reason {
            ReviewReason::UnknownCa => {
                let trust = self.trusts.of(self.preference.effective(work.as_mut()).await?.as_ref());
                let trust = trust.map_err(ReviewError::AllowedCas)?;
                let evidence = work.evidence_by_id(&review.evidence_id).await?;
                evidence.and_then(|evidence| facts::facts(&review, &evidence, trust.as_deref(), now))
            }
            ReviewReason::BootDrift => None,
        };
        Ok(ReviewDetail { review, facts, now })
    }

    /// Those about a device: that wait, or are about its TPM or its boots; newest first, not more than a page.
    ///
    /// # Errors
    /// Storage.
    pub async fn of_device(
        &self,
        _grant: &Grant<ReadReview>,
        device: &Device,
    ) -> Result<ReviewPage, ReviewError> {
        let now = self.core.now();
        let ek = device.anchor.map(hex::encode).unwrap_or_default();
        let reviews = self.core.read().await?.reviews_of_device(&device.id, &ek, now, FEW).await?;
        Ok(ReviewPage { reviews, next: None, now })
    }

    /// What a user has asked for and waits, newest first, not more than a page.
    ///
    /// # Errors
    /// Storage.
    pub async fn waiting_of_user(
        &self,
        _grant: &Grant<ListReviews>,
        user: &str,
    ) -> Result<ReviewPage, ReviewError> {
        let now = self.core.now();
        let reviews = self.core.read().await?.waiting_reviews_of_user(user, now, FEW).await?;
        Ok(ReviewPage { reviews, next: None, now })
    }

    /// Grants what was asked for, this once. `seen` is the evidence that was looked at.
    ///
    /// # Errors
    /// It does not wait any more, or is about something else by now; the device is gone, locked or has another key; the key
    /// is another device's by now.
    pub async fn accept(
        &self,
        grant: &Grant<DecideReview>,
        id: &str,
        seen: &str,
    ) -> Result<Option<DeviceView>, ReviewError> {
        let trust = self.current_trust().await?;
        let work = self.core.begin().await?;
        self.complete(work, id, seen, ReviewState::Accepted, grant.by(), trust.as_deref()).await
    }

    /// Allows CAs, and grants what was asked for by them. Without certificates it is the CA that issued the EK
    /// certificate, if the device has sent it.
    ///
    /// # Errors
    /// As [`Reviews::accept`]; the certificates are no CAs' or do not lead to the device's TPM; somebody else changed the
    /// list. Then nothing is changed, neither list nor device.
    pub async fn trust(
        &self,
        grant: &Grant<DecideReview>,
        list_grant: &Grant<UpdatePreference>,
        id: &str,
        seen: &str,
        certificates: &[u8],
    ) -> Result<Option<DeviceView>, ReviewError> {
        let now = self.core.now();
        let document = self.preference.document().await?;
        let (leaf, sent) = self.pending_chain(id, seen, now).await?;
        let mut list = AllowList::of(&document.effective).map_err(ReviewError::AllowedCas)?;
        let new = if certificates.is_empty() {
            let above = gatehouse_attestation::Intermediates::from_device(&sent).above(&leaf);
            above.into_iter().next().map(|facts| facts.der).into_iter().collect()
        } else {
            certificates_of(certificates).map_err(ReviewError::Certificates)?
        };
        if new.is_empty() {
            return Err(ReviewError::NoCertificate);
        }
        let mut added = AllowedCas::default();
        for der in &new {
            added.add(der).map_err(|reason| ReviewError::Certificates(reason.to_string()))?;
        }
        list.add(added.facts());
        let trust = EkTrust::new(
            &list.pems(),
            &document.effective.ekcert_allowed_vendors,
            document.effective.ekcert_policy,
        );
        let trust = trust.map_err(ReviewError::AllowedCas)?;
        trust.judge(&leaf, &sent, now).map_err(|error| ReviewError::NotCovered(Box::new(error)))?;
        let mut spec = document.dynamic.clone();
        spec.device_trust.ekcert_allowed_cas = Some(list.pems());
        // The list is only changed if the device is enrolled.
        let mut work = self.core.begin().await?;
        self.preference.set_in(work.as_mut(), list_grant, &spec, Some(&document.revision)).await?;
        let enrolled = self.complete(work, id, seen, ReviewState::Trusted, grant.by(), Some(&trust)).await?;
        self.preference.tell_changed();
        Ok(enrolled)
    }

    /// Refuses what was asked for. The same can be asked for again once the review has expired.
    ///
    /// # Errors
    /// It does not wait any more, or is about something else by now.
    pub async fn refuse(
        &self,
        grant: &Grant<DecideReview>,
        id: &str,
        seen: &str,
    ) -> Result<Review, ReviewError> {
        let mut work = self.core.begin().await?;
        let review = self.decide(work.as_mut(), id, seen, ReviewState::Refused, grant.by()).await?;
        let event = self.decision_event(EventKind::REVIEW_REFUSE, grant.by(), &review);
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(review)
    }

    /// Takes a review that waits out of the waiting ones, within a unit of work: whoever comes second gets an error.
    pub(crate) async fn decide(
        &self,
        work: &mut dyn crate::ports::UnitOfWork,
        id: &str,
        seen: &str,
        state: ReviewState,
        by: &Attribution,
    ) -> Result<Review, ReviewError> {
        let now = self.core.now();
        let review = work.review(id).await?.ok_or_else(|| ReviewError::NotFound(clean_label(id)))?;
        check_waits(&review, seen, now)?;
        let decision = ReviewDecision { time: now, by: by.user.clone() };
        if !work.decide_review(id, seen, state, &decision).await? {
            let current = work.review(id).await?.ok_or_else(|| ReviewError::NotFound(clean_label(id)))?;
            check_waits(&current, seen, now)?;
            return Err(ReviewError::Changed);
        }
        Ok(Review { state, decided: Some(decision), ..review })
    }

    fn decision_event(
        &self,
        kind: EventKind,
        by: &Attribution,
        review: &Review,
    ) -> crate::entity::AuditEvent {
        let mut event = self.core.event(kind, by).about(&review.id).with_details(serde_json::json!({
            "reason": review.reason.as_str(), "requested_by": review.user, "evidence": review.evidence_id,
        }));
        event.device = Some(crate::entity::DeviceMetadata::new(
            &review.device_id,
            review.os_type,
            &review.asset_tag,
            &review.credential_id,
        ));
        event
    }

    async fn current_trust(&self) -> Result<Option<Arc<EkTrust>>, ReviewError> {
        self.trusts.of(self.preference.current().await?.as_ref()).map_err(ReviewError::AllowedCas)
    }
}

fn check_waits(review: &Review, seen: &str, now: Timestamp) -> Result<(), ReviewError> {
    match review.state_at(now) {
        ReviewState::Pending if review.evidence_id == seen => Ok(()),
        ReviewState::Pending => Err(ReviewError::Changed),
        ReviewState::Expired => Err(ReviewError::Expired),
        state => Err(ReviewError::Decided {
            reason: review.reason,
            state,
            by: review.decided.as_ref().map(|decision| decision.by.clone()),
        }),
    }
}
