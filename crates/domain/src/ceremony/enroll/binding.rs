//! The end of an enrolment: the key is bound, or nothing has happened.

use gatehouse_model::EnrollStatus;

use super::{Enrolment, PendingEnrolment, Proven, check_device_lock, check_token_state};
use crate::audit::EventKind;
use crate::ceremony::boot;
use crate::ceremony::counters::{Progress, progress};
use crate::ceremony::{CeremonyError, check_data};
use crate::device::{DeviceView, may_auto_enroll};
use crate::entity::{CollectedRecord, Device, Evidence, RecordKind, TokenPurpose};
use crate::ports::UnitOfWork;

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
        let id = &pending.device.id;
        let (mut device, alarm) =
            work.device_and_alarm_for_update(id).await?.ok_or(CeremonyError::TokenInvalid)?;
        check_data(&device, &pending.init.data)?;
        check_device_lock(work.as_mut(), &device, now).await?;
        if alarm.is_some() {
            return Err(CeremonyError::CountersWentBack);
        }
        check_counters(work.as_mut(), &device, pending, proven).await?;
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
        // That no other device has this anchor is the store's rule: `KeyInUse`.
        work.update_device(&device).await?;
        if !work.spend_enroll_token(&pending.token.id, &pending.challenge_id, now).await? {
            let current = work.enroll_token(&pending.token.id).await?.ok_or(CeremonyError::TokenInvalid)?;
            check_token_state(&current, now)?;
            return Err(CeremonyError::TokenBusy);
        }
        let credential = pending.credential(proven, now);
        work.put_credential(&credential).await?;
        work.add_device_user(&device.id, &pending.user, now).await?;
        let mut data = pending.init.data.clone();
        data.record_time = Some(now);
        work.add_collected(&device.id, &CollectedRecord { kind: RecordKind::Enroll, data }).await?;
        work.insert_evidence(record).await?;
        if !record.platform.pcrs.is_empty() {
            let boot = boot::record(&device.id, RecordKind::Enroll, &pending.user, now, &record.platform);
            work.note_boot(&boot).await?;
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
        work.commit().await?;
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
async fn check_counters(
    work: &mut dyn UnitOfWork,
    device: &Device,
    pending: &PendingEnrolment,
    proven: &Proven,
) -> Result<(), CeremonyError> {
    let known = work.credential(device.os_type, &pending.init.credential_id).await?;
    let before = known.filter(|known| known.device_id == device.id).and_then(|known| known.counters);
    match (before, proven.counters) {
        (Some(before), Some(after)) if progress(before, after) == Progress::Back => {
            Err(CeremonyError::CountersWentBack)
        }
        _ => Ok(()),
    }
}
