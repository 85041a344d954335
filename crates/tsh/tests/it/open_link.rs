use crate::{Scene, transcript};

const TOKEN: &str = "id=5f2d&token=QmFzZTY0LXVybC1zYWZlLXRva2VuLW9mLTI1Ni1iaXRz";

#[test]
fn what_is_no_link_of_a_server_goes_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let unknown = format!("gatehouse://alice@gate.example.com:3080/authenticate_web_device?{TOKEN}");
    let other_scheme = unknown.replace("gatehouse:", "teleport:");
    let password = unknown.replace("alice@", "alice:secret@");
    let runs = [
        &["open-link"][..],
        &["open-link", "https://gate.example.com/"],
        &["open-link", "--", "--yes"],
        &["open-link", &other_scheme],
        &["open-link", &password],
        &["open-link", &unknown],
        &["open-link", "--scheme=teleport", &other_scheme],
        &["device", "authorize", "WXYZ-2345"],
        &["device", "authorize", "WXYZ/2345"],
        &["device", "authorize"],
    ];
    insta::assert_snapshot!(transcript(home.path(), &runs));
}

#[test]
fn a_link_of_another_server_or_user_is_refused_before_anything_is_dialled() {
    let mut scene = Scene::enrolled();
    scene.server.kill9();
    scene.desk.set("TOKEN", TOKEN);
    scene.desk.set("PORT", scene.server.port().to_string());
    for link in [
        "gatehouse://bob@$PROXY/authenticate_web_device?$TOKEN",
        "gatehouse://alice@localhost:1/authenticate_web_device?$TOKEN",
        "gatehouse://alice@127.0.0.1:$PORT/authenticate_web_device?$TOKEN",
        "gatehouse://alice@localhost.evil.example:3080/authenticate_web_device?$TOKEN",
    ] {
        scene.types(&format!("tsh open-link --yes \"{link}\""));
    }
    assert_transcript!(scene);
}
