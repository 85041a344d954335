//! Evidence of an enrolment with a TPM of its own process: exported, judged once more without a server, and tampered with.

use gatehouse_testkit::server::TestServer;
use gatehouse_testkit::swtpm::{EkCa, EkKindName};

use crate::{SERIAL, Scene};

/// What is different in every run.
const RUN: [(&str, &str); 3] = [
    (r"[0-9a-f]{64}", "[sha256]"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?", "[time]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
];

fn on_allow_list(ca: &str) -> TestServer {
    let indented: String = ca.lines().map(|line| format!("    {line}\n")).collect();
    TestServer::with_authentication(&format!(
        "second_factor: off\ndevice_trust:\n  ekcert_allowed_cas:\n  - |\n{indented}"
    ))
}

#[test]
fn an_enrolment_is_judged_once_more_without_the_server() {
    let ca = EkCa::new();
    let mut scene = Scene::on(on_allow_list(&ca.pem()));
    scene.tpm.manufacture(&[EkKindName::P256], &ca);
    let mut scene = scene.enrol();
    scene.types("tctl devices evidence C00AA0AAAA0A --out=laptop");
    scene.types("ls laptop");
    scene.write("ca.pem", &ca.pem());
    scene.write("other.pem", &EkCa::new().pem());
    assert!(scene.server.stop().success());
    scene.types("tctl evidence verify laptop");
    scene.types("tctl evidence verify laptop --ca=ca.pem | grep Result");
    scene.types("tctl evidence verify laptop --ca=other.pem --format=json | grep -A2 -e same -e differs");
    assert_transcript!(scene, RUN);
}

/// Every file of the folder: changed, cut, taken away, replaced by a link.
#[test]
fn tampering_with_any_file_is_found() {
    let ca = EkCa::new();
    let mut scene = Scene::on(on_allow_list(&ca.pem()));
    scene.tpm.manufacture(&[EkKindName::P256], &ca);
    let scene = scene.enrol();
    scene.prepares(&format!("tctl devices evidence {SERIAL} --out=laptop"), "");
    let names = scene.prepares("ls laptop", "").stdout;
    assert!(names.lines().count() >= 10, "{names}");
    let digest = scene.prepares("sha256sum laptop/manifest.json | cut -d' ' -f1", "").stdout;
    let digest = digest.trim();
    for name in names.lines() {
        let is_manifest = name == "manifest.json";
        for change in [
            format!("printf X | dd of=bad/{name} bs=1 seek=30 conv=notrunc"),
            format!("truncate -s -1 bad/{name}"),
            format!("rm bad/{name}"),
            format!("mv bad/{name} aside && ln -s ../aside bad/{name}"),
            format!("rm bad/{name} && mkfifo bad/{name}"),
        ] {
            scene.prepares(&format!("rm -rf bad aside && cp -r laptop bad && {change} 2>/dev/null"), "");
            // The manifest vouches for the files; for the manifest, its digest does.
            let pin = if is_manifest { format!(" --manifest-sha256={digest}") } else { String::new() };
            let ran = scene.quietly(&format!("tctl evidence verify bad --format=json{pin}"), "");
            assert_eq!(ran.code, Some(1), "{change}: {}", ran.shown());
            assert!(ran.stdout.contains("\"same\": false"), "{change}: {}", ran.shown());
        }
    }
    // What was exported can be told from what somebody made anew.
    let verify =
        |digest: &str| scene.quietly(&format!("tctl evidence verify laptop --manifest-sha256={digest}"), "");
    assert_eq!(verify(digest).code, Some(0));
    assert_eq!(verify(&"0".repeat(64)).code, Some(1));
    let again = scene.quietly(&format!("tctl devices evidence {SERIAL} --out=laptop"), "");
    assert!(again.code == Some(1) && again.stderr.contains("is not empty"), "{}", again.shown());
}

#[test]
fn an_intermediate_in_nv_memory_links_the_tpm_to_its_makers_root() {
    let root = EkCa::new();
    let intermediate = root.intermediate();
    let mut scene = Scene::on(on_allow_list(&root.pem()));
    scene.tpm.manufacture(&[EkKindName::P256], &intermediate);
    scene.adds_user("alice", "access");
    scene.is_logged_in("alice");
    let added = scene.prepares(&format!("tctl devices add --os=linux --asset-tag={SERIAL} --enroll"), "");
    let token = added.word_after("--token=");
    let refused = scene.quietly(&format!("tsh device enroll --token={token}"), "");
    assert_eq!(refused.code, Some(1), "{}", refused.shown());
    // As makers leave it: over two indices, padded to their size.
    let chain = [intermediate.der(), vec![0xff; 200]].concat();
    let (first, second) = chain.split_at(200);
    scene.tpm.write_nv(0x01c0_0100, first);
    scene.tpm.write_nv(0x01c0_0101, second);
    scene.prepares(&format!("tsh device enroll --token={token}"), "");
    let shown = scene.prepares(&format!("tctl get device/{SERIAL} | grep attestation_type"), "");
    assert!(shown.stdout.contains("tpm_ekcert_trusted"), "{}", shown.shown());
    assert_eq!(scene.tpm.loaded_handles(), 0);
    scene.prepares(&format!("tctl devices evidence {SERIAL} --out=laptop"), "");
    let verified = scene.prepares("tctl evidence verify laptop", "");
    assert!(verified.stdout.contains("tpm_ekcert_trusted"), "{}", verified.shown());
}
