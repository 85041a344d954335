//! TPMs that were announced: enrolment without a token, and every way to misuse it.

use gatehouse_attestation::{EkCertificate, EkPublic};
use gatehouse_model::tpm::{EkMaterial, EncryptedCredential};
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use gatehouse_testkit::soft_tpm::{AkKind, SoftAk, SoftTpmCa};
use serde_json::json;
use tonic::Code::{InvalidArgument, PermissionDenied};
use tonic::Status;

use crate::rig::{Enrolling, Machine, Person, Rig, refused};

struct Case {
    rig: Rig,
    alice: Person,
    machine: Machine,
}

async fn case() -> Case {
    let rig = Rig::start().await;
    rig.prefer(json!({"device_trust": {"ship_ahead": true}})).await;
    let alice = rig.person("alice", &["access"]).await;
    Case { rig, alice, machine: Machine::new("PF000001") }
}

fn ek_of(machine: &Machine) -> String {
    let ek = EkPublic::from_spki_der(&machine.tpm.ek_spki()).unwrap();
    ek.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Case {
    async fn announce(&self, csv: &str) -> wire::ImportShipAheadResponse {
        self.import(csv, false).await.unwrap()
    }

    async fn import(&self, csv: &str, dry_run: bool) -> Result<wire::ImportShipAheadResponse, Status> {
        let request = wire::ImportShipAheadRequest { csv: csv.as_bytes().to_vec(), dry_run };
        Ok(self.rig.admin.ship_ahead().import_ship_ahead(request).await?.into_inner())
    }

    async fn announce_ek(&self, mode: &str) {
        self.announce(&format!("ek_sha256,mode\n{},{mode}\n", ek_of(&self.machine))).await;
    }

    async fn rows(&self) -> Vec<wire::ShipAheadRow> {
        let request = wire::ListShipAheadRequest::default();
        self.rig.admin.ship_ahead().list_ship_ahead(request).await.unwrap().into_inner().rows
    }

    async fn enrol(&self, machine: &Machine) -> Result<devices::Device, Status> {
        machine.enrol(&self.alice.connection, "").await
    }

    async fn device_count(&self) -> usize {
        let request = devices::ListDevicesRequest::default();
        self.rig.admin.devices().list_devices(request).await.unwrap().into_inner().devices.len()
    }

    /// Neither a device nor a use.
    async fn assert_untouched(&self) {
        assert_eq!(self.device_count().await, 0);
        assert!(self.rows().await.iter().all(|row| row.uses == 0));
    }
}

#[tokio::test]
async fn an_announced_tpm_enrols_itself_and_its_device_is_registered_by_it() {
    let case = case().await;
    case.announce_ek("once").await;
    let device = case.enrol(&case.machine).await.unwrap();
    assert_eq!((device.asset_tag.as_str(), device.owner.as_str()), ("PF000001", "alice"));
    case.machine.authenticate(&case.alice).await.unwrap();
    let [row] = case.rows().await.try_into().unwrap();
    assert_eq!((row.uses, row.used_by.as_str(), row.used_device), (1, "alice", device.id.clone()));
    let used = case.rig.events("device.ship_ahead.use").await.remove(0);
    assert_eq!((&used["target"], &used["device"]["device_id"]), (&json!(row.id), &json!(device.id)));
    assert_eq!(case.rig.evidence(&device.id).await.len(), 1);
}

#[tokio::test]
async fn without_the_policy_a_token_is_missing() {
    let case = case().await;
    case.announce_ek("once").await;
    case.rig.prefer(json!({"device_trust": {"ship_ahead": false}})).await;
    let status = refused(case.enrol(&case.machine).await, InvalidArgument, "message_incomplete");
    assert_eq!(status.message(), "missing token");
    case.assert_untouched().await;
}

#[tokio::test]
async fn a_row_of_one_use_that_is_used_twice_is_refused() {
    let case = case().await;
    case.announce_ek("once").await;
    let device = case.enrol(&case.machine).await.unwrap();
    let again = case.machine.other_os_user();
    refused(case.enrol(&again).await, PermissionDenied, "not_announced");
    let event = case.rig.events("device.enroll").await.remove(0);
    assert!(event["error"].as_str().unwrap().contains("one use"), "{event}");
    // Neither does un-enrolling bring it back.
    case.rig.unenrol(&device.id).await;
    refused(case.enrol(&case.machine).await, PermissionDenied, "not_announced");
}

#[tokio::test]
async fn a_standing_row_enrols_again() {
    let case = case().await;
    case.announce_ek("standing").await;
    let device = case.enrol(&case.machine).await.unwrap();
    case.rig.unenrol(&device.id).await;
    case.enrol(&case.machine).await.unwrap();
    assert_eq!(case.rows().await[0].uses, 2);
}

#[tokio::test]
async fn two_clients_race_for_a_row_of_one_use_and_one_wins() {
    let case = case().await;
    case.announce_ek("once").await;
    // The same TPM, two keys: both have their challenge before either answers.
    let (one, two) = (case.machine.clone(), case.machine.other_os_user());
    let (first, challenge_one) = Enrolling::begin_tpm(&case.alice.connection, one.init("")).await.unwrap();
    let (second, challenge_two) = Enrolling::begin_tpm(&case.alice.connection, two.init("")).await.unwrap();
    let (answer_one, answer_two) = (one.solve(&challenge_one), two.solve(&challenge_two));
    let (one, two) = tokio::join!(first.finish_tpm(answer_one), second.finish_tpm(answer_two));
    let [won, lost] = if one.is_ok() { [one, two] } else { [two, one] };
    won.unwrap();
    refused(lost, PermissionDenied, "not_announced");
    assert_eq!((case.rows().await[0].uses, case.device_count().await), (1, 1));
}

#[tokio::test]
async fn a_row_by_serial_number_needs_a_certificate_that_is_verified() {
    let mut case = case().await;
    let ca = SoftTpmCa::new();
    case.machine.ek = ca.ek_material(&case.machine.tpm);
    let EkMaterial::Certificate(der) = &case.machine.ek else { panic!("a certificate") };
    let certificate = EkCertificate::parse(der).unwrap();
    let row = format!("serial,issuer\n{},\"{}\"\n", certificate.serial(), certificate.issuer());
    case.announce(&row).await;
    // No CAs are set: anybody can make such a certificate.
    refused(case.enrol(&case.machine).await, PermissionDenied, "not_announced");
    let event = case.rig.events("device.enroll").await.remove(0);
    assert!(event["error"].as_str().unwrap().contains("not verified"), "{event}");
    // Nor does the certificate of another CA with the same name and number help.
    let list = json!({"ship_ahead": true, "ekcert_allowed_cas": [ca.pem()]});
    case.rig.prefer(json!({"device_trust": list})).await;
    let forged = Machine { ek: SoftTpmCa::new().ek_material(&case.machine.tpm), ..case.machine.clone() };
    assert_eq!(case.enrol(&forged).await.unwrap_err().code(), PermissionDenied);
    case.assert_untouched().await;
    case.enrol(&case.machine).await.unwrap();
}

#[tokio::test]
async fn a_stolen_ek_public_key_without_activation_gets_nothing() {
    let case = case().await;
    case.announce_ek("once").await;
    // The thief knows the EK's public half and has a TPM of their own.
    let thief = Machine { ek: case.machine.tpm.ek_key(), ..Machine::new("PF000009") };
    let (stream, challenge) = Enrolling::begin_tpm(&case.alice.connection, thief.init("")).await.unwrap();
    let credential = challenge.encrypted_credential.clone().unwrap();
    let credential =
        EncryptedCredential { credential_blob: credential.credential_blob, secret: credential.secret };
    assert!(thief.tpm.activate(&thief.ak, &credential).is_err());
    let answer = devices::TpmEnrollChallengeResponse {
        solution: vec![7; 32],
        platform_parameters: Some(platform_parameters(thief.quote(&challenge.attestation_nonce))),
    };
    refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
    case.assert_untouched().await;
    case.enrol(&case.machine).await.unwrap();
}

#[tokio::test]
async fn owner_and_asset_tag_of_a_row_hold() {
    let case = case().await;
    case.rig.person("bob", &["access"]).await;
    let ek = ek_of(&case.machine);
    case.announce(&format!("ek_sha256,owner,asset_tag\n{ek},bob,PF000001\n")).await;
    refused(case.enrol(&case.machine).await, PermissionDenied, "not_announced");
    let id = case.rows().await[0].id.clone();
    case.rig.admin.ship_ahead().delete_ship_ahead(wire::DeleteShipAheadRequest { id }).await.unwrap();
    case.announce(&format!("ek_sha256,owner,asset_tag\n{ek},alice,PF000002\n")).await;
    refused(case.enrol(&case.machine).await, PermissionDenied, "not_announced");
    case.assert_untouched().await;
    let right = Machine { serial: "PF000002".to_owned(), ..case.machine.clone() };
    case.enrol(&right).await.unwrap();
}

#[tokio::test]
async fn an_announcement_does_not_take_over_anothers_device() {
    let case = case().await;
    let bob = case.rig.person("bob", &["access"]).await;
    // Bob's device has this tag.
    case.rig.enrolled(&bob, "PF000001").await;
    case.announce_ek("once").await;
    let status = case.enrol(&case.machine).await.unwrap_err();
    assert_eq!(status.code(), PermissionDenied, "{status:?}");
    // A lock holds as well.
    let (id, _) = case.rig.register_linux("PF000002").await;
    case.rig.lock(json!({"device": id})).await;
    let locked = Machine { serial: "PF000002".to_owned(), ..case.machine.clone() };
    refused(case.enrol(&locked).await, PermissionDenied, "device_locked");
    assert_eq!(case.rows().await[0].uses, 0);
}

#[tokio::test]
async fn another_tpm_learns_nothing_of_the_list() {
    let case = case().await;
    case.announce_ek("once").await;
    let other = Machine::new("PF000001");
    let unknown = refused(case.enrol(&other).await, PermissionDenied, "not_announced");
    let stranger = Machine { ak: SoftAk::generate(AkKind::P256), serial: "PF000007".to_owned(), ..other };
    let again = refused(case.enrol(&stranger).await, PermissionDenied, "not_announced");
    assert_eq!(unknown.message(), again.message());
}

#[tokio::test]
async fn a_list_is_announced_as_a_whole_or_not_at_all() {
    let case = case().await;
    let ek = ek_of(&case.machine);
    let file = format!("ek_sha256,owner\n{ek},\n{ek},\nxyz,\n{},nobody\n", "ab".repeat(32));
    let answer = case.announce(&file).await;
    assert_eq!((answer.added, answer.wrong), (0, 3));
    let lines: Vec<i32> = answer.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 4, 5]);
    assert!(case.rows().await.is_empty());
    let good = format!("ek_sha256\n{ek}\n{}\n", "ab".repeat(32));
    assert_eq!(case.import(&good, true).await.unwrap().added, 2);
    assert!(case.rows().await.is_empty(), "a dry run writes nothing");
    assert_eq!(case.announce(&good).await.added, 2);
    let again = case.announce(&good).await;
    assert_eq!((again.added, again.known), (0, 2));
    refused(case.import("tag\nx\n", false).await, InvalidArgument, "ship_ahead_list");
}

#[tokio::test]
async fn who_announces_must_be_let_register_and_enrol() {
    let case = case().await;
    let carol = case.rig.person("carol", &["device-enroll"]).await;
    let request = wire::ImportShipAheadRequest { csv: b"ek_sha256\n".to_vec(), dry_run: true };
    let outcome = carol.connection.ship_ahead().import_ship_ahead(request).await;
    refused(outcome, PermissionDenied, "not_allowed");
}
