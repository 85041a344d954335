//! A machine whose TPM was announced, with a TPM of its own process.

use gatehouse_testkit::server::TestServer;
use gatehouse_testkit::swtpm::{EkCa, EkKindName};

use crate::{SERIAL, Scene};

#[test]
fn an_announced_machine_is_enrolled_at_its_first_login() {
    let server = TestServer::with_authentication("second_factor: off\ndevice_trust: {ship_ahead: yes}");
    let ca = EkCa::new();
    let mut scene = Scene::on(server);
    scene.tpm.manufacture(&[EkKindName::P256], &ca);
    scene.adds_user("alice", "access");
    let login = "tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --require-device";
    let before = scene.quietly(login, "correct horse battery staple\n");
    assert!(before.code != Some(0) && before.stderr.contains("was not announced"), "{}", before.shown());
    // As the maker's list has it.
    let ek = scene.tpm.ek_certificate(EkKindName::P256);
    std::fs::write(scene.file("ek.der"), ek).unwrap();
    let facts = scene.quietly("tctl ekcas check --format=json ek.der", "");
    let digest = facts.word_after("\"ek_sha256\": \"");
    scene.write("list.csv", &format!("ek_sha256,note\n{digest},Order 4711\n"));
    let dry = scene.prepares("tctl devices ship-ahead import list.csv --dry-run", "");
    assert!(dry.stdout.contains("1 TPM would be announced"), "{}", dry.shown());
    scene.prepares("tctl devices ship-ahead import list.csv", "");
    let trusted = scene.quietly(login, "correct horse battery staple\n");
    assert_eq!(trusted.code, Some(0), "{}", trusted.shown());
    let devices = scene.prepares("tctl devices ls", "");
    assert!(devices.stdout.contains(SERIAL) && devices.stdout.contains("enrolled"), "{}", devices.shown());
    let rows = scene.prepares("tctl devices ship-ahead ls --format=json", "");
    assert!(rows.stdout.contains("\"used_by\": \"alice\""), "{}", rows.shown());
    let id = rows.word_after("\"id\": \"");
    scene.prepares(&format!("tctl devices ship-ahead rm {id}"), "");
}

#[test]
fn a_machine_enrols_by_its_announcement_before_it_asks_for_rights() {
    let server = TestServer::with_authentication("second_factor: off\ndevice_trust: {ship_ahead: yes}");
    let mut scene = Scene::on(server);
    scene.tpm.manufacture(&[EkKindName::P256], &EkCa::new());
    scene.adds_user("alice", "access");
    scene.is_logged_in("alice");
    let refused = scene.quietly("tsh device enroll --current-device", "");
    assert!(refused.code != Some(0) && refused.stderr.contains("permissions"), "{}", refused.shown());
    std::fs::write(scene.file("ek.der"), scene.tpm.ek_certificate(EkKindName::P256)).unwrap();
    let digest = scene.quietly("tctl ekcas check --format=json ek.der", "").word_after("\"ek_sha256\": \"");
    scene.write("list.csv", &format!("ek_sha256\n{digest}\n"));
    scene.prepares("tctl devices ship-ahead import list.csv", "");
    scene.prepares("tsh device enroll --current-device", "");
}
