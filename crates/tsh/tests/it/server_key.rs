use crate::{PASSWORD, Scene};

#[test]
fn trust_on_first_use_holds_from_then_on() {
    let mut scene = Scene::new();
    scene.adds_user("alice", "access");
    scene.answers("tsh login --proxy=$PROXY --user=alice --insecure", PASSWORD);
    scene.answers("tsh login --proxy=$PROXY --user=alice", PASSWORD);
    // Another key: somebody is in between, or the server was set up anew.
    std::fs::remove_dir_all(scene.server.data_dir().join("tls")).unwrap();
    scene.server.restart();
    scene.types("tsh device ls");
    scene.answers("tsh login", PASSWORD);
    scene.types("tctl --proxy=$PROXY devices ls");
    scene.types("tsh login --ca-pin=$PIN");
    let pin = scene.server.pin();
    scene.desk.set("PIN", pin);
    scene.answers("tsh login --ca-pin=$PIN", PASSWORD);
    scene.types("tsh device ls");
    assert_transcript!(scene);
}

#[test]
fn without_a_pin_the_systems_roots_decide() {
    let mut scene = Scene::new();
    scene.adds_user("alice", "access");
    let other = gatehouse_testkit::swtpm::EkCa::new();
    scene.write("other.pem", &other.pem());
    let roots = scene.file("other.pem");
    scene.desk.set("SSL_CERT_FILE", roots);
    scene.types("tsh login --proxy=$PROXY --user=alice");
    let nowhere = scene.file("none.pem");
    scene.desk.set("SSL_CERT_FILE", nowhere);
    scene.types("tsh login --proxy=$PROXY --user=alice");
    let own = scene.server.data_dir().join("tls/cert.pem");
    scene.desk.set("SSL_CERT_FILE", own);
    scene.answers("tsh login --proxy=$PROXY --user=alice", PASSWORD);
    scene.types("tsh login --proxy=127.0.0.1:1 --user=alice");
    assert_transcript!(scene);
}
