//! `ekcert_allowed_cas`: whose TPMs may enrol.

use gatehouse_model::tpm::{EkMaterial, EncryptedCredential};
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust::{DeviceAttestationType, TpmEnrollChallengeResponse};
use gatehouse_testkit::soft_tpm::{CaTemplate, EkCertTemplate, EkKind, SoftTpmCa};
use serde_json::json;
use tonic::Code::{FailedPrecondition, InvalidArgument, PermissionDenied};

use crate::rig::{Enrolling, Machine, Person, Rig, hint_of, refused};

struct Case {
    rig: Rig,
    alice: Person,
    ca: SoftTpmCa,
    id: String,
    token: String,
    machine: Machine,
}

async fn case() -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let ca = SoftTpmCa::new();
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [ca.pem()]}})).await;
    Case { rig, alice, ca, id, token, machine: Machine::new("PF000001") }
}

#[tokio::test]
async fn a_certificate_of_a_listed_ca_is_trusted() {
    let mut case = case().await;
    case.machine.ek = case.ca.ek_material(&case.machine.tpm);
    let device = case.machine.enrol(&case.alice.connection, &case.token).await.unwrap();
    let tier = device.credential.unwrap().device_attestation_type();
    assert_eq!(tier, DeviceAttestationType::TpmEkcertTrusted);
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_refused() {
    let mut case = case().await;
    case.machine.ek = SoftTpmCa::new().ek_material(&case.machine.tpm);
    let outcome = case.machine.enrol(&case.alice.connection, &case.token).await;
    let status = refused(outcome, FailedPrecondition, "awaiting_review");
    assert!(hint_of(&status).contains("tctl reviews show"));
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn a_bare_ek_is_refused() {
    let case = case().await;
    let outcome = case.machine.enrol(&case.alice.connection, &case.token).await;
    let status = refused(outcome, PermissionDenied, "ekcert_missing");
    assert_eq!(status.message(), "tpm did not provide an EKCert to validate against allowed CAs");
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn a_listed_intermediate_is_an_anchor() {
    let mut case = case().await;
    let intermediate = case.ca.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    case.machine.ek = intermediate.ek_material(&case.machine.tpm);
    let outcome = case.machine.enrol(&case.alice.connection, &case.token).await;
    refused(outcome, FailedPrecondition, "awaiting_review");
    case.rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [intermediate.pem()]}})).await;
    case.machine.enrol(&case.alice.connection, &case.token).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_only_looks_like_an_eks_is_refused() {
    let mut case = case().await;
    let right = EkCertTemplate::new(EkKind::P256);
    let future = rcgen::date_time_ymd(2043, 1, 1);
    let wrong = [
        // A CA with the EK purpose, an end entity without it, one that is not valid yet.
        EkCertTemplate { ca: true, ..right.clone() },
        EkCertTemplate { purposes: vec![vec![1, 3, 6, 1, 5, 5, 7, 3, 1]], ..right.clone() },
        EkCertTemplate { not_before: future, ..right },
    ];
    for template in wrong {
        let der = case.ca.issue_with(&case.machine.tpm, &template);
        case.machine.ek = EkMaterial::Certificate(der);
        let status = case.machine.enrol(&case.alice.connection, &case.token).await.unwrap_err();
        assert!(matches!(status.code(), PermissionDenied | InvalidArgument), "{status:?}");
    }
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn chips_outlive_the_end_of_their_certificates() {
    let mut case = case().await;
    let right = EkCertTemplate::new(EkKind::P256);
    let ended = EkCertTemplate { not_after: rcgen::date_time_ymd(2025, 1, 1), ..right };
    let der = case.ca.issue_with(&case.machine.tpm, &ended);
    case.machine.ek = EkMaterial::Certificate(der);
    case.machine.enrol(&case.alice.connection, &case.token).await.unwrap();
}

#[tokio::test]
async fn the_certificate_of_another_tpm_does_not_help() {
    let mut case = case().await;
    // A right certificate, stolen from another computer: the credential can only be opened there.
    let other = Machine::new("PF000002");
    case.machine.ek = case.ca.ek_material(&other.tpm);
    let init = case.machine.init(&case.token);
    let (stream, challenge) = Enrolling::begin_tpm(&case.alice.connection, init).await.unwrap();
    let credential = challenge.encrypted_credential.clone().unwrap();
    let credential =
        EncryptedCredential { credential_blob: credential.credential_blob, secret: credential.secret };
    assert!(case.machine.tpm.activate(&case.machine.ak, &credential).is_err());
    let platform = platform_parameters(case.machine.quote(&challenge.attestation_nonce));
    let answer = TpmEnrollChallengeResponse { solution: vec![7; 32], platform_parameters: Some(platform) };
    refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn enrolled_devices_are_not_judged_again() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [SoftTpmCa::new().pem()]}})).await;
    machine.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn an_entry_that_is_no_certificate_is_refused_when_it_is_written() {
    let rig = Rig::start().await;
    let document = json!({
        "kind": "cluster_auth_preference",
        "version": "v2",
        "metadata": {"name": "cluster-auth-preference"},
        "spec": {"device_trust": {"ekcert_allowed_cas": ["no certificate"]}},
    });
    let outcome = rig.try_create("cluster_auth_preference", &document).await;
    let status = refused(outcome, InvalidArgument, "invalid_ekcert_ca");
    assert!(status.message().starts_with("device trust has invalid EKCert allowed CAs entry: "));
}
