use std::os::unix::fs::PermissionsExt;

use gatehouse_testkit::server::TestServer;

use crate::{SERIAL, Scene};

#[test]
fn an_enrolled_device_makes_a_login_trusted() {
    let desk = Scene::new();
    desk.adds_user("alice", "access,editor");
    desk.logs_in("alice", "");
    desk.types("tsh device asset-tag");
    desk.types("tctl devices add --os='linux' --asset-tag='C00AA0AAAA0A'");
    let token = desk.prepares("tctl devices enroll --asset-tag=C00AA0AAAA0A", "").word_after("--token=");
    desk.write("token", &token);
    desk.types("tsh device enroll --token=$(cat token)");
    desk.types("tsh logout");
    desk.logs_in("alice", "");
    desk.types("tsh status");
    desk.types("tsh status --format=json");
    desk.types("tsh status --format=yaml");
    desk.types("tsh device ls");
    desk.types("tctl devices ls");
    desk.types("tctl sessions ls");
    desk.types("tctl audit ls --type=device.authenticate");
    desk.types("tctl get device/C00AA0AAAA0A | grep -oE '^ *-? *[a-z_]+:' | grep -vE 'os_(id|build|version|username|login_user)|index|digest|quote:|signature' | uniq");
    assert_transcript!(desk);
}

#[test]
fn what_a_login_stores_is_for_its_owner_alone() {
    let desk = Scene::enrolled();
    desk.is_logged_in("alice");
    let names = desk.prepares("find tsh | LC_ALL=C sort", "").stdout;
    insta::assert_snapshot!(names);
    for path in names.lines().map(|name| desk.file(name)) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}: {mode:o}", path.display());
    }
}

#[test]
fn a_login_never_degrades_silently() {
    let untrusted = |desk: &Scene, why: &str| {
        let ran = desk.quietly("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice", crate::PASSWORD);
        let told = ran.shown();
        assert!(ran.stderr.contains("warning: this session is not trusted: "), "{why}: {told}");
        assert!(ran.stderr.contains("hint: "), "{why}: {told}");
        assert!(ran.stdout.contains("Extensions: none") && !ran.stdout.contains("trusted"), "{why}: {told}");
        assert_eq!(ran.code, Some(0), "{why}: {told}");
        let strict = "tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --require-device";
        let ran = desk.quietly(strict, crate::PASSWORD);
        let told = ran.shown();
        assert!(ran.stderr.contains("error: this session is not trusted: "), "{why}: {told}");
        assert_eq!(ran.code, Some(1), "{why}: {told}");
    };
    let mut scene = Scene::new();
    scene.adds_user("alice", "access");
    untrusted(&scene, "never enrolled");
    scene.is_logged_in("alice");
    scene.enrols(SERIAL);
    let ran = scene
        .quietly("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --require-device", crate::PASSWORD);
    assert!(ran.code == Some(0) && ran.stdout.contains("trusted"), "{}", ran.shown());

    scene.prepares("tctl devices lock --current-device", "");
    untrusted(&scene, "locked");
    scene.prepares("tctl rm lock/$(tctl get locks | awk '/ name:/ {print $2}')", "");
    scene.desk.set("TCTI", "rubbish");
    untrusted(&scene, "unreadable TPM address");
    let other = gatehouse_testkit::swtpm::Swtpm::start();
    scene.desk.plug(&other);
    untrusted(&scene, "another TPM");
    let tpm = scene.tpm.address();
    scene.desk.set("TCTI", tpm);
    let renamed = gatehouse_testkit::swtpm::FakeSysfs::new("OTHER1");
    scene.desk.set("GATEHOUSE_SYSFS", renamed.path());
    untrusted(&scene, "another serial number");
    let nameless = gatehouse_testkit::swtpm::FakeSysfs::new("None").without("board_serial");
    scene.desk.set("GATEHOUSE_SYSFS", nameless.path());
    untrusted(&scene, "no serial number");
    let sysfs = scene.sysfs.path().to_owned();
    scene.desk.set("GATEHOUSE_SYSFS", sysfs);
    std::fs::remove_dir_all(scene.file("tsh/device")).unwrap();
    untrusted(&scene, "key lost");
    scene.prepares("tctl devices rm --current-device", "");
    untrusted(&scene, "removed");
}

#[test]
fn the_demanded_device_decides_the_exit_code() {
    let mut scene = Scene::enrolled();
    scene.logs_in("alice", "--require-device");
    let nowhere = format!("swtpm:path={}", scene.file("no-tpm").display());
    scene.desk.set("TCTI", nowhere);
    scene.logs_in("alice", "--require-device");
    scene.logs_in("alice", "");
    // The login itself is good all the same.
    scene.types("tsh device ls");
    let address = scene.tpm.address();
    scene.desk.set("TPM", address);
    scene.logs_in("alice", "--require-device --tpm=$TPM");
    assert_transcript!(scene);
}

#[test]
fn a_device_that_was_unenrolled_warns_at_the_next_login() {
    let desk = Scene::enrolled();
    desk.logs_in("alice", "");
    desk.types(
        "EDITOR='sed -i s/enroll_status:.*/enroll_status:\\ not_enrolled/' tctl edit device/C00AA0AAAA0A",
    );
    desk.types("tctl devices ls");
    desk.types("tctl get device/C00AA0AAAA0A | grep -E 'owner|credential|enroll_status'");
    desk.logs_in("alice", "");
    desk.prepares("tctl devices enroll --current-device | sed -n 's/.*--token=//p' > token", "");
    desk.types("tsh device enroll --token=$(cat token)");
    desk.logs_in("alice", "");
    assert_transcript!(desk);
}

#[test]
fn counters_that_go_back_need_an_admins_word() {
    let mut scene = Scene::enrolled();
    scene.is_logged_in("alice");
    let snapshot = scene.tpm.snapshot();
    scene.tpm.restart();
    scene.tpm.restart();
    scene.logs_in("alice", "--require-device");
    scene.tpm.restore(&snapshot);
    scene.logs_in("alice", "--require-device");
    scene.types("tctl devices accept-counters --current-device");
    scene.logs_in("alice", "--require-device");
    assert_transcript!(scene);
}

#[test]
fn device_trust_can_be_off() {
    let desk = Scene::on(TestServer::with_authentication("second_factor: off\ndevice_trust: {mode: off}"));
    desk.adds_user("alice", "access");
    desk.logs_in("alice", "");
    desk.logs_in("alice", "--require-device");
    assert_transcript!(desk);
}

#[test]
fn where_a_trusted_device_is_required_the_untrusted_are_told() {
    let desk =
        Scene::on(TestServer::with_authentication("second_factor: off\ndevice_trust: {mode: required}"));
    desk.adds_user("alice", "editor");
    desk.logs_in("alice", "");
    desk.types("tctl --proxy=$PROXY users ls");
    desk.types("tsh device ls");
    desk.enrols(SERIAL);
    desk.logs_in("alice", "");
    desk.types("tctl --proxy=$PROXY users ls");
    assert_transcript!(desk);
}

#[test]
fn a_role_can_require_a_trusted_device() {
    let desk = Scene::new();
    desk.adds_user("alice", "editor,require-trusted-device");
    desk.logs_in("alice", "");
    desk.types("tctl --proxy=$PROXY users ls");
    assert_transcript!(desk);
}
