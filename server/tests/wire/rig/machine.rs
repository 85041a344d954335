//! A computer with a TPM, as the contract's clients present it.

use std::collections::BTreeMap;

use gatehouse_attestation::AkPublic;
use gatehouse_model::OsType;
use gatehouse_model::tpm::{AttestationParameters, EkMaterial, EncryptedCredential, PlatformParameters};
use gatehouse_proto::convert::{platform_parameters, tpm_enroll_payload};
use gatehouse_proto::devicetrust as wire;
use gatehouse_testkit::soft_tpm::{AkKind, EkKind, Platform, SoftAk, SoftTpm};
use tonic::Status;

use super::{Authenticating, Connection, Enrolling, Person};

#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) os: OsType,
    pub(crate) serial: String,
    pub(crate) tpm: SoftTpm,
    pub(crate) ek: EkMaterial,
    pub(crate) ak: SoftAk,
    /// Contents of the NV indices with a chain of the EK certificate.
    pub(crate) ek_chain: Vec<Vec<u8>>,
    /// PCRs of the SHA-256 bank that do not have their usual value.
    pub(crate) pcrs: BTreeMap<u8, [u8; 32]>,
    pub(crate) event_log: Vec<u8>,
}

impl Machine {
    /// A Linux computer with a TPM of its own and a bare EK.
    pub(crate) fn new(serial: &str) -> Self {
        Self::with_tpm(serial, SoftTpm::generate(EkKind::P256), SoftAk::generate(AkKind::P256))
    }

    pub(crate) fn with_tpm(serial: &str, tpm: SoftTpm, ak: SoftAk) -> Self {
        Self {
            os: OsType::Linux,
            serial: serial.to_owned(),
            ek: tpm.ek_key(),
            tpm,
            ak,
            ek_chain: Vec::new(),
            pcrs: BTreeMap::new(),
            event_log: Vec::new(),
        }
    }

    /// The same computer for another OS user: the same TPM, an AK of its own.
    pub(crate) fn other_os_user(&self) -> Self {
        Self { ak: SoftAk::generate(AkKind::P256), ..self.clone() }
    }

    pub(crate) fn data(&self) -> wire::DeviceCollectedData {
        wire::DeviceCollectedData {
            collect_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            os_type: self.os.number(),
            serial_number: self.serial.clone(),
            os_username: "alice".to_owned(),
            ..wire::DeviceCollectedData::default()
        }
    }

    /// As the server computes it, so that tests of keys that cannot be read get past it as well.
    pub(crate) fn credential_id(&self) -> String {
        AkPublic::parse(self.ak.public()).map_or_else(|_| "unreadable".to_owned(), |ak| ak.credential_id())
    }

    pub(crate) fn init(&self, token: &str) -> wire::EnrollDeviceInit {
        self.init_with(token, self.ak.attestation_parameters())
    }

    pub(crate) fn init_with(&self, token: &str, ak: AttestationParameters) -> wire::EnrollDeviceInit {
        wire::EnrollDeviceInit {
            token: token.to_owned(),
            credential_id: self.credential_id(),
            device_data: Some(self.data()),
            macos: None,
            tpm: Some(wire::TpmEnrollPayload {
                ek_chain: self.ek_chain.clone(),
                ..tpm_enroll_payload(self.ek.clone(), ak)
            }),
        }
    }

    pub(crate) fn activate(&self, challenge: &wire::TpmEnrollChallenge) -> Vec<u8> {
        let credential = challenge.encrypted_credential.clone().unwrap();
        let credential =
            EncryptedCredential { credential_blob: credential.credential_blob, secret: credential.secret };
        self.tpm.activate(&self.ak, &credential).unwrap()
    }

    pub(crate) fn quote(&self, nonce: &[u8]) -> PlatformParameters {
        let event_log = self.event_log.clone();
        let mut platform = Platform { boot: self.tpm.boot, event_log, ..Platform::new(nonce) };
        let sha256 = platform.banks.iter_mut().find(|bank| bank.digest_alg == 5).unwrap();
        sha256.values.extend(self.pcrs.iter().map(|(index, value)| (*index, value.to_vec())));
        platform.sign(&self.ak)
    }

    pub(crate) fn solve(&self, challenge: &wire::TpmEnrollChallenge) -> wire::TpmEnrollChallengeResponse {
        wire::TpmEnrollChallengeResponse {
            solution: self.activate(challenge),
            platform_parameters: Some(platform_parameters(self.quote(&challenge.attestation_nonce))),
        }
    }

    pub(crate) async fn enrol(&self, connection: &Connection, token: &str) -> Result<wire::Device, Status> {
        let (stream, challenge) = Enrolling::begin_tpm(connection, self.init(token)).await?;
        stream.finish_tpm(self.solve(&challenge)).await
    }

    pub(crate) fn authenticate_init(&self, ssh: &str) -> wire::AuthenticateDeviceInit {
        wire::AuthenticateDeviceInit {
            user_certificates: Some(wire::UserCertificates {
                x509_der: Vec::new(),
                ssh_authorized_key: ssh.as_bytes().to_vec(),
            }),
            credential_id: self.credential_id(),
            device_data: Some(self.data()),
            device_web_token: None,
        }
    }

    /// Authenticates, with the SSH certificate that the person has.
    pub(crate) async fn authenticate(&self, person: &Person) -> Result<wire::UserCertificates, Status> {
        let init = self.authenticate_init(&person.ssh);
        let (stream, nonce) = Authenticating::begin_tpm(&person.connection, init).await?;
        stream.finish_tpm(platform_parameters(self.quote(&nonce))).await
    }
}
