//! Whose TPMs are trusted, from both command lines and with TPMs of makers of their own.

use gatehouse_testkit::server::TestServer;
use gatehouse_testkit::swtpm::{EkCa, EkKindName};

use crate::Scene;

/// Digits that differ from run to run.
const DIGITS: [(&str, &str); 3] = [
    (r"([0-9a-f]{2}:){19}[0-9a-f]{2}", "[key id]"),
    (r"([0-9a-f]{2}:){7,8}[0-9a-f]{2}", "[serial]"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "[time]"),
];

/// The id of the review that waits.
const REVIEW: &str = "$(tctl reviews ls --format=json | grep -m1 '\"id\"' | cut -d'\"' -f4)";

/// A cluster that allows the CAs, and alice, who may register and enrol the machine at which she sits.
fn scene(cas: &[&EkCa]) -> Scene {
    let entries: String = cas
        .iter()
        .map(|ca| {
            let indented: String = ca.pem().lines().map(|line| format!("    {line}\n")).collect();
            format!("  - |\n{indented}")
        })
        .collect();
    let list = if cas.is_empty() { String::new() } else { format!("  ekcert_allowed_cas:\n{entries}") };
    let server = TestServer::with_authentication(&format!(
        "second_factor: off\ndevice_trust:\n  mode: optional\n{list}"
    ));
    let scene = Scene::on(server);
    scene.adds_user("alice", "editor");
    scene.is_logged_in("alice");
    scene
}

#[test]
fn a_tpm_of_an_unknown_ca_awaits_review_and_is_let_in_once() {
    let mut scene = scene(&[&EkCa::named("A maker that is allowed")]);
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &EkCa::named("A maker that nobody knows"));
    scene.types("tsh device enroll --current-device");
    scene.types("tctl reviews ls");
    scene.types(&format!("tctl reviews show {REVIEW}"));
    // Asked again, the same review waits.
    scene.types("tsh device enroll --current-device");
    scene.types(&format!("tctl reviews accept {REVIEW}"));
    scene.types("tctl reviews ls");
    scene.types("tctl reviews ls --decided");
    scene.types("tctl get device/C00AA0AAAA0A | grep attestation_type");
    // The key that asked is still there: a login is enough.
    scene.logs_in("alice", "--require-device");
    assert_transcript!(scene, [DIGITS[0], DIGITS[1], DIGITS[2]]);
}

#[test]
fn trusting_the_ca_lets_in_this_tpm_and_refusing_another_does_not() {
    let mut scene = scene(&[&EkCa::named("A maker that is allowed")]);
    let maker = EkCa::named("A maker to be trusted");
    scene.write("maker.pem", &maker.pem());
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &maker);
    scene.quietly("tsh device enroll --current-device", "");
    scene.types(&format!("tctl reviews trust {REVIEW}"));
    scene.types(&format!("tctl reviews trust {REVIEW} --ca=maker.pem --dry-run"));
    scene.types(&format!("tctl reviews trust {REVIEW} --ca=maker.pem"));
    scene.types("tctl get device/C00AA0AAAA0A | grep attestation_type");
    scene.logs_in("alice", "--require-device");
    scene.types(
        "tctl ekcas rm $(tctl ekcas ls --format=json | grep sha256 | tail -n1 | cut -d'\"' -f4) --dry-run",
    );
    assert_transcript!(scene, [DIGITS[0], DIGITS[1], DIGITS[2]]);
}

#[test]
fn a_second_tpm_of_another_ca_is_refused_where_an_administrator_says_so() {
    let mut scene = scene(&[&EkCa::named("A maker that is allowed")]);
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &EkCa::named("A maker that nobody wants"));
    scene.quietly("tsh device enroll --current-device", "");
    scene.types(&format!("tctl reviews refuse {REVIEW}"));
    scene.types("tsh device enroll --current-device");
    scene.types("tctl get device/C00AA0AAAA0A | grep enroll_status");
    assert_transcript!(scene, [DIGITS[0], DIGITS[1], DIGITS[2]]);
}

#[test]
fn a_listed_intermediate_is_enough_and_so_is_its_root_beside_it() {
    let root = EkCa::named("A maker's root");
    let intermediate = root.intermediate();
    for cas in [vec![&intermediate], vec![&root, &intermediate]] {
        let mut scene = scene(&cas);
        scene.tpm.manufacture(&[EkKindName::Rsa2048], &intermediate);
        let ran = scene.quietly("tsh device enroll --current-device", "");
        assert_eq!(ran.code, Some(0), "{}", ran.shown());
        let stored = scene.quietly("tctl get device/C00AA0AAAA0A | grep attestation_type", "");
        assert!(stored.stdout.contains("tpm_ekcert_trusted"), "{}", stored.shown());
    }
    let mut scene = scene(&[&root]);
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &root);
    scene.quietly("tsh device enroll --current-device", "");
    let stored = scene.quietly("tctl get device/C00AA0AAAA0A | grep attestation_type", "");
    assert!(stored.stdout.contains("tpm_ekcert_trusted"), "{}", stored.shown());
}

#[test]
fn a_device_that_was_enrolled_before_the_list_stays() {
    let mut scene = scene(&[]);
    scene.tpm.manufacture(&[EkKindName::Rsa2048], &EkCa::named("A maker of before"));
    scene.quietly("tsh device enroll --current-device", "");
    scene.write("maker.pem", &EkCa::named("A maker of today").pem());
    scene.types("tctl ekcas add maker.pem --dry-run");
    scene.types("tctl ekcas add maker.pem");
    scene.prepares("until tctl ekcas failing --format=json | grep -q '\"done\": true'; do :; done", "");
    scene.types("tctl ekcas failing");
    scene.logs_in("alice", "--require-device");
    scene.types("tctl get device/C00AA0AAAA0A | grep attestation_type");
    assert_transcript!(scene, [DIGITS[0], DIGITS[1], DIGITS[2]]);
}
