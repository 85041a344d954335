//! A machine that boots otherwise than it did, with a TPM of its own process.

use gatehouse_testkit::server::TestServer;

use crate::{SERIAL, Scene};

#[test]
fn a_boot_that_is_another_is_held_until_it_is_accepted() {
    let server = TestServer::with_authentication("second_factor: off\ndevice_trust: {boot_drift: review}");
    let mut scene = Scene::on(server).enrol();
    let trusted = |scene: &Scene| scene.quietly(&login(), "correct horse battery staple\n");
    assert_eq!(trusted(&scene).code, Some(0));
    let boot = format!("tctl devices boot --asset-tag={SERIAL}");
    assert_eq!(scene.quietly(&boot, "").code, Some(0));
    scene.tpm.extend_pcr(7, [7; 32]);
    let held = trusted(&scene);
    assert!(held.code != Some(0) && held.stderr.contains("awaits review"), "{}", held.shown());
    let shown = scene.quietly(&boot, "");
    assert!(shown.code == Some(1) && shown.stdout.contains("PCR 7"), "{}", shown.shown());
    let asked = scene.prepares("tctl reviews ls", "");
    assert!(asked.stdout.contains("boot_drift"), "{}", asked.shown());
    scene.prepares(&format!("{boot} --accept"), "");
    assert_eq!(trusted(&scene).code, Some(0));
    // What grows while the system runs is no other boot.
    scene.tpm.extend_pcr(10, [1; 32]);
    assert_eq!(trusted(&scene).code, Some(0));
    let none = scene.prepares("tctl reviews ls", "");
    assert!(!none.stdout.contains("boot_drift"), "{}", none.shown());
}

fn login() -> String {
    "tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --require-device".to_owned()
}
