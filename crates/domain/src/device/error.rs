use gatehouse_model::{AssetTagError, ErrorKind};

use crate::Decision;
use crate::authz::AuthzError;
use crate::cluster::LastAdmin;
use crate::ports::StoreError;

/// Why something about the inventory cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error(transparent)]
    AssetTag(#[from] AssetTagError),
    #[error("device \"{0}\" not found")]
    NotFound(String),
    #[error("device \"{tag}\"/{os} already exists")]
    Exists { tag: String, os: &'static str },
    #[error("device \"{tag}\"/{os} is being created by somebody else")]
    Raced { tag: String, os: &'static str },
    #[error("device id \"{0}\" is taken")]
    IdTaken(String),
    #[error("device id \"{0}\" is not a UUID")]
    Id(String),
    #[error("{0} cannot be changed")]
    Immutable(&'static str),
    #[error("a device becomes enrolled by an enrolment only, not by writing it into the resource")]
    EnrollStatus,
    #[error("no user \"{0}\"")]
    Owner(String),
    #[error("the expiry lies in the past")]
    Expiry,
    #[error("the expiry lies more than {0} days ahead")]
    ExpiryTooFar(i64),
    #[error("too many devices in one call: {0}, at most 1000")]
    TooMany(usize),
    #[error("enrolment token \"{0}\" not found")]
    TokenNotFound(String),
    #[error("enrolment token \"{0}\" can no longer be used")]
    TokenEnded(String),
    #[error("the device has attested another boot since")]
    BootChanged,
    #[error("the last boot of the device counts as good already")]
    BootGood,
    #[error("device trust is switched off in this cluster")]
    Off,
    #[error("auto-enrollment is not enabled in this cluster")]
    AutoEnrollOff,
    /// One text for an unknown device, another's device and data that does not fit: a stranger learns nothing.
    #[error("this device cannot be auto-enrolled")]
    AutoEnroll(AutoEnrollRefusal),
    #[error("the device has been enrolled this very moment, so nothing was changed")]
    JustEnrolled,
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Store(StoreError),
}

/// What the audit log says of a refused auto-enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoEnrollRefusal {
    NotRegistered,
    OwnedByAnother,
    Locked,
    ProfileMismatch,
    CountersWentBack,
}

impl AutoEnrollRefusal {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRegistered => "no such device is registered",
            Self::OwnedByAnother => "the device is enrolled by another user",
            Self::Locked => "the device is locked",
            Self::CountersWentBack => {
                "the reset counter of its TPM went back and no administrator has accepted it"
            }
            Self::ProfileMismatch => "the collected data does not match the MDM profile",
        }
    }
}

impl From<StoreError> for DeviceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Decision for DeviceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::AssetTag(_)
            | Self::Id(_)
            | Self::Immutable(_)
            | Self::EnrollStatus
            | Self::Owner(_)
            | Self::Expiry
            | Self::ExpiryTooFar(_)
            | Self::TooMany(_) => ErrorKind::InvalidInput,
            Self::NotFound(_) | Self::TokenNotFound(_) => ErrorKind::NotFound,
            Self::Exists { .. } | Self::Raced { .. } | Self::IdTaken(_) => ErrorKind::Conflict,
            Self::BootChanged | Self::JustEnrolled => ErrorKind::Conflict,
            Self::LastAdmin(error) => error.kind(),
            Self::BootGood | Self::TokenEnded(_) | Self::Off | Self::AutoEnrollOff => {
                ErrorKind::FailedPrecondition
            }
            Self::AutoEnroll(_) => ErrorKind::PermissionDenied,
            Self::Authz(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AssetTag(_) => "invalid_asset_tag",
            Self::NotFound(_) => "device_not_found",
            Self::Exists { .. } | Self::Raced { .. } => "device_exists",
            Self::IdTaken(_) => "device_id_taken",
            Self::Id(_) => "invalid_device_id",
            Self::Immutable(_) => "field_immutable",
            Self::EnrollStatus => "invalid_enroll_status",
            Self::Owner(_) => "unknown_owner",
            Self::Expiry | Self::ExpiryTooFar(_) => "invalid_expiry",
            Self::TooMany(_) => "too_many_devices",
            Self::TokenNotFound(_) => "token_not_found",
            Self::TokenEnded(_) => "token_ended",
            Self::BootChanged => "boot_changed",
            Self::BootGood => "boot_good",
            Self::JustEnrolled => "device_changed",
            Self::LastAdmin(error) => error.code(),
            Self::Off => "device_trust_off",
            Self::AutoEnrollOff => "auto_enroll_off",
            Self::AutoEnroll(_) => "auto_enroll_refused",
            Self::Authz(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::AssetTag(_) => "`tsh device asset-tag` on the device prints the tag that will be matched",
            Self::NotFound(_) => "`tctl devices ls` lists the devices there are",
            Self::Exists { .. } => {
                "the same tag may exist once per operating system; `tctl devices ls` shows it"
            }
            Self::EnrollStatus => {
                "leave out enroll_status and credential, then enrol with `tctl devices enroll`"
            }
            Self::BootChanged => "look at it again: `tctl devices boot`",
            Self::JustEnrolled => "look at it again, then repeat the step",
            Self::LastAdmin(error) => return error.hint(),
            Self::Off => "an administrator can set device_trust.mode with `tctl edit cap`",
            Self::AutoEnrollOff | Self::AutoEnroll(_) => {
                "ask an administrator for an enrolment token: `tctl devices enroll --asset-tag=<tag>`"
            }
            Self::Authz(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
