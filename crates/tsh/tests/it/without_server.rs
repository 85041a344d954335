use crate::{transcript, tsh};

#[test]
fn nobody_is_logged_in_at_first() {
    let home = tempfile::tempdir().unwrap();
    let runs = [&["status"][..], &["device", "ls"], &["device", "enroll", "--token=x"], &["logout"]];
    insta::assert_snapshot!(transcript(home.path(), &runs));
}

#[test]
fn wrong_usage_exits_with_1() {
    let home = tempfile::tempdir().unwrap();
    let runs = [
        &["frobnicate"][..],
        &["login", "--ca-pin=md5:00"],
        &["login", "--proxy=http://x"],
        &["device", "enroll"],
        &["device", "enroll", "--token= "],
        &["device", "enroll", "--token=x", "--current-device"],
        &["signup", "--link=https://host"],
        &["login"],
    ];
    insta::assert_snapshot!(transcript(home.path(), &runs));
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let home = tempfile::tempdir().unwrap();
    // Port 1 of this machine: nothing listens there.
    let told = tsh(home.path(), &["login", "--proxy=127.0.0.1:1", "--user=alice", "--insecure"]);
    insta::assert_snapshot!(told);
}

#[test]
fn a_damaged_profile_says_how_to_get_a_new_one() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tsh");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("current-profile"), "localhost\n").unwrap();
    std::fs::write(folder.join("localhost.yaml"), "proxy: [\n").unwrap();
    let told = tsh(home.path(), &["status"]);
    assert!(told.starts_with("exit: 1") && told.contains("hint: run `tsh logout`"), "{told}");
}

#[test]
fn the_machine_tells_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    let nameless = tsh(home.path(), &["device", "asset-tag"]);
    assert!(nameless.starts_with("exit: 1") && nameless.contains("unable to determine serial number"));
    assert!(
        nameless.contains("tsh device doctor") && !nameless.contains("tsh device asset-tag`"),
        "{nameless}"
    );
    let dmi = home.path().join("sys/class/dmi/id");
    std::fs::create_dir_all(&dmi).unwrap();
    std::fs::write(dmi.join("product_serial"), "PF0\u{1b}[31mABC1\n").unwrap();
    std::fs::write(dmi.join("chassis_asset_tag"), "No Asset Tag\n").unwrap();
    insta::assert_snapshot!(transcript(home.path(), &[&["device", "asset-tag"], &["device", "dmi-read"]]));
    let collected = tsh(home.path(), &["device", "collect"]);
    assert!(
        collected.contains("DeviceCollectedData {") && collected.contains("\"os_type\": \"OS_TYPE_LINUX\"")
    );
}

#[test]
fn a_machine_without_a_tpm_says_so() {
    let home = tempfile::tempdir().unwrap();
    let told = tsh(home.path(), &["device", "keyget"]);
    assert!(told.starts_with("exit: 1") && told.contains("error: ") && told.contains("hint: "), "{told}");
    let told = tsh(home.path(), &["device", "doctor"]);
    assert!(told.starts_with("exit: 1") && told.contains("FAIL tpm-device"), "{told}");
    let json = tsh(home.path(), &["device", "doctor", "--format=json"]);
    assert!(json.contains("\"status\": \"fail\""), "{json}");
}

#[test]
fn a_reader_that_has_gone_is_a_clean_end() {
    let home = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tsh"))
        .args(["completions", "bash"])
        .env("HOME", home.path())
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
