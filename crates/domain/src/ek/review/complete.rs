//! A review that is accepted ends the enrolment from the evidence that was kept: device and key are as if it had been
//! judged so at once. All of it is one commit, and nothing of it is done twice.

use gatehouse_attestation::{AkPublic, EkCertificate, verify_creation, verify_platform};
use gatehouse_model::{AttestationTier, DeviceTrustMode, Timestamp};

use super::facts::chain_of;
use super::{ReviewError, Reviews, check_waits};
use crate::audit::EventKind;
use crate::authz::Attribution;
use crate::ceremony::{Binding, CeremonyError, check_counters, check_data};
use crate::device::DeviceView;
use crate::ek::{EkTrust, device_ek, finding_of};
use crate::entity::{
    ACCEPTED_IN_REVIEW, Counters, Credential, EkFinding, EkVerdictCode, Evidence, Review, ReviewReason,
    ReviewState, UnknownCaDetails,
};
use crate::ports::UnitOfWork;

/// What the evidence shows, judged anew.
struct Shown {
    details: UnknownCaDetails,
    leaf: EkCertificate,
    sent: Vec<Vec<u8>>,
    ak_public: Vec<u8>,
    counters: Counters,
    tier: AttestationTier,
    findings: Vec<EkFinding>,
    /// Stable word, for the list of devices that could not enrol today.
    verdict: &'static str,
}

impl Reviews {
    /// The EK certificate of a review that waits, and what was sent with it.
    pub(super) async fn pending_chain(
        &self,
        id: &str,
        seen: &str,
        now: Timestamp,
    ) -> Result<(EkCertificate, Vec<Vec<u8>>), ReviewError> {
        let mut work = self.core.read().await?;
        let review = work.review(id).await?.ok_or_else(|| ReviewError::NotFound(id.to_owned()))?;
        check_waits(&review, seen, now)?;
        if review.reason != ReviewReason::UnknownCa {
            return Err(ReviewError::NoCa);
        }
        let evidence = work.evidence_by_id(&review.evidence_id).await?.ok_or(ReviewError::NoEvidence)?;
        chain_of(&review, &evidence).ok_or(ReviewError::NoEvidence)
    }

    /// Decides a review in favour of who asked; ends the unit of work.
    pub(super) async fn complete(
        &self,
        mut work: Box<dyn UnitOfWork>,
        id: &str,
        seen: &str,
        state: ReviewState,
        by: &Attribution,
        trust: Option<&EkTrust>,
    ) -> Result<Option<DeviceView>, ReviewError> {
        let now = self.core.now();
        let review = self.decide(work.as_mut(), id, seen, state, by).await?;
        let kind = match state {
            ReviewState::Trusted => EventKind::REVIEW_TRUST,
            _ => EventKind::REVIEW_ACCEPT,
        };
        work.append_event(&self.decision_event(kind, by, &review)).await?;
        match review.reason {
            ReviewReason::UnknownCa => self.enrol(work, &review, by, trust, now).await.map(Some),
            ReviewReason::BootDrift => {
                let device =
                    work.device_for_update(&review.device_id).await?.ok_or(ReviewError::DeviceGone)?;
                // What was looked at must be how it booted last.
                let boot = work.boot(&device.id).await?.map(|boot| hex::encode(boot.fingerprint));
                if boot.as_ref() != Some(&review.evidence_id) {
                    return Err(ReviewError::Changed);
                }
                work.forget_good_boot(&device.id).await?;
                let event = self.core.event(EventKind::DEVICE_BOOT_ACCEPT, by).about_device(&device, "");
                work.append_event(&event.with_details(serde_json::json!({"review": review.id}))).await?;
                work.commit().await?;
                Ok(None)
            }
        }
    }

    async fn enrol(
        &self,
        mut work: Box<dyn UnitOfWork>,
        review: &Review,
        by: &Attribution,
        trust: Option<&EkTrust>,
        now: Timestamp,
    ) -> Result<DeviceView, ReviewError> {
        let mut record = work.evidence_by_id(&review.evidence_id).await?.ok_or(ReviewError::NoEvidence)?;
        let shown = judge(review, &record, trust, &by.user, now)?;
        let held = work.device_and_alarm_for_update(&review.device_id).await?;
        let (device, alarm) = held.ok_or(ReviewError::DeviceGone)?;
        check_data(&device, &shown.details.data)?;
        let user = work.user(&review.user).await?.ok_or(ReviewError::UserGone)?;
        if let Some(lock) = work.lock_in_force(Some(&user.name), &user.roles, Some(&device.id), now).await? {
            return Err(CeremonyError::Locked(lock.target_text()).into());
        }
        if alarm.is_some() {
            return Err(CeremonyError::CountersWentBack.into());
        }
        let known = work.credential(device.os_type, &review.credential_id).await?;
        check_counters(known, &device, Some(shown.counters))?;
        let anchor = shown.leaf.ek().fingerprint();
        if device.anchor.is_some_and(|known| known != anchor) {
            return Err(CeremonyError::OtherKey.into());
        }
        self.check_leave(work.as_mut(), &shown.details, &device, review, now).await?;

        record.verdict = "success".to_owned();
        record.tier = shown.tier;
        record.findings = shown.findings;
        work.settle_evidence(&record.id, &record.verdict, record.tier, &record.findings).await?;
        let binding = Binding {
            user: &user.name,
            by,
            data: &shown.details.data,
            credential: Credential {
                id: review.credential_id.clone(),
                device_id: device.id.clone(),
                os_type: device.os_type,
                public_key_der: Vec::new(),
                tier: shown.tier,
                ekcert_serial: shown.leaf.serial(),
                ak_public: shown.ak_public,
                user: user.name.clone(),
                created: now,
                last_used: now,
                counters: Some(shown.counters),
            },
            anchor,
            record: &record,
            ek: Some(device_ek(&device.id, Some(&shown.leaf), &shown.sent, shown.verdict, now)),
            review: Some(&review.id),
        };
        Ok(self.core.write_enrolment(work, device, binding, now).await?)
    }

    /// What allowed the enrolment must still hold: the token, though not its end, which came while an administrator was
    /// waited for; or the rules of auto-enrolment.
    async fn check_leave(
        &self,
        work: &mut dyn UnitOfWork,
        details: &UnknownCaDetails,
        device: &crate::entity::Device,
        review: &Review,
        now: Timestamp,
    ) -> Result<(), ReviewError> {
        if self.preference.effective(work).await?.mode == DeviceTrustMode::Off {
            return Err(CeremonyError::Off.into());
        }
        if details.auto_enroll {
            self.preference.check_auto_enroll(work, device, &details.data, &review.user).await?;
            return Ok(());
        }
        if work.spend_reviewed_token(&details.token_id, now).await? {
            return Ok(());
        }
        match work.enroll_token(&details.token_id).await? {
            Some(token) if token.spent.is_some() => Err(CeremonyError::TokenSpent.into()),
            Some(_) => Err(CeremonyError::TokenRevoked.into()),
            // It has passed its retention, long after its end.
            None => Ok(()),
        }
    }
}

/// Judges the evidence as if it came in now; but for the nonce, which was the ceremony's, and the solution of the
/// activation, without which there would be no review.
fn judge(
    review: &Review,
    record: &Evidence,
    trust: Option<&EkTrust>,
    admin: &str,
    now: Timestamp,
) -> Result<Shown, ReviewError> {
    let details: UnknownCaDetails =
        serde_json::from_value(review.details.clone()).map_err(|_| ReviewError::NoEvidence)?;
    let (leaf, sent) = chain_of(review, record).ok_or(ReviewError::NoEvidence)?;
    let ak = AkPublic::parse(&record.ak.public).map_err(CeremonyError::from)?;
    if ak.credential_id() != review.credential_id {
        return Err(CeremonyError::CredentialId.into());
    }
    verify_creation(&ak, &record.ak).map_err(CeremonyError::from)?;
    let nonce: [u8; crate::ceremony::NONCE_BYTES] =
        record.nonce.as_slice().try_into().map_err(|_| ReviewError::NoEvidence)?;
    let attested = verify_platform(&ak, &nonce, &record.platform).map_err(CeremonyError::from)?;
    let (tier, findings, verdict) = match trust.map(|trust| trust.judge(&leaf, &sent, now)) {
        Some(Ok(path)) => {
            let verdict = match path.tier {
                AttestationTier::TpmEkcertTrusted => EkVerdictCode::TRUSTED,
                _ => EkVerdictCode::LOWER_TIER,
            };
            (path.tier, path.findings.iter().map(finding_of).collect(), verdict)
        }
        Some(Err(error)) => {
            let code = ACCEPTED_IN_REVIEW.to_owned();
            let accepted = EkFinding { code, about: admin.to_owned(), lowers_tier: true };
            (AttestationTier::TpmEkcert, vec![accepted], error.code())
        }
        None => (AttestationTier::TpmEkcert, Vec::new(), EkVerdictCode::NONE),
    };
    Ok(Shown {
        details,
        leaf,
        sent,
        ak_public: record.ak.public.clone(),
        counters: Counters {
            reset_count: attested.clock.reset_count,
            restart_count: attested.clock.restart_count,
            clock: attested.clock.clock,
        },
        tier,
        findings,
        verdict,
    })
}
