//! Changing devices: fields, un-enrolment, hand-over, and writing them as a whole.

use gatehouse_model::{EnrollStatus, clean_label};

use super::inventory::{check_owner, view};
use super::{DeviceChange, DeviceError, DeviceSpec, DeviceView, Inventory};
use crate::audit::EventKind;
use crate::authz::{Attribution, CreateDevice, Grant, UpdateDevice};
use crate::cluster::AdminGuard;
use crate::entity::Device;
use crate::ports::UnitOfWork;

impl Inventory {
    /// Changes a device. Taking away its enrolment clears its credentials, its owner and its users, and ends the
    /// trust of its sessions at once.
    ///
    /// # Errors
    /// No such device; an attempt to write "enrolled"; an owner who does not exist; it is the device by which the last
    /// administrator gets in.
    pub async fn update(
        &self,
        grant: &Grant<UpdateDevice>,
        id: &str,
        change: &DeviceChange,
    ) -> Result<DeviceView, DeviceError> {
        let mut work = self.core.begin().await?;
        let (mut device, guard) =
            self.hold(work.as_mut(), grant.by(), id, change.may_take_from_somebody()).await?;
        self.apply(work.as_mut(), grant.by(), &mut device, change).await?;
        keeps_administrators(guard, work.as_mut()).await?;
        let view = view(work.as_mut(), device, true).await?;
        work.commit().await?;
        Ok(view)
    }

    /// A device, held for a change. Where the change may take an enrolled device from somebody, administrators are held
    /// before it, in the order in which locks are made, and looked at once more when it is done.
    pub(super) async fn hold(
        &self,
        work: &mut dyn UnitOfWork,
        by: &Attribution,
        id: &str,
        may_take: bool,
    ) -> Result<(Device, Option<AdminGuard>), DeviceError> {
        let not_found = || DeviceError::NotFound(clean_label(id));
        let is_taken = |device: &Device| may_take && device.enroll_status == EnrollStatus::Enrolled;
        let guard = match is_taken(&work.device(id).await?.ok_or_else(not_found)?) {
            true => Some(AdminGuard::before(&self.core, work, by).await?),
            false => None,
        };
        let device = work.device_for_update(id).await?.ok_or_else(not_found)?;
        if guard.is_none() && is_taken(&device) {
            return Err(DeviceError::JustEnrolled);
        }
        Ok((device, guard))
    }

    pub(super) async fn apply(
        &self,
        work: &mut dyn UnitOfWork,
        by: &Attribution,
        device: &mut Device,
        change: &DeviceChange,
    ) -> Result<(), DeviceError> {
        let unenrols = change.unenrols(device);
        if change.enroll_status == Some(EnrollStatus::Enrolled)
            && device.enroll_status != EnrollStatus::Enrolled
        {
            return Err(DeviceError::EnrollStatus);
        }
        if let Some(owner) = &change.owner
            && *owner != device.owner
        {
            let before = std::mem::replace(&mut device.owner, check_owner(work, owner.clone()).await?);
            self.hand_over(work, device, before.as_deref()).await?;
        }
        if let Some(source) = &change.source {
            device.source.clone_from(source);
        }
        if let Some(profile) = &change.profile {
            device.profile.clone_from(profile);
        }
        if unenrols {
            device.enroll_status = EnrollStatus::NotEnrolled;
            device.owner = None;
            device.anchor = None;
            work.delete_credentials(&device.id).await?;
            work.clear_device_users(&device.id).await?;
            // What is out must not enrol it again: neither tokens nor ceremonies that are under way.
            work.revoke_enroll_tokens(&device.id, None, self.core.now()).await?;
            work.set_counter_alarm(&device.id, None).await?;
            work.forget_boot(&device.id).await?;
            work.untrust_sessions_of_device(&device.id).await?;
        }
        device.updated = self.core.now();
        work.update_device(device).await?;
        let event = self
            .core
            .event(EventKind::DEVICE_UPDATE, by)
            .about_device(device, "")
            .with_details(serde_json::json!({"unenrolled": unenrols, "owner": device.owner}));
        work.append_event(&event).await?;
        Ok(())
    }

    /// An enrolled device changes hands: the former owner is no longer a user of it, the new one is, and sessions on it
    /// must authenticate anew.
    async fn hand_over(
        &self,
        work: &mut dyn UnitOfWork,
        device: &Device,
        former: Option<&str>,
    ) -> Result<(), DeviceError> {
        if device.enroll_status != EnrollStatus::Enrolled {
            return Ok(());
        }
        let users = work.device_users(&device.id).await?;
        work.clear_device_users(&device.id).await?;
        let kept = users.iter().map(String::as_str).filter(|user| Some(*user) != former);
        for user in kept.chain(device.owner.as_deref()) {
            work.add_device_user(&device.id, user, self.core.now()).await?;
        }
        work.untrust_sessions_of_device(&device.id).await?;
        Ok(())
    }

    /// Writes a device as a whole: creates it, or replaces every mutable field of the one with this id, or else of
    /// the one with this (os, tag). An enrolled device keeps its owner where none is named.
    ///
    /// # Errors
    /// As for creating and changing; an existing device's OS and tag stay.
    pub async fn upsert(
        &self,
        create: &Grant<CreateDevice>,
        update: &Grant<UpdateDevice>,
        spec: DeviceSpec,
    ) -> Result<DeviceView, DeviceError> {
        let mut work = self.core.begin().await?;
        let existing = match &spec.id {
            Some(id) => work.device(id).await?,
            None => work.device_by_tag(spec.os_type, &spec.asset_tag.normalised()).await?,
        };
        let view = match existing {
            None => DeviceView::bare(self.insert(work.as_mut(), create.by(), spec).await?),
            Some(found) => {
                if found.os_type != spec.os_type {
                    return Err(DeviceError::Immutable("os_type"));
                }
                if found.asset_tag != spec.asset_tag {
                    return Err(DeviceError::Immutable("asset_tag"));
                }
                let mut change = DeviceChange::all_of(&spec);
                let (mut device, guard) =
                    self.hold(work.as_mut(), update.by(), &found.id, change.may_take_from_somebody()).await?;
                if device.enroll_status == EnrollStatus::Enrolled
                    && !change.unenrols(&device)
                    && spec.owner.is_none()
                {
                    // Whose it is, its enrolment said: a list that is applied once more and names no owners takes no
                    // device from anybody.
                    change.owner = None;
                }
                self.apply(work.as_mut(), update.by(), &mut device, &change).await?;
                keeps_administrators(guard, work.as_mut()).await?;
                view(work.as_mut(), device, true).await?
            }
        };
        work.commit().await?;
        Ok(view)
    }
}

/// Fails where the change has taken the last administrator's way in; the unit of work must not be committed then.
pub(super) async fn keeps_administrators(
    guard: Option<AdminGuard>,
    work: &mut dyn UnitOfWork,
) -> Result<(), DeviceError> {
    match guard {
        Some(guard) => Ok(guard.after(work).await??),
        None => Ok(()),
    }
}
