use std::path::PathBuf;

use gatehouse_model::tpm::{AttestationParameters, EkMaterial, EncryptedCredential, PlatformParameters};
use gatehouse_model::{CollectedData, ErrorKind, Timestamp};
use gatehouse_native::{
    AkStatus, CollectOptions, EkChoice, Escalation, TpmAddress, TrustedDevice, collect_device_data,
};

use super::key::{DeviceKey, KeyStatus};
use crate::error::{ClientError, Result};
use crate::home::Home;

/// Which TPM and which of its keys to use.
#[derive(Clone, Debug, Default)]
pub struct LocalOptions {
    /// `--tpm`; else the variable `TCTI`, else the kernel's device.
    pub tpm: Option<String>,
    pub ek: EkChoice,
    /// Firmware event log to send in place of the machine's own.
    pub event_log: Option<PathBuf>,
}

impl LocalOptions {
    /// Where the TPM is.
    ///
    /// # Errors
    /// `--tpm` or `TCTI` cannot be read.
    pub fn address(&self) -> Result<TpmAddress> {
        let tcti = std::env::var("TCTI").ok();
        Ok(TpmAddress::resolve(self.tpm.as_deref(), tcti.as_deref())?)
    }
}

/// This device's own TPM.
pub struct LocalDevice {
    device: TrustedDevice,
    event_log: Option<PathBuf>,
}

impl LocalDevice {
    /// Opens the TPM. Do this before anything that may ask for root rights: without a TPM there is no point in asking.
    ///
    /// # Errors
    /// There is no TPM, this user may not use it, or the state folder cannot be made.
    pub fn open(home: &Home, options: &LocalOptions) -> Result<Self> {
        let device = TrustedDevice::open(&options.address()?, &home.device_dir(), options.ek)?;
        Ok(Self { device, event_log: options.event_log.clone() })
    }

    /// What this device tells of itself. `notice` gets lines for standard error.
    ///
    /// # Errors
    /// Root rights were asked for and not given.
    pub fn collect(
        home: &Home,
        escalation: Escalation,
        now: Timestamp,
        notice: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<CollectedData> {
        let options = CollectOptions::from_env(home.device_dir(), escalation, now).with_notice(notice);
        Ok(collect_device_data(&options)?)
    }
}

/// The serial number that the inventory knows this device by.
///
/// # Errors
/// The machine has none that is usable.
pub fn require_serial(data: &CollectedData) -> Result<&str> {
    if data.serial_number.is_empty() {
        return Err(ClientError::new(
            ErrorKind::FailedPrecondition,
            "no_serial_number",
            "unable to determine serial number",
        )
        .with_hint("run `tsh device asset-tag`, which may ask for root rights once; `tsh device doctor` shows what was read"));
    }
    Ok(&data.serial_number)
}

impl DeviceKey for LocalDevice {
    fn load(&mut self) -> Result<()> {
        Ok(self.device.load_ak()?)
    }

    fn load_or_create(&mut self) -> Result<KeyStatus> {
        Ok(match self.device.load_or_create_ak()? {
            AkStatus::Loaded => KeyStatus::Loaded,
            AkStatus::Created => KeyStatus::Created,
            AkStatus::Remade { reason } => KeyStatus::Remade(reason),
        })
    }

    fn credential_id(&self) -> String {
        self.device.credential_id()
    }

    fn enrolment(&mut self) -> Result<(EkMaterial, AttestationParameters)> {
        Ok((self.device.ek()?, self.device.attestation_parameters()))
    }

    fn ek_chain(&mut self) -> Vec<Vec<u8>> {
        self.device.ek_chain()
    }

    fn activate(&mut self, credential: &EncryptedCredential) -> Result<Vec<u8>> {
        Ok(self.device.activate(credential)?)
    }

    fn attest(&mut self, nonce: &[u8]) -> Result<PlatformParameters> {
        Ok(self.device.attest(nonce, self.event_log.as_deref())?)
    }
}
