use gatehouse_testkit::server::TestServer;

use crate::Scene;

/// An editor that runs this sed script.
fn editor(script: &str) -> String {
    format!("EDITOR=\"sed -i {script}\"")
}

#[test]
fn every_value_says_where_it_comes_from() {
    let mut desk =
        Scene::on(TestServer::with_authentication("second_factor: off\ndevice_trust:\n  mode: optional"));
    desk.types("tctl get cap");
    desk.types("tctl get cluster_auth_preference --format=json");
    desk.types(&format!("{} tctl edit cluster_auth_preference", editor("'s/mode: .*/mode: required/'")));
    desk.types("tctl get cap");
    desk.types("gatehouse config check --config=$CONFIG");
    desk.server.restart();
    desk.types("tctl get cap");
    assert!(desk.server.log().contains("device_trust.mode"), "{}", desk.server.log());
    desk.types("tctl rm cap");
    desk.types("tctl get cap");
    assert_transcript!(desk);
}

#[test]
fn edits_that_make_no_sense_change_nothing() {
    let desk = Scene::new();
    let edit = |script: &str| format!("{} tctl edit cap", editor(script));
    desk.types("EDITOR=true tctl edit cap");
    desk.types("EDITOR=false tctl edit cap");
    desk.types("VISUAL=true EDITOR=false tctl edit cap");
    desk.types(&edit("d"));
    let kept = desk.quietly(&edit("'s/mode: .*/mode: sometimes/'"), "");
    let path = kept.stderr.split("kept in ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    assert!(std::fs::read_to_string(path).unwrap().contains("mode: sometimes"), "{}", kept.shown());
    desk.types(&edit("'s/mode: .*/mode: sometimes/'"));
    desk.types(&edit("'s/auto_enroll: .*/auto_enrol: true/'"));
    desk.types(&edit("'s/auto_enroll: .*/auto_enroll: perhaps/'"));
    desk.types(&edit("'s/^kind: .*/kind: user/'"));
    desk.types(&edit("'s/^kind: .*/kind: [/'"));
    desk.types(&edit("'s/ekcert_allowed_cas: .*/ekcert_allowed_cas: [rubbish]/'"));
    desk.types(&edit("'s/ekcert_allowed_vendors: .*/ekcert_allowed_vendors: acme/'"));
    desk.types(&edit("'s/ekcert_sha1: .*/ekcert_sha1: perhaps/'"));
    desk.types(&edit("'s/ekcert_sha1: .*/ekcert_sha2: accept/'"));
    desk.types("tctl get cap");
    assert_transcript!(desk);
}

#[test]
fn preferences_can_come_from_a_file() {
    let desk = Scene::new();
    desk.write("cap.yaml", "kind: cluster_auth_preference\nversion: v2\nmetadata:\n  name: cluster-auth-preference\nspec:\n  device_trust:\n    mode: \"required\"\n    auto_enroll: yes\n");
    desk.types("tctl create cap.yaml");
    desk.types("tctl create -f cap.yaml");
    desk.types("tctl get cap");
    desk.types("tctl get cap | tctl create -f");
    desk.write(
        "more.yaml",
        "kind: cluster_auth_preference\nversion: v2\nspec:\n  type: local\n  device_trust: {mode: optional}\n",
    );
    desk.types("tctl create -f more.yaml");
    assert_transcript!(desk);
}

#[test]
fn whom_a_mode_locks_out_is_said() {
    let desk = Scene::new();
    for user in ["alice", "bob"] {
        desk.adds_user(user, "access");
    }
    desk.types(&format!("{} tctl edit cap", editor("'s/mode: .*/mode: required/'")));
    // Once, and not at every later change.
    desk.types(&format!("{} tctl edit cap", editor("'s/auto_enroll: .*/auto_enroll: true/'")));
    desk.quietly("tctl rm cap", "");
    let role = "kind: role\nversion: v1\nmetadata:\n  name: access\nspec:\n  options:\n    device_trust_mode: required\n";
    desk.write("access.yaml", role);
    desk.types("tctl create -f access.yaml");
    desk.types("tctl create -f access.yaml");
    assert_transcript!(desk);
}
