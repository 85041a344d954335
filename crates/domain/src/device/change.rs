use gatehouse_model::{AssetTag, EnrollStatus, OsType};

use crate::entity::{Device, DeviceProfile, DeviceSource};

/// A device to be registered.
#[derive(Clone, Debug)]
pub struct DeviceSpec {
    pub os_type: OsType,
    pub asset_tag: AssetTag,
    /// Only taken when created as a resource.
    pub id: Option<String>,
    pub enroll_status: Option<EnrollStatus>,
    pub owner: Option<String>,
    pub source: Option<DeviceSource>,
    pub profile: Option<DeviceProfile>,
}

impl DeviceSpec {
    /// A device with nothing but its label.
    #[must_use]
    pub fn new(os_type: OsType, asset_tag: AssetTag) -> Self {
        Self { os_type, asset_tag, id: None, enroll_status: None, owner: None, source: None, profile: None }
    }
}

/// Changes to a device; an outer `None` leaves the field as it is.
#[derive(Clone, Debug, Default)]
pub struct DeviceChange {
    pub enroll_status: Option<EnrollStatus>,
    pub owner: Option<Option<String>>,
    pub source: Option<Option<DeviceSource>>,
    pub profile: Option<Option<DeviceProfile>>,
}

impl DeviceChange {
    /// Every mutable field, as an upsert writes them.
    #[must_use]
    pub fn all_of(spec: &DeviceSpec) -> Self {
        Self {
            enroll_status: spec.enroll_status,
            owner: Some(spec.owner.clone()),
            source: Some(spec.source.clone()),
            profile: Some(spec.profile.clone()),
        }
    }

    /// Whether this takes an enrolled device's keys away.
    #[must_use]
    pub fn unenrols(&self, device: &Device) -> bool {
        device.enroll_status == EnrollStatus::Enrolled
            && self.enroll_status == Some(EnrollStatus::NotEnrolled)
    }

    /// Whether an enrolled device can be somebody's before this and not after it.
    #[must_use]
    pub fn may_take_from_somebody(&self) -> bool {
        self.enroll_status == Some(EnrollStatus::NotEnrolled) || self.owner.is_some()
    }
}
