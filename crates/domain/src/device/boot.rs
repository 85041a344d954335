//! How a device booted, for those who decide whether that is as it should be.

use gatehouse_model::clean_label;

use super::detail::boot_of;
use super::{BootDetail, DeviceError, Inventory};
use crate::audit::EventKind;
use crate::authz::{Grant, ReadDevice, UpdateDevice};
use crate::ceremony::close_review;
use crate::entity::ReviewState;

impl Inventory {
    /// How a device booted last, and what has changed since the last good boot; none where it never attested.
    ///
    /// # Errors
    /// No such device.
    pub async fn boot(
        &self,
        _grant: &Grant<ReadDevice>,
        id: &str,
    ) -> Result<Option<BootDetail>, DeviceError> {
        let mut work = self.core.read().await?;
        let device = work.device(id).await?.ok_or_else(|| DeviceError::NotFound(clean_label(id)))?;
        Ok(boot_of(work.as_mut(), &device).await?)
    }

    /// From now on the boot with this fingerprint (hexadecimal digits), which must be the last, is the last good one.
    ///
    /// # Errors
    /// No such device; it has booted again since; the boot is good already.
    pub async fn accept_boot(
        &self,
        grant: &Grant<UpdateDevice>,
        id: &str,
        fingerprint: &str,
    ) -> Result<(), DeviceError> {
        let mut work = self.core.begin().await?;
        let device =
            work.device_for_update(id).await?.ok_or_else(|| DeviceError::NotFound(clean_label(id)))?;
        let boot = work.boot(id).await?.filter(|boot| hex::encode(boot.fingerprint) == fingerprint);
        if boot.is_none() {
            return Err(DeviceError::BootChanged);
        }
        if !work.has_good_boot(id).await? {
            return Err(DeviceError::BootGood);
        }
        work.forget_good_boot(id).await?;
        let (by, now) = (&grant.by().user, self.core.now());
        close_review(work.as_mut(), id, ReviewState::Accepted, by, now).await?;
        let event = self
            .core
            .event(EventKind::DEVICE_BOOT_ACCEPT, grant.by())
            .about_device(&device, "")
            .with_details(serde_json::json!({"fingerprint": fingerprint}));
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }
}
