use gatehouse_testkit::server::TestServer;
use gatehouse_testkit::swtpm::{EkCa, EkKindName};

use crate::Scene;

fn on_allow_list(ca: &EkCa) -> TestServer {
    let indented: String = ca.pem().lines().map(|line| format!("    {line}\n")).collect();
    TestServer::with_authentication(&format!(
        "second_factor: off\ndevice_trust:\n  ekcert_allowed_cas:\n  - |\n{indented}"
    ))
}

#[test]
fn only_tpms_of_listed_makers_can_enrol() {
    let ca = EkCa::new();
    let mut scene = Scene::on(on_allow_list(&ca));
    scene.adds_user("alice", "editor");
    scene.is_logged_in("alice");
    scene.types("tsh device enroll --current-device");
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &EkCa::new());
    scene.types("tsh device enroll --current-device");
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &ca);
    scene.types("tsh device enroll --current-device");
    scene.types("tctl get device/C00AA0AAAA0A | grep attestation_type");
    scene.logs_in("alice", "--require-device");
    assert_transcript!(scene);
}

#[test]
fn the_kind_of_endorsement_key_can_be_chosen() {
    for kind in ["rsa", "p256", "p384", "auto"] {
        let mut scene = Scene::new();
        scene.tpm.manufacture(&EkKindName::ALL, &EkCa::new());
        scene.adds_user("alice", "editor");
        scene.is_logged_in("alice");
        let ran = scene.quietly(&format!("tsh device enroll --current-device --ek={kind}"), "");
        assert_eq!(ran.code, Some(0), "{kind}: {}", ran.shown());
        let stored = scene.quietly("tctl get device/C00AA0AAAA0A | grep attestation_type", "");
        assert!(stored.stdout.contains("tpm_ekcert"), "{kind}: {}", stored.shown());
        assert_eq!(scene.tpm.loaded_handles(), 0, "{kind}");
    }
}
