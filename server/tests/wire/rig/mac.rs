//! A Mac with a Secure Enclave key, as the contract's clients present it.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use gatehouse_proto::devicetrust as wire;
use tonic::Status;
use wire::authenticate_device_request::Payload as AuthenticateRequest;
use wire::authenticate_device_response::Payload as AuthenticateResponse;
use wire::enroll_device_request::Payload as EnrollRequest;
use wire::enroll_device_response::Payload as EnrollResponse;

use super::{Authenticating, Connection, Enrolling, Person};

pub(crate) struct Mac {
    pub(crate) serial: String,
    pub(crate) credential_id: String,
    key: EcdsaKeyPair,
}

impl Mac {
    pub(crate) fn new(serial: &str) -> Self {
        Self {
            serial: serial.to_owned(),
            credential_id: "0b36b0b5-5ed2-4f0c-9b0a-6c3f0ec1a001".to_owned(),
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
        }
    }

    pub(crate) fn public_key_der(&self) -> Vec<u8> {
        self.key.public_key().as_der().unwrap().as_ref().to_vec()
    }

    pub(crate) fn sign(&self, challenge: &[u8]) -> Vec<u8> {
        self.key.sign(&SystemRandom::new(), challenge).unwrap().as_ref().to_vec()
    }

    pub(crate) fn data(&self) -> wire::DeviceCollectedData {
        wire::DeviceCollectedData {
            collect_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            os_type: wire::OsType::Macos as i32,
            serial_number: self.serial.clone(),
            ..wire::DeviceCollectedData::default()
        }
    }

    pub(crate) fn init(&self, token: &str) -> wire::EnrollDeviceInit {
        wire::EnrollDeviceInit {
            token: token.to_owned(),
            credential_id: self.credential_id.clone(),
            device_data: Some(self.data()),
            macos: Some(wire::MacOsEnrollPayload { public_key_der: self.public_key_der() }),
            tpm: None,
        }
    }

    /// The stream and its 32-byte challenge.
    pub(crate) async fn begin(
        &self,
        connection: &Connection,
        token: &str,
    ) -> Result<(Enrolling, Vec<u8>), Status> {
        match Enrolling::begin(connection, self.init(token)).await? {
            (stream, EnrollResponse::MacosChallenge(challenge)) => Ok((stream, challenge.challenge)),
            (_, other) => panic!("no macOS challenge: {other:?}"),
        }
    }

    pub(crate) async fn enrol(&self, connection: &Connection, token: &str) -> Result<wire::Device, Status> {
        let (stream, challenge) = self.begin(connection, token).await?;
        stream.finish(Self::answer(self.sign(&challenge))).await
    }

    pub(crate) fn answer(signature: Vec<u8>) -> EnrollRequest {
        EnrollRequest::MacosChallengeResponse(wire::MacOsEnrollChallengeResponse { signature })
    }

    pub(crate) async fn authenticate(&self, person: &Person) -> Result<wire::UserCertificates, Status> {
        let init = wire::AuthenticateDeviceInit {
            user_certificates: Some(wire::UserCertificates {
                x509_der: Vec::new(),
                ssh_authorized_key: person.ssh.as_bytes().to_vec(),
            }),
            credential_id: self.credential_id.clone(),
            device_data: Some(self.data()),
            device_web_token: None,
        };
        let (stream, challenge) = Authenticating::begin(&person.connection, init).await?;
        let AuthenticateResponse::Challenge(challenge) = challenge else { panic!("no challenge") };
        assert_eq!(challenge.challenge.len(), 32);
        let answer = wire::AuthenticateDeviceChallengeResponse {
            signature: self.sign(&challenge.challenge),
            ssh_signature: Vec::new(),
        };
        stream.finish(AuthenticateRequest::ChallengeResponse(answer)).await
    }
}
