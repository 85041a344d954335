use gatehouse_testkit::server::TestServer;
use gatehouse_testkit::swtpm::Swtpm;

use crate::Scene;

fn scene() -> Scene {
    let server = TestServer::with_authentication("second_factor: off\ndevice_trust: {auto_enroll: yes}");
    let desk = Scene::on(server);
    desk.adds_user("alice", "access");
    desk.adds_user("bob", "access");
    desk
}

#[test]
fn a_registered_device_is_enrolled_at_login() {
    let mut scene = scene();
    scene.logs_in("alice", "");
    scene.prepares("tctl devices add --os=linux --asset-tag=C00AA0AAAA0A", "");
    for name in ["TELEPORT_DEVICE_AUTO_ENROLL_DISABLED", "GATEHOUSE_DEVICE_AUTO_ENROLL_DISABLED"] {
        scene.desk.set(name, "true");
        scene.logs_in("alice", "");
        scene.desk.set(name, "");
    }
    scene.logs_in("alice", "");
    scene.types("tctl devices ls");
    scene.logs_in("alice", "--require-device");
    scene.types("tctl audit ls --type=device.token.create | awk '{print $2, $3, $4, $5}'");
    assert_transcript!(scene);
}

#[test]
fn auto_enrolment_takes_no_device_over() {
    let mut scene = scene();
    scene.prepares("tctl devices add --os=linux --asset-tag=C00AA0AAAA0A", "");
    scene.logs_in("alice", "--require-device");
    scene.logs_in("bob", "");
    let other = Swtpm::start();
    scene.desk.plug(&other);
    scene.logs_in("alice", "");
    scene.types("tctl audit ls --type=device.token.create --limit=2");
    assert_transcript!(scene);
}
