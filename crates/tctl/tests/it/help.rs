use crate::tctl;

#[test]
fn every_command_explains_itself() {
    let home = tempfile::tempdir().unwrap();
    for (name, args) in [
        ("tctl", &["--help"][..]),
        ("devices", &["devices", "--help"]),
        ("devices_add", &["devices", "add", "--help"]),
        ("devices_rm", &["devices", "rm", "--help"]),
        ("devices_lock", &["devices", "lock", "--help"]),
        ("get", &["get", "--help"]),
        ("create", &["create", "--help"]),
        ("users_add", &["users", "add", "--help"]),
        ("lock", &["lock", "--help"]),
        ("audit_ls", &["audit", "ls", "--help"]),
        ("ekcas", &["ekcas", "--help"]),
        ("ekcas_add", &["ekcas", "add", "--help"]),
        ("ekcas_check", &["ekcas", "check", "--help"]),
        ("ekcas_import", &["ekcas", "import", "--help"]),
        ("ekcas_fetch", &["ekcas", "fetch", "--help"]),
        ("reviews", &["reviews", "--help"]),
        ("reviews_trust", &["reviews", "trust", "--help"]),
        ("eventlog", &["eventlog", "--help"]),
        ("evidence_verify", &["evidence", "verify", "--help"]),
        ("devices_evidence", &["devices", "evidence", "--help"]),
        ("devices_boot", &["devices", "boot", "--help"]),
        ("devices_ship_ahead_import", &["devices", "ship-ahead", "import", "--help"]),
    ] {
        insta::assert_snapshot!(format!("help_{name}"), tctl(home.path(), args));
    }
}

#[test]
fn completions_are_scripts() {
    let home = tempfile::tempdir().unwrap();
    let script = tctl(home.path(), &["completions", "zsh"]);
    assert!(script.starts_with("exit: 0") && script.contains("#compdef tctl"));
}
