use std::path::{Path, PathBuf};

use gatehouse_attestation::{
    AkPublic, EkCertificate, EkPublic, PlatformVerdict, make_credential, verify_creation, verify_platform,
};
use gatehouse_model::tpm::{EkMaterial, EncryptedCredential};
use gatehouse_native::{EkChoice, TrustedDevice};
use gatehouse_testkit::swtpm::Swtpm;
use tempfile::TempDir;

/// A software TPM and a state folder.
pub(crate) struct Rig {
    pub(crate) tpm: Swtpm,
    folder: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Swtpm::start())
    }

    pub(crate) fn with(tpm: Swtpm) -> Self {
        Self { tpm, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("device")
    }

    pub(crate) fn open(&self, ek: EkChoice) -> TrustedDevice {
        open(&self.tpm, &self.state(), ek)
    }
}

pub(crate) fn open(tpm: &Swtpm, state: &Path, ek: EkChoice) -> TrustedDevice {
    TrustedDevice::open(&tpm.address().parse().unwrap(), state, ek).unwrap()
}

pub(crate) fn ek_public(material: &EkMaterial) -> EkPublic {
    match material {
        EkMaterial::Certificate(der) => EkCertificate::parse(der).unwrap().ek().clone(),
        EkMaterial::PublicKey(der) => EkPublic::from_spki_der(der).unwrap(),
    }
}

pub(crate) fn ak_public(device: &TrustedDevice) -> AkPublic {
    AkPublic::parse(&device.attestation_parameters().public).unwrap()
}

/// A challenge for these keys, and what opens it.
pub(crate) fn challenge(ek: &EkMaterial, ak: &AkPublic) -> (EncryptedCredential, [u8; 32]) {
    let secret = [0x5a; 32];
    let mut counter = 0_u8;
    let mut random = |bytes: &mut [u8]| {
        bytes.iter_mut().for_each(|byte| {
            counter = counter.wrapping_add(29);
            *byte = counter | 1;
        });
    };
    (make_credential(&ek_public(ek), ak, &secret, &mut random).unwrap(), secret)
}

/// What an enrolment does, checked as the server checks it.
pub(crate) fn enrol(device: &mut TrustedDevice) -> PlatformVerdict {
    let material = device.ek().unwrap();
    let ak = ak_public(device);
    assert_eq!(device.credential_id(), ak.credential_id());
    verify_creation(&ak, &device.attestation_parameters()).unwrap();
    let (credential, secret) = challenge(&material, &ak);
    let nonce = [7; 32];
    let platform = device.attest(&nonce, None).unwrap();
    assert_eq!(device.activate(&credential).unwrap(), secret);
    verify_platform(&ak, &nonce, &platform).unwrap()
}
