use crate::tsh;

#[test]
fn every_command_explains_itself() {
    let home = tempfile::tempdir().unwrap();
    for (name, args) in [
        ("tsh", &["--help"][..]),
        ("login", &["login", "--help"]),
        ("signup", &["signup", "--help"]),
        ("logout", &["logout", "--help"]),
        ("status", &["status", "--help"]),
        ("sessions", &["sessions", "--help"]),
        ("sessions_rm", &["sessions", "rm", "--help"]),
        ("device", &["device", "--help"]),
        ("device_enroll", &["device", "enroll", "--help"]),
        ("device_doctor", &["device", "doctor", "--help"]),
        ("device_authorize", &["device", "authorize", "--help"]),
        ("install_handler", &["install-handler", "--help"]),
        ("open_link", &["open-link", "--help"]),
    ] {
        insta::assert_snapshot!(format!("help_{name}"), tsh(home.path(), args));
    }
}

#[test]
fn hidden_commands_stay_hidden() {
    let home = tempfile::tempdir().unwrap();
    let help = tsh(home.path(), &["device", "--help"]);
    assert!(!help.contains("dmi-read") && !help.contains("keyget"));
    assert!(!tsh(home.path(), &["--help"]).contains("open-link"));
}

#[test]
fn completions_are_scripts() {
    let home = tempfile::tempdir().unwrap();
    let script = tsh(home.path(), &["completions", "bash"]);
    assert!(script.starts_with("exit: 0") && script.contains("_tsh()"));
}
