use gatehouse_testkit::server::TestServer;

use crate::Scene;

#[test]
fn a_token_is_good_for_one_enrolment_of_its_device() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    desk.types("tsh device enroll");
    desk.types("tsh device enroll --token=rubbish");
    let other = desk.prepares("tctl devices add --os=linux --asset-tag=OTHER1 --enroll", "");
    desk.write("token", &other.word_after("--token="));
    desk.types("tsh device enroll --token=$(cat token)");
    let windows = desk.prepares("tctl devices add --os=windows --asset-tag=C00AA0AAAA0A --enroll", "");
    desk.write("token", &windows.word_after("--token="));
    desk.types("tsh device enroll --token=$(cat token)");
    let own = desk.prepares("tctl devices add --os=linux --asset-tag=C00AA0AAAA0A --enroll", "");
    desk.write("token", &own.word_after("--token="));
    desk.types("tsh device enroll --token=$(cat token)");
    desk.types("tsh device enroll --token=$(cat token)");
    desk.types("tctl devices tokens ls --all | awk '{print $2, $3, $4, $5}'");
    // Enrolling again with a new token is no conflict.
    let again = desk.prepares("tctl devices enroll --current-device", "");
    desk.write("token", &again.word_after("--token="));
    desk.types("tsh device enroll --token=$(cat token)");
    desk.prepares("tctl devices tokens rm $(tctl devices tokens ls | awk 'NR==3 {print $1}')", "");
    desk.types("tctl audit ls --type=device.enroll");
    assert_transcript!(desk);
}

#[test]
fn a_revoked_token_enrols_nothing() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    let own = desk.prepares("tctl devices add --current-device --enroll", "");
    desk.write("token", &own.word_after("--token="));
    desk.prepares("tctl devices tokens rm $(tctl devices tokens ls | awk 'NR==3 {print $1}')", "");
    desk.types("tsh device enroll --token=$(cat token)");
    let own = desk.prepares("tctl devices enroll --current-device", "");
    desk.write("token", &own.word_after("--token="));
    desk.prepares("tctl devices rm --current-device", "");
    desk.types("tsh device enroll --token=$(cat token)");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}

#[test]
fn without_a_tpm_nothing_is_enrolled() {
    let mut scene = Scene::new();
    scene.adds_user("alice", "editor");
    scene.is_logged_in("alice");
    let nowhere = format!("swtpm:path={}", scene.file("no-tpm").display());
    scene.desk.set("TCTI", nowhere);
    scene.types("tsh device enroll --token=x");
    scene.types("tsh device enroll --current-device");
    scene.types("tsh device enroll --current-device --tpm=device:/dev/nonexistent");
    scene.types("tsh device enroll --current-device --tpm=rubbish");
    scene.types("tsh device enroll --current-device --ek=dsa");
    scene.types("tctl devices ls");
    assert_transcript!(scene);
}

#[test]
fn what_a_device_tells_of_itself() {
    let desk = Scene::enrolled();
    desk.types("tsh device asset-tag");
    desk.types("tsh device collect | grep -vE 'os_|collect_time'");
    desk.types("tsh device collect --format=yaml | grep -vE 'os_|collect_time'");
    desk.types("tsh device keyget");
    desk.types("tsh device ls");
    desk.types("tsh device ls --format=json");
    desk.types("tsh device ls --format=yaml");
    assert_transcript!(desk);
}

#[test]
fn under_required_a_token_can_be_redeemed_from_an_untrusted_session() {
    let server = TestServer::with_authentication("second_factor: off\ndevice_trust: {mode: required}");
    let desk = Scene::on(server);
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    let own = desk.prepares("tctl devices add --current-device --enroll", "");
    desk.write("token", &own.word_after("--token="));
    desk.types("tsh device enroll --token=$(cat token)");
    desk.types("tsh device ls");
    assert_transcript!(desk);
}
