//! Devices with software TPMs: all that can be made beforehand is, so that clients are cheap.

use std::thread;

use anyhow::{Result, anyhow};
use gatehouse_attestation::AkPublic;
use gatehouse_client::device::{DeviceKey, KeyStatus};
use gatehouse_client::{ClientError, now};
use gatehouse_model::tpm::{AttestationParameters, EkMaterial, EncryptedCredential, PlatformParameters};
use gatehouse_model::{CollectedData, ErrorKind, OsType};
use gatehouse_testkit::soft_tpm::{AkKind, EkKind, Platform, SoftAk, SoftTpm, SoftTpmCa};

/// Algorithm of EK and AK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    P256,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Rsa, Self::P256];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA-2048",
            Self::P256 => "P-256",
        }
    }

    const fn ek(self) -> EkKind {
        match self {
            Self::Rsa => EkKind::Rsa2048,
            Self::P256 => EkKind::P256,
        }
    }

    const fn ak(self) -> AkKind {
        match self {
            Self::Rsa => AkKind::Rsa2048,
            Self::P256 => AkKind::P256,
        }
    }
}

/// A TPM with an EK certificate of a CA made for this run, and an AK with its creation attestation.
#[derive(Clone)]
pub(crate) struct SoftDevice {
    tpm: SoftTpm,
    ak: SoftAk,
    pub(crate) ek: EkMaterial,
    pub(crate) parameters: AttestationParameters,
    credential_id: String,
}

impl SoftDevice {
    fn make(kind: Kind, ca: &SoftTpmCa) -> Result<Self> {
        let (tpm, ak) = (SoftTpm::generate(kind.ek()), SoftAk::generate(kind.ak()));
        let credential_id = AkPublic::parse(ak.public())?.credential_id();
        Ok(Self { ek: ca.ek_material(&tpm), parameters: ak.attestation_parameters(), tpm, ak, credential_id })
    }

    /// Makes many, on all processors.
    pub(crate) fn make_many(kind: Kind, count: usize) -> Result<Vec<Self>> {
        let ca = SoftTpmCa::new();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    let ca = &ca;
                    scope.spawn(move || {
                        (worker..count)
                            .step_by(threads)
                            .map(|_| Self::make(kind, ca))
                            .collect::<Result<Vec<_>>>()
                    })
                })
                .collect();
            let mut made = Vec::with_capacity(count);
            for worker in workers {
                made.extend(worker.join().map_err(|_| anyhow!("making TPMs failed"))??);
            }
            Ok(made)
        })
    }

    /// Quotes of the SHA-1 and the SHA-256 bank.
    pub(crate) fn quotes(&self, nonce: &[u8]) -> PlatformParameters {
        Platform::new(nonce).sign(&self.ak)
    }

    pub(crate) fn ak_credential_id(&self) -> &str {
        &self.credential_id
    }
}

/// What a device of this operating system and serial number tells of itself.
pub(crate) fn collected(os: OsType, serial: &str) -> CollectedData {
    CollectedData {
        model_identifier: "Software TPM".to_owned(),
        os_version: "12".to_owned(),
        os_build: "6.1.0-37-amd64".to_owned(),
        os_username: "user".to_owned(),
        reported_asset_tag: "No Asset Tag".to_owned(),
        system_serial_number: serial.to_owned(),
        base_board_serial_number: serial.to_owned(),
        os_id: "debian".to_owned(),
        ..CollectedData::new(now(), os, serial)
    }
}

impl DeviceKey for SoftDevice {
    fn load(&mut self) -> gatehouse_client::Result<()> {
        Ok(())
    }

    fn load_or_create(&mut self) -> gatehouse_client::Result<KeyStatus> {
        Ok(KeyStatus::Loaded)
    }

    fn credential_id(&self) -> String {
        self.credential_id.clone()
    }

    fn enrolment(&mut self) -> gatehouse_client::Result<(EkMaterial, AttestationParameters)> {
        Ok((self.ek.clone(), self.parameters.clone()))
    }

    fn activate(&mut self, credential: &EncryptedCredential) -> gatehouse_client::Result<Vec<u8>> {
        self.tpm.activate(&self.ak, credential).map_err(|error| {
            ClientError::new(
                ErrorKind::Internal,
                "activation",
                format!("the credential does not open: {error:?}"),
            )
        })
    }

    fn attest(&mut self, nonce: &[u8]) -> gatehouse_client::Result<PlatformParameters> {
        Ok(self.quotes(nonce))
    }
}
