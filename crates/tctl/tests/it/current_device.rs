use gatehouse_testkit::server::{Desk, TestServer};
use gatehouse_testkit::swtpm::FakeSysfs;

use crate::Scene;

#[test]
fn this_machine_needs_no_flags() {
    let desk = Scene::new();
    desk.types("tctl devices rm --current-device");
    desk.types("tctl devices add --current-device --enroll");
    desk.types("tctl devices add --current-device --os=macos --asset-tag=OTHER");
    // The same tag under another system is another device.
    desk.types("tctl devices add --os=macos --asset-tag=C00AA0AAAA0A");
    desk.types("tctl devices enroll --current-device --ttl=2h");
    desk.types("tctl devices tokens ls --current-device");
    desk.types("tctl devices lock --current-device --ttl=1h --message=stolen");
    desk.types("tctl devices lock --current-device --format=json");
    desk.types("tctl devices rm --current-device");
    desk.types("tctl devices ls");
    assert_transcript!(desk, any_width);
}

#[test]
fn a_machine_without_a_serial_number_is_not_registered() {
    let server = TestServer::start();
    let sysfs = FakeSysfs::new("None").with("board_serial", "Default string");
    let desk = Desk::new(&server, &sysfs);
    desk.types("tctl devices add --current-device");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}
