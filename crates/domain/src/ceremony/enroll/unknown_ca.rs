//! An enrolment in which everything holds but the CA: an administrator is asked.

use gatehouse_attestation::ChainError;

use super::{Claim, Enrolment, PendingEnrolment};
use crate::audit::EventKind;
use crate::ceremony::{CeremonyError, check_data, evidence};
use crate::ek::{Asked, AskedFor};
use crate::entity::{Digest, Evidence, TokenPurpose, UnknownCaDetails};
use crate::{Core, Decision};

impl Enrolment {
    /// Keeps what was shown and makes a review of it, or finds the one that waits: one an EK, few a user. An attempt that
    /// ends so does not count against its token. Answers with the refusal to tell.
    pub(super) async fn ask_for_review(
        &self,
        pending: &PendingEnrolment,
        anchor: &Digest,
        chain: &ChainError,
        mut record: Evidence,
    ) -> Result<CeremonyError, CeremonyError> {
        match self.keep_for_review(pending, anchor, chain, &mut record).await {
            Ok(refusal) => Ok(refusal),
            Err(error) => {
                record.verdict = error.code().to_owned();
                evidence::trim(&mut record);
                self.close(pending, error.code(), &error.to_string(), Some(&record)).await?;
                Ok(error)
            }
        }
    }

    async fn keep_for_review(
        &self,
        pending: &PendingEnrolment,
        anchor: &Digest,
        chain: &ChainError,
        record: &mut Evidence,
    ) -> Result<CeremonyError, CeremonyError> {
        let now = record.time;
        let mut work = self.core.begin().await?;
        let device = work.device_for_update(&pending.device.id).await?.ok_or(CeremonyError::TokenInvalid)?;
        check_data(&device, &pending.init.data)?;
        // What nobody could accept is not asked.
        if let Some(lock) = work.lock_in_force(None, &[], Some(&device.id), now).await? {
            return Err(CeremonyError::Locked(lock.target_text()));
        }
        if device.anchor.is_some_and(|known| known != *anchor) {
            return Err(CeremonyError::OtherKey);
        }
        let sent = match &pending.claim {
            Claim::Tpm { tpm, .. } => tpm.sent.iter().map(hex::encode).collect(),
            Claim::SecureEnclave { .. } => Vec::new(),
        };
        let details = UnknownCaDetails {
            token_id: pending.token.id.clone(),
            auto_enroll: pending.token.purpose == TokenPurpose::AutoEnroll,
            data: pending.init.data.clone(),
            intermediates: sent,
        };
        record.verdict = "awaiting_review".to_owned();
        let asked = Asked {
            subject: hex::encode(anchor),
            device: &device,
            user: &pending.user,
            credential_id: &pending.init.credential_id,
            evidence_id: &record.id,
            details: &details,
        };
        let asked_for = self.core.ask_about_unknown_ca(work.as_mut(), &asked, now).await?;
        let id = match &asked_for {
            AskedFor::New(id) | AskedFor::Renewed(id) | AskedFor::Same(id) => id.clone(),
        };
        let refusal = CeremonyError::AwaitingReview(id.clone());
        // The same attempt again changes nothing, and so leaves nothing: it is free of charge.
        if matches!(asked_for, AskedFor::Renewed(_)) {
            work.close_challenge(&pending.token.id, &pending.challenge_id).await?;
        } else {
            work.return_challenge(&pending.token.id, &pending.challenge_id).await?;
        }
        if matches!(asked_for, AskedFor::New(_) | AskedFor::Renewed(_)) {
            pending.basis.keep(work.as_mut()).await?;
            work.insert_evidence(record).await?;
            if let Some(ek) = pending.ek(&device.id, record.tier, now) {
                work.put_device_ek(&ek).await?;
            }
            let facts = serde_json::json!({
                "review": id, "evidence": record.id, "issuer": chain.issuer, "aki": chain.aki, "reason": chain.code(),
            });
            self.note(work.as_mut(), pending, &refusal, &id, facts).await?;
        }
        work.commit().await?;
        Ok(refusal)
    }

    async fn note(
        &self,
        work: &mut dyn crate::ports::UnitOfWork,
        pending: &PendingEnrolment,
        refusal: &CeremonyError,
        id: &str,
        facts: serde_json::Value,
    ) -> Result<(), CeremonyError> {
        let core: &Core = &self.core;
        let refused = core
            .event(EventKind::DEVICE_ENROLL, &pending.by)
            .about_device(&pending.device, &pending.init.credential_id)
            .with_details(facts.clone())
            .failed(EventKind::DEVICE_ENROLL, refusal.code(), refusal);
        work.append_event(&refused).await?;
        let asked = core
            .event(EventKind::REVIEW_CREATE, &pending.by)
            .about(id)
            .about_device(&pending.device, &pending.init.credential_id)
            .with_details(facts);
        Ok(work.append_event(&asked).await?)
    }
}
