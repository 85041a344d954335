use crate::{Scene, transcript};

#[test]
fn what_is_no_evidence_is_named() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    std::fs::create_dir(home.path().join("empty")).unwrap();
    std::fs::create_dir(home.path().join("other")).unwrap();
    std::fs::write(home.path().join("other/manifest.json"), "{\"format\": \"other\"}").unwrap();
    std::fs::create_dir(home.path().join("huge")).unwrap();
    let huge = std::fs::File::create(home.path().join("huge/manifest.json")).unwrap();
    huge.set_len(1 << 40).unwrap();
    let told = transcript(
        home.path(),
        &[
            &["evidence", "verify", &path("missing")][..],
            &["evidence", "verify", &path("empty"), "--format=json"],
            &["evidence", "verify", &path("other")],
            &["evidence", "verify", &path("huge")],
            &["evidence", "verify", &path("empty"), "--cas=now", "--ca=x.pem"],
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn there_is_no_evidence_of_a_device_that_never_enrolled() {
    let scene = Scene::new();
    scene.prepares("tctl devices add --os=linux --asset-tag=C00AA0AAAA0A", "");
    scene.types("tctl devices evidence C00AA0AAAA0A --out=laptop | sed 's/[0-9a-f-]\\{36\\}/[uuid]/'");
    scene.types("tctl devices evidence NOSUCH --out=laptop");
    scene.types("tctl devices boot --asset-tag=C00AA0AAAA0A");
    assert_transcript!(scene, [(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]")]);
}

#[test]
fn tpms_are_announced_as_a_list() {
    let scene = Scene::new();
    let (one, two) = ("ab".repeat(32), "cd".repeat(32));
    scene.write("bad.csv", &format!("ek_sha256,mode\n{one},forever\nxyz,once\n"));
    scene.write("good.csv", &format!("ek_sha256,mode,note\n{one},once,Order 4711\n{two},standing,\n"));
    scene.types("tctl devices ship-ahead import bad.csv");
    scene.types("tctl devices ship-ahead import good.csv --dry-run");
    scene.types("tctl devices ship-ahead ls");
    scene.types("tctl devices ship-ahead import good.csv --format=json");
    scene.types("tctl devices ship-ahead ls");
    scene.types("tctl devices ship-ahead rm nosuch");
    assert_transcript!(scene, [(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]")]);
}
