//! The SSH half of a device authentication.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use gatehouse_domain::ports::{CertificateAuthority as _, CertificateRequest};
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::devicetrust::authenticate_device_request::Payload;
use rcgen::{KeyPair, PublicKeyData as _};
use ssh_key::certificate::{Builder, CertType};
use ssh_key::{Algorithm, Certificate, PrivateKey, PublicKey};
use tonic::Code::InvalidArgument;
use tonic::Status;

use crate::rig::{Authenticating, Machine, Person, Rig, refused, ssh_line};

struct Case {
    rig: Rig,
    alice: Person,
    machine: Machine,
}

async fn case() -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    Case { rig, alice, machine }
}

impl Case {
    /// The server's word on an SSH certificate, as it stands in the first message.
    async fn begin(&self, ssh: &str) -> Result<(Authenticating, Vec<u8>), Status> {
        Authenticating::begin_tpm(&self.alice.connection, self.machine.authenticate_init(ssh)).await
    }

    async fn refuse(&self, ssh: &str, message: &str) {
        let outcome = self.begin(ssh).await.map(|_| ());
        let status = refused(outcome, InvalidArgument, "ssh_certificate_invalid");
        assert_eq!(status.message(), message);
    }

    /// A certificate of our CA for another user, principals, time or key.
    fn issue(&self, change: impl FnOnce(&mut CertificateRequest)) -> String {
        let now = self.rig.now();
        let mut request = CertificateRequest {
            user: "alice".to_owned(),
            roles: Vec::new(),
            logins: vec!["ubuntu".to_owned()],
            session_id: self.alice.session_id.clone(),
            tls_public_key_der: self.alice.key.subject_public_key_info(),
            ssh_public_key: Some(ssh_line(&self.alice.key)),
            not_before: now,
            not_after: now.plus_secs(3600),
            device: None,
        };
        change(&mut request);
        self.rig.user_ca.issue(&request).unwrap().ssh_authorized_key
    }

    async fn finish(
        &self,
        stream: Authenticating,
        nonce: &[u8],
        ssh_signature: Vec<u8>,
    ) -> Result<devices::UserCertificates, Status> {
        let answer = devices::TpmAuthenticateDeviceChallengeResponse {
            platform_parameters: Some(platform_parameters(self.machine.quote(nonce))),
            ssh_signature,
        };
        stream.finish(Payload::TpmChallengeResponse(answer)).await
    }
}

/// Makes a signature of a nonce.
type Signer<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

fn sign(key: &KeyPair, nonce: &[u8]) -> Vec<u8> {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.serialize_der()).unwrap();
    key.sign(&SystemRandom::new(), nonce).unwrap().as_ref().to_vec()
}

#[tokio::test]
async fn a_separate_ssh_key_signs_the_nonce() {
    let case = case().await;
    let key = KeyPair::generate().unwrap();
    let line = case.issue(|request| request.ssh_public_key = Some(ssh_line(&key)));
    let (stream, nonce) = case.begin(&line).await.unwrap();
    let certificates = case.finish(stream, &nonce, sign(&key, &nonce)).await.unwrap();
    let line = String::from_utf8(certificates.ssh_authorized_key).unwrap();
    let certificate = Certificate::from_openssh(&line).unwrap();
    let expected = PublicKey::from_openssh(&ssh_line(&key)).unwrap();
    assert_eq!(certificate.public_key(), expected.key_data());
}

#[tokio::test]
async fn a_separate_ssh_key_that_does_not_sign_is_refused() {
    let case = case().await;
    let key = KeyPair::generate().unwrap();
    let line = case.issue(|request| request.ssh_public_key = Some(ssh_line(&key)));
    let wrong: [Signer<'_>; 4] =
        [&|_| Vec::new(), &|_| sign(&key, &[0; 32]), &|nonce| sign(&case.alice.key, nonce), &|_| {
            vec![0x30; 4096]
        }];
    for signature in wrong {
        let (stream, nonce) = case.begin(&line).await.unwrap();
        let outcome = case.finish(stream, &nonce, signature(&nonce)).await;
        let status = refused(outcome, InvalidArgument, "ssh_key_unproven");
        let text = "x509 and SSH public key mismatch and SSH challenge unsatisfied";
        assert_eq!(status.message(), text);
    }
    assert!(case.rig.events("device.authenticate").await.iter().all(|event| event["success"] == false));
}

#[tokio::test]
async fn an_ssh_certificate_of_a_foreign_authority_is_refused() {
    let case = case().await;
    let ca = PrivateKey::random(&mut ssh_key::rand_core::OsRng, Algorithm::Ed25519).unwrap();
    let key = PublicKey::from_openssh(&ssh_line(&case.alice.key)).unwrap();
    let now = u64::try_from(case.rig.now().secs()).unwrap();
    let mut builder = Builder::new([7; 32], key.key_data().clone(), now - 60, now + 3600).unwrap();
    builder.cert_type(CertType::User).unwrap();
    builder.key_id("alice").unwrap();
    builder.valid_principal("ubuntu").unwrap();
    let line = builder.sign(&ca).unwrap().to_openssh().unwrap();
    case.refuse(&line, "ssh certificate signed by unknown authority").await;
}

#[tokio::test]
async fn a_tampered_ssh_certificate_is_refused() {
    let case = case().await;
    // The principals lie near the middle of the blob; a bit of one of them turns.
    let mut certificate = Certificate::from_openssh(&case.alice.ssh).unwrap().to_bytes().unwrap();
    let at = certificate.windows(6).position(|window| window == b"ubuntu").unwrap();
    certificate[at] ^= 1;
    let forged = Certificate::from_bytes(&certificate).unwrap().to_openssh().unwrap();
    case.refuse(&forged, "ssh certificate signed by unknown authority").await;
}

#[tokio::test]
async fn a_host_certificate_is_refused() {
    let case = case().await;
    let ca = PrivateKey::random(&mut ssh_key::rand_core::OsRng, Algorithm::Ed25519).unwrap();
    let key = PublicKey::from_openssh(&ssh_line(&case.alice.key)).unwrap();
    let mut builder = Builder::new([7; 32], key.key_data().clone(), 1, 1 << 40).unwrap();
    builder.cert_type(CertType::Host).unwrap();
    builder.key_id("alice").unwrap();
    builder.valid_principal("ubuntu").unwrap();
    let line = builder.sign(&ca).unwrap().to_openssh().unwrap();
    case.refuse(&line, "ssh cert type mismatch").await;
}

#[tokio::test]
async fn the_ssh_certificate_of_another_user_is_refused() {
    let case = case().await;
    let bob = case.rig.person("bob", &["access"]).await;
    case.refuse(&bob.ssh, "identity and SSH user mismatch").await;
}

#[tokio::test]
async fn principals_that_the_user_does_not_have_are_refused() {
    let case = case().await;
    let line = case.issue(|request| request.logins = vec!["ubuntu".to_owned(), "root".to_owned()]);
    case.refuse(&line, "identity and SSH principals mismatch").await;
}

#[tokio::test]
async fn an_expired_ssh_certificate_is_refused() {
    let case = case().await;
    let line = case.issue(|request| request.not_after = case.rig.now().plus_secs(60));
    case.rig.clock.advance(61);
    case.refuse(&line, "ssh certificate expired or not yet valid").await;
}

#[tokio::test]
async fn what_is_no_ssh_certificate_is_refused() {
    let case = case().await;
    let long = "ssh-ed25519-cert-v01@openssh.com ".to_owned() + &"A".repeat(100_000);
    for line in ["rubbish", &ssh_line(&case.alice.key), &case.alice.ssh[..200], &long] {
        case.refuse(line, "malformed ssh certificate").await;
    }
    let mut init = case.machine.authenticate_init("");
    init.user_certificates.as_mut().unwrap().ssh_authorized_key = vec![0xff, 0xfe];
    let outcome = Authenticating::begin(&case.alice.connection, init).await.map(|_| ());
    refused(outcome, InvalidArgument, "ssh_certificate_invalid");
}
