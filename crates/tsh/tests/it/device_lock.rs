use crate::Scene;

#[test]
fn a_locked_device_is_not_trusted_and_its_sessions_end() {
    let desk = Scene::enrolled();
    desk.is_logged_in("alice");
    desk.types("tsh device ls");
    desk.types("tctl devices lock --asset-tag=C00AA0AAAA0A --message=stolen");
    desk.types("tsh device ls");
    desk.logs_in("alice", "");
    desk.logs_in("alice", "--require-device");
    let token = "tctl devices enroll --current-device | sed -n 's/.*--token=//p' > token";
    desk.prepares(token, "");
    desk.types("tsh device enroll --token=$(cat token)");
    desk.prepares("tctl rm lock/$(tctl get locks | awk '/ name:/ {print $2}')", "");
    desk.logs_in("alice", "--require-device");
    assert_transcript!(desk);
}
