use gatehouse_testkit::server::TestServer;

use crate::Scene;

#[test]
fn administrators_register_and_enrol_in_one_step() {
    let desk = Scene::new();
    desk.adds_user("alice", "device-admin");
    desk.is_logged_in("alice");
    desk.types("tsh device enroll --current-device");
    desk.types("tsh device enroll --current-device");
    desk.prepares("tctl devices rm --current-device", "");
    desk.prepares("tctl devices add --current-device", "");
    desk.types("tsh device enroll --current-device");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}

/// A role with these verbs on devices.
fn role(name: &str, verbs: &str) -> String {
    format!(
        "kind: role\nversion: v1\nmetadata: {{name: {name}}}\nspec: {{allow: {{rules: [{{resources: [device], verbs: [{verbs}]}}]}}}}\n"
    )
}

#[test]
fn missing_rights_are_named() {
    let desk = Scene::new();
    desk.prepares("tctl create", &role("lister", "list, read"));
    desk.prepares("tctl create", &role("adder", "list, read, create"));
    desk.prepares("tctl create", &role("minter", "list, read, create, create_enroll_token"));
    for (user, roles) in [("a", "access"), ("b", "lister"), ("c", "adder"), ("d", "minter")] {
        desk.adds_user(user, roles);
        desk.is_logged_in(user);
        desk.types(&format!("tsh device enroll --current-device # {roles}"));
    }
    desk.types("tctl devices ls");
    desk.is_logged_in("c");
    desk.types("tsh device enroll --current-device # adder, registered already");
    assert_transcript!(desk);
}

#[test]
fn an_enrolment_that_fails_leaves_the_device_registered_and_says_so() {
    let ca = gatehouse_testkit::swtpm::EkCa::new();
    let indented: String = ca.pem().lines().map(|line| format!("    {line}\n")).collect();
    let server = TestServer::with_authentication(&format!(
        "second_factor: off\ndevice_trust:\n  ekcert_allowed_cas:\n  - |\n{indented}"
    ));
    let desk = Scene::on(server);
    desk.adds_user("alice", "editor");
    desk.is_logged_in("alice");
    desk.types("tsh device enroll --current-device");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}

#[test]
fn under_required_the_first_device_is_enrolled_right_after_the_login() {
    let server = TestServer::with_authentication("second_factor: off\ndevice_trust: {mode: required}");
    let desk = Scene::on(server);
    desk.adds_user("alice", "editor");
    desk.is_logged_in("alice");
    desk.types("tsh device enroll --current-device");
    // There is an enrolled device now: another one is for its sessions to enrol.
    desk.types("tsh device enroll --current-device");
    desk.logs_in("alice", "--require-device");
    desk.types("tsh device enroll --current-device");
    assert_transcript!(desk);
}
