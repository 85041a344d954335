use gatehouse_testkit::swtpm::{EkCa, EkKindName};

use crate::Scene;

/// Of whoever runs the tests.
const GROUPS: (&str, &str) = (r"\(your groups: [^)]*\)", "(your groups: [groups])");
/// Of the swtpm that is installed.
const MODEL: (&str, &str) =
    (r"firmware [0-9.]+, TPM 2.0 revision [0-9.]+", "firmware [version], TPM 2.0 revision [revision]");
const BANKS: (&str, &str) = (r"active: [A-Z0-9, ]+", "active: [banks]");

#[test]
fn the_doctor_tells_what_is_missing() {
    let mut scene = Scene::new();
    let nowhere = format!("swtpm:path={}", scene.file("no-tpm").display());
    scene.desk.set("TCTI", nowhere);
    scene.types("tsh device doctor");
    scene.types("tsh device doctor --format=json");
    // Whether this machine has an event log of its own is not for the snapshot.
    scene.types("tsh device doctor --tpm=device:/dev/nonexistent | grep -v event-log");
    scene.types("tsh device doctor --tpm=rubbish");
    assert_transcript!(scene, [GROUPS]);
}

#[test]
fn a_device_that_may_not_be_opened_names_the_group_and_the_rule() {
    let mut scene = Scene::new();
    scene.write("tpmrm0", "");
    scene.prepares("chmod 0 tpmrm0", "");
    // Root may open everything, unless that right is taken away.
    let root = scene.prepares("id -u", "").stdout.trim() == "0";
    scene.desk.set("AS", if root { "setpriv --bounding-set=-dac_override,-dac_read_search" } else { "env" });
    scene.adds_user("alice", "editor");
    scene.is_logged_in("alice");
    scene.types("$AS tsh device enroll --current-device --tpm=device:$HOME/tpmrm0");
    scene.types("$AS tsh device doctor --tpm=device:$HOME/tpmrm0 | grep -v event-log");
    scene.answers("$AS tsh login --tpm=device:$HOME/tpmrm0", crate::PASSWORD);
    assert_transcript!(scene, [GROUPS]);
}

#[test]
fn the_doctor_sees_a_tpm_and_its_key() {
    let mut scene = Scene::new();
    scene.types("tsh device doctor");
    scene.tpm.manufacture(&EkKindName::ALL, &EkCa::new());
    let scene = scene.enrol();
    scene.types("tsh device doctor");
    scene.types("tsh device doctor --format=json");
    scene.types("tsh device doctor --format=yaml");
    scene.types("tsh device doctor --event-log=none.bin");
    assert_eq!(scene.tpm.loaded_handles(), 0);
    assert_transcript!(scene, [MODEL, BANKS]);
}
