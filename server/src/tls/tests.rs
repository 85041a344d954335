use std::path::Path;

use gatehouse_domain::ports::Clock as _;
use gatehouse_model::Timestamp;
use rcgen::PublicKeyData as _;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{ServerName, UnixTime};

use super::*;
use crate::config::TlsFiles;
use crate::environment::{SystemClock, SystemRandom};

const DAY: i64 = 86_400;

fn made(folder: &Path, host: &str, now: Timestamp) -> ServerCertificate {
    ServerCertificate::load_or_make(folder, host, now, &SystemRandom::new()).unwrap()
}

/// Whether a client that trusts this certificate accepts it for the name.
fn accepts(certificate: &ServerCertificate, name: &str, now: Timestamp) -> bool {
    let leaf = certificate.certified.end_entity_cert().unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(leaf.clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(std::sync::Arc::new(roots), provider)
            .build()
            .unwrap();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.secs().try_into().unwrap()));
    verifier.verify_server_cert(leaf, &[], &ServerName::try_from(name).unwrap(), &[], now).is_ok()
}

#[test]
fn the_self_made_certificate_serves_the_public_host_and_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemClock.now();
    let certificate = made(&folder.path().join("tls"), "gate.example.com", now);
    for name in ["gate.example.com", "localhost", "127.0.0.1", "::1"] {
        assert!(accepts(&certificate, name, now), "{name}");
    }
    assert!(!accepts(&certificate, "example.com", now));
    assert!(certificate.pin().starts_with("sha256:") && certificate.pin().len() == 7 + 64);
    let again = made(&folder.path().join("tls"), "gate.example.com", now.plus_secs(700 * DAY));
    assert_eq!(again.not_after(), certificate.not_after(), "it is kept");
}

#[test]
fn a_certificate_that_ends_soon_is_renewed_under_the_same_pin() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemClock.now();
    let first = made(folder.path(), "localhost", now);
    let later = now.plus_secs(800 * DAY);
    let second = made(folder.path(), "localhost", later);
    assert!(second.not_after() > first.not_after());
    assert_eq!(second.pin(), first.pin());
    let moved = made(folder.path(), "192.0.2.7", later);
    assert!(accepts(&moved, "192.0.2.7", later));
    assert_eq!(moved.pin(), first.pin());
}

#[test]
fn the_administrators_files_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        crate::private_file::create(&path, text.as_bytes()).unwrap();
        path
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    let certificate = write("cert.pem", &own.pem());
    let good = TlsFiles { certificate: certificate.clone(), key: write("key.pem", &key.serialize_pem()) };
    let loaded = ServerCertificate::load(&good).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &key.subject_public_key_info());
    assert_eq!(loaded.pin(), format!("sha256:{}", hex::encode(hash)));

    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let empty = write("empty.pem", "");
    let cases = [
        (certificate.clone(), write("other.pem", &other), "the key does not belong to the certificate"),
        (certificate.clone(), empty.clone(), "it holds no PEM private key"),
        (empty, good.key.clone(), "it holds no PEM certificate"),
        (folder.path().join("missing"), good.key.clone(), "cannot use"),
    ];
    for (certificate, key, expected) in cases {
        let error = ServerCertificate::load(&TlsFiles { certificate, key }).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint().is_some());
    }
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&good.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(ServerCertificate::load(&good).unwrap_err().to_string().contains("chmod 600"));
}
