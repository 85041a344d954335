use crate::{tctl, transcript};

#[test]
fn wrong_usage_exits_with_1_before_anything_is_dialled() {
    let home = tempfile::tempdir().unwrap();
    let runs = [
        &["devices", "add"][..],
        &["devices", "add", "--asset-tag=X1"],
        &["devices", "add", "--os=linux"],
        &["devices", "add", "--os=beos", "--asset-tag=X1"],
        &["devices", "add", "--os=linux", "--asset-tag=None"],
        &["devices", "rm"],
        &["devices", "rm", "--device-id=1", "--asset-tag=2"],
        &["devices", "enroll", "--asset-tag=X1", "--ttl=soon"],
        &["devices", "lock", "--asset-tag=X1", "--ttl=1h", "--expires=2030-01-01T00:00:00Z"],
        &["lock", "--user=a", "--role=b"],
        &["get", "nodes"],
        &["edit", "user"],
        &["rm", "device/"],
        &["users", "add", "al ice", "--roles=access"],
        &["audit", "ls", "--limit=0"],
    ];
    insta::assert_snapshot!(transcript(home.path(), &runs));
}

#[test]
fn without_a_server_the_ways_to_one_are_named() {
    let home = tempfile::tempdir().unwrap();
    // A server that runs on this machine's system directory would be found.
    if std::path::Path::new("/var/lib/gatehouse/admin.sock").exists() {
        return;
    }
    let folder = format!("--data-dir={}", home.path().display());
    let runs = [&["devices", "ls"][..], &["status", "--proxy=gate.example.com"], &["status", &folder]];
    insta::assert_snapshot!(transcript(home.path(), &runs));
}

#[test]
fn files_are_read_before_anything_is_dialled() {
    let home = tempfile::tempdir().unwrap();
    let write = |text: &str| {
        let path = home.path().join("document.yaml");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut told = String::new();
    for text in [
        "",
        "kind: [",
        "kind: node\n",
        "kind: device\nversion: v1\nspec: {os_type: linux}\n",
        "kind: device\nversion: v1\nspec: {os_type: linux, asset_tag: X1, colour: red}\n",
    ] {
        let path = write(text);
        told.push_str(&format!("{text:?}\n{}\n\n", tctl(home.path(), &["create", "-f", &path])));
    }
    told.push_str(&tctl(home.path(), &["create", "/nonexistent.yaml"]));
    insta::assert_snapshot!(told);
}
