//! What a device tells about itself: serial numbers of its SMBIOS, facts of the operating system, the user.

mod dmi;
mod os_release;
mod sudo;
mod user;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatehouse_model::{CollectedData, DmiData, OsType, Timestamp, clean_label, usable_serial};

use crate::NativeError;
use crate::platform::Platform;

pub(crate) use dmi::kept_dmi;
pub use dmi::read_dmi;
pub use sudo::{Privilege, Sudo};
pub use user::{groups_of_this_process, host_name, login_name};

/// Where the kernel shows SMBIOS values.
const SYSFS: &str = "/sys";
/// Names another folder in place of `/sys`.
const SYSFS_VARIABLE: &str = "GATEHOUSE_SYSFS";
const OS_RELEASE: &str = "/etc/os-release";
/// The server refuses longer names.
const OS_USERNAME_CHARS: usize = 40;

/// Whether root rights may be asked for, to read serial numbers that only root may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escalation {
    /// Never; what cannot be read stays empty.
    Never,
    /// Only if they were not kept from an earlier time: for authentication.
    Maybe,
    /// Whenever they cannot be read directly: for enrolment and for showing them.
    Always,
}

/// How to collect.
#[derive(Clone)]
pub struct CollectOptions {
    /// In place of `/sys`. Root rights are never asked for where it is another folder.
    pub sysfs: PathBuf,
    /// The device's state folder, where serial numbers are kept.
    pub state_dir: PathBuf,
    /// Whether root rights may be asked for.
    pub escalation: Escalation,
    /// The moment that is reported.
    pub now: Timestamp,
    /// In place of `/etc/os-release`.
    pub os_release: PathBuf,
    /// Gets lines for the user (on stderr), such as the one before sudo asks for a password.
    pub notice: Arc<dyn Fn(&str) + Send + Sync>,
    /// How root rights are got; sudo, but for tests.
    pub privilege: Arc<dyn Privilege + Send + Sync>,
}

impl CollectOptions {
    /// The machine's own files, and nobody to tell.
    #[must_use]
    pub fn new(state_dir: impl Into<PathBuf>, escalation: Escalation, now: Timestamp) -> Self {
        Self {
            sysfs: PathBuf::from(SYSFS),
            state_dir: state_dir.into(),
            escalation,
            now,
            os_release: PathBuf::from(OS_RELEASE),
            notice: Arc::new(|_| ()),
            privilege: Arc::new(Sudo),
        }
    }

    /// As [`CollectOptions::new`], but below `GATEHOUSE_SYSFS` if that is set.
    #[must_use]
    pub fn from_env(state_dir: impl Into<PathBuf>, escalation: Escalation, now: Timestamp) -> Self {
        Self::new(state_dir, escalation, now).with_sysfs(sysfs_from(std::env::var_os(SYSFS_VARIABLE)))
    }

    /// The same below another folder than `/sys`.
    #[must_use]
    pub fn with_sysfs(mut self, sysfs: impl Into<PathBuf>) -> Self {
        self.sysfs = sysfs.into();
        self
    }

    /// The same with somebody to tell.
    #[must_use]
    pub fn with_notice(mut self, notice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.notice = Arc::new(notice);
        self
    }

    /// The same with another way to root rights.
    #[must_use]
    pub fn with_privilege(mut self, privilege: impl Privilege + Send + Sync + 'static) -> Self {
        self.privilege = Arc::new(privilege);
        self
    }

    /// Whether these are the machine's own SMBIOS values, which alone a root helper would read.
    fn is_real_sysfs(&self) -> bool {
        self.sysfs == Path::new(SYSFS)
    }
}

impl fmt::Debug for CollectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectOptions")
            .field("sysfs", &self.sysfs)
            .field("state_dir", &self.state_dir)
            .field("escalation", &self.escalation)
            .finish_non_exhaustive()
    }
}

fn sysfs_from(variable: Option<OsString>) -> PathBuf {
    variable.filter(|value| !value.is_empty()).map_or_else(|| PathBuf::from(SYSFS), PathBuf::from)
}

/// The folder to use in place of `/sys`: `GATEHOUSE_SYSFS`, or `/sys` itself.
#[must_use]
pub fn sysfs_from_env() -> PathBuf {
    sysfs_from(std::env::var_os(SYSFS_VARIABLE))
}

/// Gathers what the device tells about itself. Values that cannot be read are empty.
///
/// # Errors
/// [`NativeError::PlatformNotSupported`]; [`NativeError::Escalation`] if root rights were asked for and not given.
pub fn collect_device_data(options: &CollectOptions) -> Result<CollectedData, NativeError> {
    crate::platform::current().collect(options)
}

/// The serial number that the server matches against the asset tag: the first usable one of the chassis' asset tag, the
/// product's and the board's serial number.
#[must_use]
pub fn chosen_serial(dmi: &DmiData) -> Option<&str> {
    usable_serial([&*dmi.chassis_asset_tag, &*dmi.product_serial, &*dmi.board_serial])
}

/// Linux: SMBIOS through sysfs.
pub(crate) struct Linux;

impl Platform for Linux {
    fn has_tpm(&self) -> bool {
        true
    }

    fn collect(&self, options: &CollectOptions) -> Result<CollectedData, NativeError> {
        let dmi = dmi::read(options)?;
        let os = os_release::read(&options.os_release);
        let login = user::login_name();
        let serial = chosen_serial(&dmi).unwrap_or_default();
        Ok(CollectedData {
            model_identifier: dmi.product_name.clone(),
            os_version: os.version_id,
            os_build: os.version,
            os_username: login.chars().take(OS_USERNAME_CHARS).collect(),
            reported_asset_tag: dmi.chassis_asset_tag.clone(),
            system_serial_number: dmi.product_serial.clone(),
            base_board_serial_number: dmi.board_serial.clone(),
            os_id: os.id,
            os_login_user: login,
            ..CollectedData::new(options.now, OsType::Linux, clean_label(serial))
        })
    }
}

#[cfg(test)]
mod tests;
