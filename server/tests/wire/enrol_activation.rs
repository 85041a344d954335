//! Credential activation: the AK lives in the TPM of the EK, or there is no enrolment.

use gatehouse_model::tpm::{EkMaterial, EncryptedCredential};
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust as wire;
use gatehouse_testkit::soft_tpm::{ActivateError, AkKind, EkKind, SoftAk, SoftTpm};
use tonic::Code::{InvalidArgument, PermissionDenied};
use tonic::Status;

use crate::rig::{Enrolling, Mac, Machine, Person, Rig, refused};
use gatehouse_model::OsType;

async fn case() -> (Rig, Person, String, String) {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    (rig, alice, id, token)
}

fn credential(challenge: &wire::TpmEnrollChallenge) -> EncryptedCredential {
    let credential = challenge.encrypted_credential.clone().unwrap();
    EncryptedCredential { credential_blob: credential.credential_blob, secret: credential.secret }
}

async fn refuse_ek(ek: EkMaterial, code: &str) -> Status {
    let (rig, alice, id, token) = case().await;
    let machine = Machine { ek, ..Machine::new("PF000001") };
    let outcome = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.map(|_| ());
    let status = refused(outcome, InvalidArgument, code);
    rig.assert_untouched(&id).await;
    status
}

#[tokio::test]
async fn a_wrong_solution_is_refused() {
    let (rig, alice, id, token) = case().await;
    let machine = Machine::new("PF000001");
    let solutions = [
        |right: Vec<u8>| right[..31].to_vec(),
        |right: Vec<u8>| [right.as_slice(), &[0]].concat(),
        |right: Vec<u8>| right.iter().map(|byte| !byte).collect(),
        |_| Vec::new(),
    ];
    for falsify in solutions {
        let (stream, challenge) =
            Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
        let mut answer = machine.solve(&challenge);
        answer.solution = falsify(answer.solution);
        let status = refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
        assert_eq!(status.message(), "invalid credential activation solution");
    }
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn the_solution_of_another_challenge_is_refused() {
    let (rig, alice, _, token) = case().await;
    let (other_id, other_token) = rig.register_linux("PF000002").await;
    let machine = Machine::new("PF000001");
    let other = Machine { serial: "PF000002".to_owned(), ..machine.clone() };
    let (_held, first) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let (stream, second) = Enrolling::begin_tpm(&alice.connection, other.init(&other_token)).await.unwrap();
    let mut answer = other.solve(&second);
    answer.solution = machine.activate(&first);
    refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
    rig.assert_untouched(&other_id).await;
}

#[tokio::test]
async fn an_ak_of_another_tpm_cannot_be_activated() {
    let (rig, alice, id, token) = case().await;
    // The EK is that of the office's computer, the AK the attacker's own: a right one, but of another TPM.
    let victim = Machine::new("PF000001");
    let attacker = SoftAk::generate(AkKind::P256);
    let posing = Machine { ak: attacker.clone(), ..victim.clone() };
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, posing.init(&token)).await.unwrap();
    // The victim's TPM holds no key with the attacker's Name, so it opens the credential for none of its own.
    let opened = victim.tpm.activate(&victim.ak, &credential(&challenge));
    assert_eq!(opened, Err(ActivateError::Integrity));
    // And the attacker's TPM does not have the EK.
    let own = SoftTpm::generate(EkKind::P256);
    assert!(own.activate(&attacker, &credential(&challenge)).is_err());
    let answer = wire::TpmEnrollChallengeResponse {
        solution: vec![0; 32],
        platform_parameters: Some(platform_parameters(posing.quote(&challenge.attestation_nonce))),
    };
    refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn a_quote_by_another_key_than_the_activated_one_is_refused() {
    let (rig, alice, id, token) = case().await;
    let machine = Machine::new("PF000001");
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let other = machine.other_os_user();
    let answer = wire::TpmEnrollChallengeResponse {
        solution: machine.activate(&challenge),
        platform_parameters: Some(platform_parameters(other.quote(&challenge.attestation_nonce))),
    };
    refused(stream.finish_tpm(answer).await, InvalidArgument, "quote_invalid");
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn an_ek_that_cannot_be_read_is_refused() {
    refuse_ek(EkMaterial::PublicKey(vec![0x30, 0x03, 1, 2, 3]), "ek_invalid").await;
    refuse_ek(EkMaterial::Certificate(b"no certificate".to_vec()), "ekcert_invalid").await;
    let spki = Machine::new("PF000001").tpm.ek_spki();
    refuse_ek(EkMaterial::PublicKey([spki.as_slice(), &[0]].concat()), "ek_invalid").await;
    refuse_ek(EkMaterial::PublicKey(spki[..spki.len() - 1].to_vec()), "ek_invalid").await;
}

#[tokio::test]
async fn an_ek_on_an_invalid_point_is_refused() {
    let mut spki = SoftTpm::with_shared_key(EkKind::P256).ek_spki();
    let last = spki.len() - 1;
    spki[last] ^= 1;
    refuse_ek(EkMaterial::PublicKey(spki), "ek_invalid").await;
}

#[tokio::test]
async fn an_enrolment_without_ek_or_ak_is_refused() {
    let (rig, alice, id, token) = case().await;
    let machine = Machine::new("PF000001");
    let changes: [fn(&mut wire::EnrollDeviceInit); 6] = [
        |init| init.tpm.as_mut().unwrap().ek = None,
        |init| init.tpm.as_mut().unwrap().ek = Some(wire::tpm_enroll_payload::Ek::EkKey(Vec::new())),
        |init| init.tpm.as_mut().unwrap().attestation_parameters = None,
        |init| init.tpm = None,
        |init| init.macos = Some(wire::MacOsEnrollPayload::default()),
        |init| init.device_data = None,
    ];
    for change in changes {
        let mut init = machine.init(&token);
        change(&mut init);
        let status = Enrolling::begin(&alice.connection, init).await.map(|_| ()).unwrap_err();
        assert_eq!(status.code(), InvalidArgument, "{}", status.message());
    }
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn a_key_of_the_wrong_kind_for_the_os_is_refused() {
    let (rig, alice, id, token) = case().await;
    let mac = Mac::new("PF000001");
    let mut init = mac.init(&token);
    init.device_data = Some(Machine::new("PF000001").data());
    let outcome = Enrolling::begin(&alice.connection, init).await.map(|_| ());
    refused(outcome, InvalidArgument, "key_kind");
    rig.assert_untouched(&id).await;

    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    let machine = Machine { os: OsType::Macos, ..Machine::new("C02XK000") };
    let outcome = Enrolling::begin(&alice.connection, machine.init(&token)).await.map(|_| ());
    refused(outcome, InvalidArgument, "key_kind");
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_refused() {
    let (rig, alice, id, token) = case().await;
    let machine = Machine::new("PF000001");
    let (stream, _) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let outcome = stream.finish(Mac::answer(vec![0; 70])).await;
    refused(outcome, InvalidArgument, "message_incomplete");
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn a_macs_signature_must_be_over_the_challenge_and_by_its_key() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    let (mac, other) = (Mac::new("C02XK000"), Mac::new("C02XK000"));
    let (stream, challenge) = mac.begin(&alice.connection, &token).await.unwrap();
    let outcome = stream.finish(Mac::answer(other.sign(&challenge))).await;
    refused(outcome, InvalidArgument, "signature_invalid");
    let (stream, _) = mac.begin(&alice.connection, &token).await.unwrap();
    let outcome = stream.finish(Mac::answer(mac.sign(&challenge))).await;
    refused(outcome, InvalidArgument, "signature_invalid");
    rig.assert_untouched(&id).await;
}
