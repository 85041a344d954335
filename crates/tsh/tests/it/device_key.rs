use gatehouse_testkit::swtpm::Swtpm;

use crate::{SERIAL, Scene};

const TOKEN: &str = "tctl devices enroll --current-device | sed -n 's/.*--token=//p' > token";

#[test]
fn a_key_of_another_tpm_is_remade_with_a_word() {
    let mut scene = Scene::enrolled();
    let other = Swtpm::start();
    scene.desk.plug(&other);
    scene.types("tsh device keyget");
    scene.logs_in("alice", "");
    scene.prepares(TOKEN, "");
    scene.types("tsh device enroll --token=$(cat token)");
    // Another TPM in an enrolled device needs an administrator.
    scene.prepares(
        "EDITOR='sed -i s/enroll_status:.*/enroll_status:\\ not_enrolled/' tctl edit device/C00AA0AAAA0A",
        "",
    );
    scene.prepares(TOKEN, "");
    scene.types("tsh device enroll --token=$(cat token)");
    scene.logs_in("alice", "--require-device");
    assert_transcript!(scene);
}

#[test]
fn a_damaged_key_file_is_remade_with_a_word() {
    let desk = Scene::enrolled();
    let key = desk.prepares("ls tsh/device/*.key", "").stdout;
    for content in ["", "{\"rubbish\": true}"] {
        desk.write(key.trim(), content);
        desk.logs_in("alice", "");
        desk.prepares(TOKEN, "");
        desk.types("tsh device enroll --token=$(cat token)");
        desk.logs_in("alice", "--require-device");
    }
    assert_transcript!(desk);
}

#[test]
fn a_lost_key_needs_a_new_enrolment() {
    let desk = Scene::enrolled();
    desk.prepares("rm tsh/device/*.key", "");
    desk.types("tsh device keyget");
    desk.logs_in("alice", "");
    desk.enrols_with_new_token();
    desk.logs_in("alice", "--require-device");
    assert_transcript!(desk);
}

#[test]
fn a_key_that_the_server_does_not_know_is_stale() {
    let desk = Scene::enrolled();
    desk.prepares("tctl devices rm --current-device", "");
    desk.logs_in("alice", "");
    desk.enrols(SERIAL);
    desk.logs_in("alice", "--require-device");
    assert_transcript!(desk);
}

impl Scene {
    fn enrols_with_new_token(&self) {
        self.prepares(TOKEN, "");
        self.types("tsh device enroll --token=$(cat token)");
    }
}
