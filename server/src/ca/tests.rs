use std::path::Path;
use std::process::Command;

use gatehouse_domain::ports::{Clock as _, DeviceExtensions};
use rcgen::PublicKeyData as _;
use rustls_pki_types::UnixTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::*;
use crate::environment::{SystemClock, SystemRandom};
use crate::peer_certificate::PeerCertificate;
use crate::secrets::{KeyFile, KeyFileSealer};

struct Fixture {
    folder: tempfile::TempDir,
    sealer: KeyFileSealer,
    sealed: [SealedSecret; 2],
    ca: UserCa,
    now: Timestamp,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
    let file = KeyFile::open(&folder.path().join("key"), None, &*random).unwrap();
    let sealer = KeyFileSealer::new(&file, Arc::clone(&random));
    // The programs that check the certificates have no other clock.
    let now = SystemClock.now();
    let sealed = generate(&sealer, &*random, "1", "example.com", now).unwrap();
    let ca = UserCa::from_sealed(&sealer, random, &sealed[0], &sealed[1]).unwrap();
    Fixture { folder, sealer, sealed, ca, now }
}

fn key_pair() -> (rcgen::KeyPair, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let spki = key.subject_public_key_info();
    (key, spki)
}

fn ssh_line(spki: &[u8]) -> String {
    let point = &spki[spki.len() - 65..];
    let key = ssh_key::public::EcdsaPublicKey::from_sec1_bytes(point).unwrap();
    ssh_key::PublicKey::new(ssh_key::public::KeyData::Ecdsa(key), "a@b").to_openssh().unwrap()
}

fn request(now: Timestamp, spki: &[u8]) -> CertificateRequest {
    CertificateRequest {
        user: "alice".into(),
        roles: vec!["access".into(), "editor".into()],
        logins: vec!["alice".into(), "root".into()],
        session_id: "f3a1".into(),
        tls_public_key_der: spki.to_vec(),
        ssh_public_key: Some(ssh_line(spki)),
        not_before: now,
        not_after: now.plus_secs(3600),
        device: None,
    }
}

fn device() -> DeviceExtensions {
    DeviceExtensions {
        device_id: "9f6f0bb2-8f0f-4bf9-9d5f-8a4b1f0c7a11".into(),
        asset_tag: "Mütze 7".into(),
        credential_id: "cred-1".into(),
    }
}

fn run(program: &str, arguments: &[&str], file: Option<&Path>) -> String {
    let output = Command::new(program)
        .args(arguments)
        .args(file)
        .env("TZ", "UTC")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; install openssl and openssh-client"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn openssl_verifies_and_shows_a_user_certificate() {
    let Fixture { folder, ca, now, .. } = fixture();
    let (_, spki) = key_pair();
    let request = CertificateRequest { device: Some(device()), ..request(now, &spki) };
    let issued = ca.issue(&request).unwrap();
    let write = |name: &str, der: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem::encode(&pem::Pem::new("CERTIFICATE", der))).unwrap();
        path
    };
    let root = write("ca.pem", ca.x509_certificate());
    let leaf = write("leaf.pem", &issued.x509_der);
    let root = root.to_str().unwrap();
    run("openssl", &["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root], Some(&leaf));
    let text =
        run("openssl", &["x509", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus", "-in"], Some(&leaf));
    for expected in [
        "Issuer: O=Gatehouse,CN=example.com user CA",
        "Subject: CN=alice,1.3.9999.3.1=9f6f0bb2-8f0f-4bf9-9d5f-8a4b1f0c7a11,1.3.9999.3.2=Mütze 7,1.3.9999.3.3=cred-1",
        "TLS Web Client Authentication",
        "Digital Signature",
        "CA:FALSE",
        "1.3.6.1.4.1.64514.1.1",
        r#"{"session":"f3a1","roles":["access","editor"]}"#,
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}

#[test]
fn webpki_verifies_and_the_claims_read_back() {
    let Fixture { ca, now, .. } = fixture();
    let (_, spki) = key_pair();
    for device in [None, Some(device())] {
        let issued = ca.issue(&CertificateRequest { device: device.clone(), ..request(now, &spki) }).unwrap();
        let leaf = CertificateDer::from(issued.x509_der.clone());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca.x509_certificate().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        let at = |secs| UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs));
        let second = u64::try_from(now.secs()).unwrap();
        verifier.verify_client_cert(&leaf, &[], at(second)).unwrap();
        verifier.verify_client_cert(&leaf, &[], at(second - 59)).unwrap();
        verifier.verify_client_cert(&leaf, &[], at(second - 61)).unwrap_err();
        verifier.verify_client_cert(&leaf, &[], at(second + 3601)).unwrap_err();

        let peer = PeerCertificate::parse(&leaf).unwrap();
        assert_eq!(peer.user, "alice");
        assert_eq!(peer.session_id, "f3a1");
        assert_eq!(peer.roles, ["access", "editor"]);
        assert_eq!(peer.device, device);
        assert_eq!(peer.not_after.secs(), now.secs() + 3600);
        assert_eq!(peer.spki_der, spki);
        let (_, parsed) = X509Certificate::from_der(&leaf).unwrap();
        assert_eq!(parsed.raw_serial().len(), 16);
    }
}

#[test]
fn ssh_keygen_shows_the_ssh_certificate() {
    let Fixture { folder, ca, now, .. } = fixture();
    let (_, spki) = key_pair();
    let path = folder.path().join("id-cert.pub");
    let show = |request: &CertificateRequest| {
        let line = ca.issue(request).unwrap().ssh_authorized_key;
        assert_eq!(line.split(' ').count(), 2, "no comment");
        std::fs::write(&path, line).unwrap();
        run("ssh-keygen", &["-L", "-f"], Some(&path))
    };
    let text = show(&CertificateRequest { device: Some(device()), ..request(now, &spki) });
    for expected in [
        "user certificate",
        "Signing CA: ED25519",
        "Key ID: \"alice\"",
        "Critical Options: (none)",
        "permit-port-forwarding",
        "permit-pty",
        "teleport-device-asset-tag",
        "teleport-device-credential-id",
        "teleport-device-id",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    let principals = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines
            .skip_while(|line| *line != "Principals:")
            .skip(1)
            .take_while(|line| !line.starts_with("Critical"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(principals(&text), ["alice", "root"]);
    let text = show(&CertificateRequest { logins: vec![], ..request(now, &spki) });
    assert_eq!(principals(&text), ["-gatehouse-nologin"]);
    assert!(!text.contains("teleport-device"));
}

#[test]
fn every_allowed_kind_of_key_is_certified() {
    let Fixture { ca, now, .. } = fixture();
    let folder = tempfile::tempdir().unwrap();
    for (kind, bits) in [("ecdsa", "256"), ("ed25519", "256"), ("rsa", "2048")] {
        let path = folder.path().join(kind);
        run("ssh-keygen", &["-q", "-N", "", "-C", "c", "-t", kind, "-b", bits, "-f"], Some(&path));
        let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let key = ssh_key::PublicKey::from_openssh(&line).unwrap();
        let spki = public_key::spki_of_ssh(key.key_data()).unwrap();
        let (_, p256) = key_pair();
        let request = CertificateRequest {
            tls_public_key_der: spki.clone(),
            ssh_public_key: Some(line),
            ..request(now, &p256)
        };
        let issued = ca.issue(&request).unwrap();
        assert_eq!(PeerCertificate::parse(&issued.x509_der).unwrap().spki_der, spki, "{kind}");
        let facts = ca.check_ssh_certificate(&issued.ssh_authorized_key, "alice", now).unwrap();
        assert_eq!(facts.public_key_der, spki, "{kind}");
        let der = folder.path().join("spki.der");
        std::fs::write(&der, &spki).unwrap();
        run("openssl", &["pkey", "-pubin", "-inform", "DER", "-noout", "-in"], Some(&der));
    }
}

#[test]
fn weak_and_broken_keys_are_refused() {
    let Fixture { ca, now, .. } = fixture();
    let (_, spki) = key_pair();
    let good = request(now, &spki);
    let mut off_curve = spki.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let mut trailing = spki.clone();
    trailing.push(0);
    for bad in [vec![], vec![0x30], off_curve, p384.subject_public_key_info(), trailing, vec![0; 5000]] {
        let error = ca.issue(&CertificateRequest { tls_public_key_der: bad, ..good.clone() });
        assert!(matches!(error, Err(CaError::PublicKey(_))));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weak");
    run("ssh-keygen", &["-q", "-N", "", "-t", "rsa", "-b", "1024", "-f"], Some(&path));
    let weak = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let certificate = ca.issue(&good).unwrap().ssh_authorized_key;
    for bad in ["", "ssh-ed25519 AAAA", &weak, &certificate] {
        let error = ca.issue(&CertificateRequest { ssh_public_key: Some(bad.into()), ..good.clone() });
        assert!(matches!(error, Err(CaError::PublicKey(_))), "{bad}: {error:?}");
    }
    let ended = CertificateRequest { not_after: now, ..good };
    assert!(matches!(ca.issue(&ended), Err(CaError::Signing(_))));
}

#[test]
fn ssh_certificates_of_others_are_refused_with_the_contracts_texts() {
    let Fixture { ca, now, .. } = fixture();
    let other = fixture().ca;
    let (_, spki) = key_pair();
    let good = request(now, &spki);
    let check = |line: &str, user: &str, now| match ca.check_ssh_certificate(line, user, now) {
        Err(CaError::SshCertificate(text)) => text,
        other => panic!("{other:?}"),
    };
    let line = ca.issue(&good).unwrap().ssh_authorized_key;
    let facts = ca.check_ssh_certificate(&format!("{line} comment\n"), "alice", now).unwrap();
    assert_eq!(facts.principals, ["alice", "root"]);
    assert_eq!(facts.public_key_der, spki);
    assert_eq!(facts.public_key_line, ssh_line(&spki).replace(" a@b", ""));
    assert!(!facts.has_device);
    let with_device = CertificateRequest { device: Some(device()), logins: vec![], ..good.clone() };
    let with_device = ca.issue(&with_device).unwrap().ssh_authorized_key;
    let facts = ca.check_ssh_certificate(&with_device, "alice", now).unwrap();
    assert!(facts.has_device);
    assert_eq!(facts.principals, [] as [&str; 0]);

    let foreign = other.issue(&good).unwrap().ssh_authorized_key;
    assert_eq!(check(&foreign, "alice", now), "ssh certificate signed by unknown authority");
    assert_eq!(check(&line, "bob", now), "identity and SSH user mismatch");
    let expired = "ssh certificate expired or not yet valid";
    assert_eq!(check(&line, "alice", now.plus_secs(3600)), expired);
    assert_eq!(check(&line, "alice", now.plus_secs(-61)), expired);
    assert_eq!(check("rubbish", "alice", now), "malformed ssh certificate");
    assert_eq!(check(&ssh_line(&spki), "alice", now), "malformed ssh certificate");

    let mut forged = ssh_key::Certificate::from_openssh(&line).unwrap().to_bytes().unwrap();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let forged = ssh_key::Certificate::from_bytes(&forged).unwrap().to_openssh().unwrap();
    assert_eq!(check(&forged, "alice", now), "ssh certificate signed by unknown authority");

    let host = {
        let key = ssh_key::PublicKey::from_openssh(&ssh_line(&spki)).unwrap();
        let mut builder =
            ssh_key::certificate::Builder::new([0; 16], key.key_data().clone(), 0, u64::from(u32::MAX))
                .unwrap();
        builder.cert_type(ssh_key::certificate::CertType::Host).unwrap();
        builder.key_id("alice").unwrap().valid_principal("alice").unwrap();
        builder.sign(&ca.ssh).unwrap().to_openssh().unwrap()
    };
    assert_eq!(check(&host, "alice", now), "ssh cert type mismatch");
}

#[test]
fn a_restart_uses_the_same_cas_and_damage_is_noticed() {
    let Fixture { sealer, sealed, ca, .. } = fixture();
    let load = |x509: &SealedSecret, ssh: &SealedSecret| {
        UserCa::from_sealed(&sealer, Arc::new(SystemRandom::new()), x509, ssh)
    };
    let again = load(&sealed[0], &sealed[1]).unwrap();
    assert_eq!(again.ssh_user_ca(), ca.ssh_user_ca());
    assert_eq!(again.x509_certificate(), ca.x509_certificate());
    assert!(matches!(load(&sealed[1], &sealed[0]), Err(LoadCaError::Damaged { .. })));
    let other = SealedSecret { public: fixture().sealed[1].public.clone(), ..sealed[1].clone() };
    assert!(matches!(load(&sealed[0], &other), Err(LoadCaError::Sealed { .. })));
    let foreign = sealer.seal(SecretPurpose::X509UserCa, "1", &[1, 2, 3], &sealed[0].public);
    assert!(matches!(load(&foreign, &sealed[1]), Err(LoadCaError::Damaged { .. })));
    let (other_key, _) = key_pair();
    let swapped = sealer.seal(SecretPurpose::X509UserCa, "1", other_key.serialized_der(), &sealed[0].public);
    let error = load(&swapped, &sealed[1]).err().unwrap();
    assert_eq!(error.to_string(), "the x509-user-ca is damaged: its certificate belongs to another key");
}

/// A certificate signed by the CA that says something else than a user's does.
fn odd(ca: &UserCa, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "alice");
    let grant = br#"{"session":"a","roles":[]}"#.to_vec();
    params.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(SESSION_OID, grant)];
    change(&mut params);
    ca.x509.sign_for_test(&params, &key)
}

#[test]
fn odd_client_certificates_are_refused() {
    let Fixture { ca, .. } = fixture();
    let grant = |text: &str| rcgen::CustomExtension::from_oid_content(SESSION_OID, text.as_bytes().to_vec());
    let attribute = |oid: &[u64]| rcgen::DnType::CustomDnType(oid.to_vec());
    let refused = |der: &[u8]| PeerCertificate::parse(der).unwrap_err().to_string();
    PeerCertificate::parse(&odd(&ca, |_| {})).unwrap();
    let cases = [
        (odd(&ca, |p| p.distinguished_name = rcgen::DistinguishedName::new()), "it names no user"),
        (
            odd(&ca, |p| p.distinguished_name.push(attribute(DEVICE_ID_OID), "d")),
            "it names a device only in part",
        ),
        (odd(&ca, |p| p.distinguished_name.push(attribute(DEVICE_ID_OID), "")), "its subject is malformed"),
        (
            odd(&ca, |p| {
                let text = rcgen::DnValue::Ia5String("d".try_into().unwrap());
                p.distinguished_name.push(attribute(DEVICE_ID_OID), text);
            }),
            "its subject is malformed",
        ),
        (
            odd(&ca, |p| p.distinguished_name.push(rcgen::DnType::OrganizationName, "o")),
            "its subject has an unknown attribute",
        ),
        (odd(&ca, |p| p.custom_extensions = vec![]), "it names no session"),
        (odd(&ca, |p| p.custom_extensions = vec![grant("{}")]), "its session is malformed"),
        (
            odd(&ca, |p| p.custom_extensions = vec![grant(r#"{"session":"","roles":[]}"#)]),
            "it names no session",
        ),
        (
            odd(&ca, |p| p.custom_extensions = vec![grant(r#"{"session":"a","roles":[],"more":1}"#)]),
            "its session is malformed",
        ),
        (vec![], "it is not an X.509 certificate"),
        (vec![0; 100_000], "it is too large"),
    ];
    for (der, reason) in cases {
        assert_eq!(refused(&der), format!("unusable client certificate: {reason}"));
    }
}
