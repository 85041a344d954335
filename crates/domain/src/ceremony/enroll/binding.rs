//! The end of an enrolment: the key is bound, or nothing has happened.

use gatehouse_model::EnrollStatus;

use super::{Enrolment, PendingEnrolment, Proven, check_token_state};
use crate::audit::EventKind;
use crate::ceremony::boot;
use crate::ceremony::counters::{Progress, progress};
use crate::ceremony::{CeremonyError, check_data};
use crate::device::{DeviceView, may_auto_enroll};
use crate::entity::{CollectedRecord, Credential, Device, Evidence, RecordKind, TokenPurpose};
use crate::ports::UnitOfWork;
use crate::ports::ceremony_rows::{EnrolmentEnd, Held};

impl Enrolment {
    /// The one commit that makes a device trusted.
    pub(super) async fn bind(
        &self,
        pending: &PendingEnrolment,
        proven: &Proven,
        record: &Evidence,
    ) -> Result<DeviceView, CeremonyError> {
        // One moment for all of it: by it, collected data and the evidence it came with find each other.
        let now = record.time;
        let mut work = self.core.begin().await?;
        let end = EnrolmentEnd {
            device_id: &pending.device.id,
            os_type: pending.device.os_type,
            credential_id: &pending.init.credential_id,
            token_id: &pending.token.id,
            challenge_id: &pending.challenge_id,
        };
        let (held, known, spent) = work.hold_for_enrolment(end, now).await?;
        let Held { mut device, alarm, lock } = held.ok_or(CeremonyError::TokenInvalid)?;
        check_data(&device, &pending.init.data)?;
        if let Some(lock) = lock {
            return Err(CeremonyError::Locked(lock.target_text()));
        }
        if alarm.is_some() {
            return Err(CeremonyError::CountersWentBack);
        }
        check_counters(known, &device, proven)?;
        if pending.token.purpose == TokenPurpose::AutoEnroll {
            self.check_auto_enroll(work.as_mut(), &device, pending).await?;
        }
        if device.anchor.is_some_and(|anchor| anchor != proven.anchor) {
            return Err(CeremonyError::OtherKey);
        }
        let enrolled_before = device.enroll_status == EnrollStatus::Enrolled;
        device.anchor = Some(proven.anchor);
        device.enroll_status = EnrollStatus::Enrolled;
        device.owner.get_or_insert_with(|| pending.user.clone());
        device.updated = now;
        if !spent {
            let current = work.enroll_token(&pending.token.id).await?.ok_or(CeremonyError::TokenInvalid)?;
            check_token_state(&current, now)?;
            return Err(CeremonyError::TokenBusy);
        }
        let credential = pending.credential(proven, now);
        work.add_device_user(&device.id, &pending.user, now).await?;
        let mut data = pending.init.data.clone();
        data.record_time = Some(now);
        work.add_collected(&device.id, &CollectedRecord { kind: RecordKind::Enroll, data }).await?;
        pending.basis.keep(work.as_mut()).await?;
        work.insert_evidence(record).await?;
        if !record.platform.pcrs.is_empty() {
            let boot = boot::record(&device.id, RecordKind::Enroll, &pending.user, now, &record.platform);
            // A device that is enrolled already may have drifted: enrolling again must not wash that away.
            boot::note(&self.core, work.as_mut(), &device, &boot, &pending.by).await?;
        }
        let spent = self.core.event(EventKind::DEVICE_TOKEN_SPENT, &pending.by).about(&pending.token.id);
        work.append_event(&spent.about_device(&device, &credential.id)).await?;
        let enrolled = self
            .core
            .event(EventKind::DEVICE_ENROLL, &pending.by)
            .about_device(&device, &credential.id)
            .with_details(serde_json::json!({"tier": proven.tier.as_str(), "evidence": record.id}));
        work.append_event(&enrolled).await?;
        // A device that was not enrolled had no users.
        let users =
            if enrolled_before { work.device_users(&device.id).await? } else { vec![pending.user.clone()] };
        // That no other device has this anchor or this credential is the store's rule: `KeyInUse`, `CredentialInUse`.
        work.commit_enrolment(&device, &credential).await?;
        pending.basis.is_kept();
        Ok(DeviceView {
            device,
            credential: Some(credential),
            users,
            collected: Vec::new(),
            evidence: Vec::new(),
        })
    }

    /// What allowed the token must still hold, and hold for the data that came with this ceremony; the device is
    /// neither locked nor under a counter alarm.
    async fn check_auto_enroll(
        &self,
        work: &mut dyn UnitOfWork,
        device: &Device,
        pending: &PendingEnrolment,
    ) -> Result<(), CeremonyError> {
        if !self.preference.effective(work).await?.auto_enroll {
            return Err(CeremonyError::AutoEnroll("it is not enabled in this cluster"));
        }
        let (data, user) = (&pending.init.data, &pending.user);
        let judged = may_auto_enroll(work, device, data, user).await?;
        judged.map_err(|refusal| CeremonyError::AutoEnroll(refusal.as_str()))
    }
}

/// Enrolling again must not wash away that a TPM's counters went back.
fn check_counters(known: Option<Credential>, device: &Device, proven: &Proven) -> Result<(), CeremonyError> {
    let before = known.filter(|known| known.device_id == device.id).and_then(|known| known.counters);
    match (before, proven.counters) {
        (Some(before), Some(after)) if progress(before, after) == Progress::Back => {
            Err(CeremonyError::CountersWentBack)
        }
        _ => Ok(()),
    }
}
