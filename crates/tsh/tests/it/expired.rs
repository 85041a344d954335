use std::path::PathBuf;

use gatehouse_client::Home;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::{PASSWORD, Scene};

#[test]
fn an_expired_certificate_is_found_before_anything_is_dialled() {
    let mut scene = Scene::new();
    scene.adds_user("alice", "access");
    scene.is_logged_in("alice");
    let identity = Home::new(scene.file("tsh")).load(None).unwrap();
    let pkcs8 = identity.key.to_pkcs8_der().unwrap();
    let key = KeyPair::try_from(&PrivatePkcs8KeyDer::from(pkcs8.to_vec())).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "alice");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 2);
    std::fs::write(certificate(&scene), params.self_signed(&key).unwrap().pem()).unwrap();
    // Nobody would answer.
    scene.server.kill9();
    scene.types("tsh status");
    scene.types("tsh status --format=json");
    scene.types("tsh device ls");
    scene.types("tsh device enroll --token=x");
    scene.types("tctl --proxy=$PROXY devices ls");
    scene.types("tsh logout");
    scene.server.restart();
    scene.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice | grep Logged", PASSWORD);
    assert_transcript!(scene);
}

#[test]
fn damaged_files_say_how_to_mend_them() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    std::fs::write(certificate(&desk), "rubbish").unwrap();
    desk.types("tsh status");
    desk.types("tsh device ls");
    desk.types("tsh logout");
    desk.types("tsh status");
    assert_transcript!(desk);
}

fn certificate(scene: &Scene) -> PathBuf {
    let keys = scene.prepares("find tsh/keys -name '*-x509.pem'", "");
    scene.file(keys.stdout.trim())
}
