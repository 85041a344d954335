//! The end of an enrolment: the key is bound, or nothing has happened.

use gatehouse_model::{CollectedData, EnrollStatus, Timestamp};

use super::{Enrolment, PendingEnrolment, Proven, check_token_state};
use crate::Core;
use crate::audit::EventKind;
use crate::authz::Attribution;
use crate::ceremony::boot;
use crate::ceremony::counters::{Progress, progress};
use crate::ceremony::{CeremonyError, check_data};
use crate::cluster::Preference;
use crate::device::{DeviceView, may_auto_enroll};
use crate::entity::{
    CollectedRecord, Counters, Credential, Device, DeviceEk, Digest, Evidence, RecordKind, TokenPurpose,
};
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
        let Held { device, alarm, lock } = held.ok_or(CeremonyError::TokenInvalid)?;
        check_data(&device, &pending.init.data)?;
        if let Some(lock) = lock {
            return Err(CeremonyError::Locked(lock.target_text()));
        }
        if alarm.is_some() {
            return Err(CeremonyError::CountersWentBack);
        }
        check_counters(known, &device, proven.counters)?;
        if pending.token.purpose == TokenPurpose::AutoEnroll {
            let (data, user) = (&pending.init.data, &pending.user);
            self.preference.check_auto_enroll(work.as_mut(), &device, data, user).await?;
        }
        if device.anchor.is_some_and(|anchor| anchor != proven.anchor) {
            return Err(CeremonyError::OtherKey);
        }
        if !spent {
            let current = work.enroll_token(&pending.token.id).await?.ok_or(CeremonyError::TokenInvalid)?;
            check_token_state(&current, now)?;
            return Err(CeremonyError::TokenBusy);
        }
        let credential = pending.credential(proven, now);
        pending.basis.keep(work.as_mut()).await?;
        work.insert_evidence(record).await?;
        let spent = self.core.event(EventKind::DEVICE_TOKEN_SPENT, &pending.by).about(&pending.token.id);
        work.append_event(&spent.about_device(&device, &credential.id)).await?;
        let binding = Binding {
            user: &pending.user,
            by: &pending.by,
            data: &pending.init.data,
            credential,
            anchor: proven.anchor,
            record,
            ek: pending.ek(&device.id, proven.tier, now),
            review: None,
        };
        let view = self.core.write_enrolment(work, device, binding, now).await?;
        pending.basis.is_kept();
        Ok(view)
    }
}

impl Preference {
    /// What allowed a login to enrol a device by itself must still hold, and hold for the data that came with it; the device
    /// is neither locked nor under a counter alarm.
    pub(crate) async fn check_auto_enroll(
        &self,
        work: &mut dyn UnitOfWork,
        device: &Device,
        data: &CollectedData,
        user: &str,
    ) -> Result<(), CeremonyError> {
        if !self.effective(work).await?.auto_enroll {
            return Err(CeremonyError::AutoEnroll("it is not enabled in this cluster"));
        }
        let judged = may_auto_enroll(work, device, data, user).await?;
        judged.map_err(|refusal| CeremonyError::AutoEnroll(refusal.as_str()))
    }
}

/// A key that has proven itself, to be bound to a device.
pub(crate) struct Binding<'a> {
    /// Who enrols it.
    pub(crate) user: &'a str,
    pub(crate) by: &'a Attribution,
    pub(crate) data: &'a CollectedData,
    pub(crate) credential: Credential,
    pub(crate) anchor: Digest,
    /// Stored already.
    pub(crate) record: &'a Evidence,
    /// For TPMs.
    pub(crate) ek: Option<DeviceEk>,
    /// The review that let it in.
    pub(crate) review: Option<&'a str>,
}

impl Core {
    /// Writes what an enrolment changes of a device that is held, and commits. That no other device has this anchor or
    /// this credential is the store's rule: `KeyInUse`, `CredentialInUse`.
    pub(crate) async fn write_enrolment(
        &self,
        mut work: Box<dyn UnitOfWork>,
        mut device: Device,
        binding: Binding<'_>,
        now: Timestamp,
    ) -> Result<DeviceView, CeremonyError> {
        let Binding { user, by, data, credential, anchor, record, ek, review } = binding;
        let enrolled_before = device.enroll_status == EnrollStatus::Enrolled;
        device.anchor = Some(anchor);
        device.enroll_status = EnrollStatus::Enrolled;
        device.owner.get_or_insert_with(|| user.to_owned());
        device.updated = now;
        work.add_device_user(&device.id, user, now).await?;
        let mut data = data.clone();
        data.record_time = Some(now);
        work.add_collected(&device.id, &CollectedRecord { kind: RecordKind::Enroll, data }).await?;
        if !record.platform.pcrs.is_empty() {
            let boot = boot::record(&device.id, RecordKind::Enroll, user, now, &record.platform);
            if enrolled_before {
                // It may have drifted: enrolling again must not wash that away.
                boot::note(self, work.as_mut(), &device, &boot, by, false).await?;
            } else {
                work.note_boot(&boot).await?;
            }
        }
        if let Some(ek) = &ek {
            work.put_device_ek(ek).await?;
        }
        let mut details = serde_json::json!({"tier": credential.tier.as_str(), "evidence": record.id});
        if !record.findings.is_empty() {
            details["findings"] = serde_json::json!(record.findings);
        }
        if let Some(review) = review {
            details["review"] = review.into();
            details["requested_by"] = user.into();
        }
        let enrolled = self.event(EventKind::DEVICE_ENROLL, by).about_device(&device, &credential.id);
        work.append_event(&enrolled.with_details(details)).await?;
        // A device that was not enrolled had no users.
        let users =
            if enrolled_before { work.device_users(&device.id).await? } else { vec![user.to_owned()] };
        work.commit_enrolment(&device, &credential).await?;
        Ok(DeviceView {
            device,
            credential: Some(credential),
            users,
            collected: Vec::new(),
            evidence: Vec::new(),
        })
    }
}

/// Enrolling again must not wash away that a TPM's counters went back.
pub(crate) fn check_counters(
    known: Option<Credential>,
    device: &Device,
    counters: Option<Counters>,
) -> Result<(), CeremonyError> {
    let before = known.filter(|known| known.device_id == device.id).and_then(|known| known.counters);
    match (before, counters) {
        (Some(before), Some(after)) if progress(before, after) == Progress::Back => {
            Err(CeremonyError::CountersWentBack)
        }
        _ => Ok(()),
    }
}
