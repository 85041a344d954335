use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, DnType};

use super::*;

fn certificates(user: &str, key: &UserKey) -> UserCertificates {
    certificates_until(user, key, 2090)
}

fn certificates_until(user: &str, key: &UserKey, year: i32) -> UserCertificates {
    let spki = rcgen::SubjectPublicKeyInfo::from_der(&key.public_spki_der()).unwrap();
    let mut params = CertificateParams::default();
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, user);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::from_params(&params, &ca_key);
    let certificate = params.signed_by(&spki, &issuer).unwrap();
    UserCertificates { x509_der: certificate.der().to_vec(), ssh_authorized_key: Vec::new() }
}

fn profile(host: &str, user: &str) -> Profile {
    Profile {
        proxy: host.parse().unwrap(),
        user: user.parse().unwrap(),
        cluster: "gatehouse".to_owned(),
        pin: None,
    }
}

fn log_in(home: &Home, host: &str, user: &str) {
    let key = UserKey::generate(user).unwrap();
    let certificates = certificates(user, &key);
    home.save_login(profile(host, user), key, &certificates).unwrap();
}

#[test]
fn a_login_is_stored_privately_and_loads_again() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path().join("tsh"));
    assert!(home.profile(None).unwrap().is_none());
    log_in(&home, "localhost", "alice");
    let current = home.profile(None).unwrap().unwrap();
    assert_eq!(current.user.as_str(), "alice");
    assert_eq!(home.identity(current).unwrap().unwrap().x509.user, "alice");
    let mode = |path: &str| std::fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys/localhost"), 0o700);
    for file in ["current-profile", "localhost.yaml", "keys/localhost/alice", "keys/localhost/alice-x509.pem"]
    {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[test]
fn another_user_on_the_same_server_replaces_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    log_in(&home, "localhost", "alice");
    log_in(&home, "localhost", "bob");
    assert!(!dir.path().join("keys/localhost/alice").exists());
    assert!(home.identity(profile("localhost", "alice")).unwrap().is_none());
}

#[test]
fn logging_out_leaves_the_device_alone() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    std::fs::create_dir_all(home.device_dir()).unwrap();
    log_in(&home, "a.example.com", "alice");
    log_in(&home, "b.example.com", "alice");
    assert_eq!(home.profiles().unwrap().len(), 2);
    home.remove_all_logins().unwrap();
    assert!(home.profile(None).unwrap().is_none() && home.profiles().unwrap().is_empty());
    assert!(home.device_dir().exists() && !dir.path().join("keys").exists());
}

#[test]
fn certificates_of_another_user_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    let key = UserKey::generate("alice").unwrap();
    let foreign = certificates("mallory", &key);
    let error = home.save_login(profile("localhost", "alice"), key, &foreign).err().unwrap();
    assert_eq!(error.code, "certificate_mismatch");
}

#[test]
fn the_folder_comes_from_the_environment() {
    let choose = |a: Option<&str>, b: Option<&str>| {
        Home::choose(a.map(OsString::from), b.map(OsString::from)).map(|home| home.root)
    };
    assert_eq!(choose(Some("/x"), Some("/h")).unwrap(), Path::new("/x"));
    assert_eq!(choose(Some(""), Some("/h")).unwrap(), Path::new("/h/.tsh"));
    assert!(choose(None, None).is_err());
}

#[tokio::test]
async fn a_login_to_another_port_of_the_host_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    // Nothing listens on this port; were it dialled, the error would say so.
    log_in(&home, "127.0.0.1:1", "alice");
    for other in ["127.0.0.1:2", "127.0.0.2:2"] {
        let error =
            crate::Session::open_at(&home, &other.parse().unwrap(), crate::now()).await.err().unwrap();
        assert_eq!(error.message, format!("Not logged in to {other}"));
        assert_eq!(error.hint.unwrap(), format!("run `tsh login --proxy={other} --user=<name>`"));
    }
}

#[tokio::test]
async fn an_expired_certificate_is_found_without_dialling() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path());
    let key = UserKey::generate("alice").unwrap();
    let certificates = certificates_until("alice", &key, 2020);
    // Nothing listens on this port; were it dialled, the error would say so.
    home.save_login(profile("127.0.0.1:1", "alice"), key, &certificates).unwrap();
    let error = crate::Session::open(&home, None, crate::now()).await.err().unwrap();
    assert_eq!((error.message.as_str(), error.exit_code()), ("Your certificate has expired", 1));
    assert_eq!(error.hint.as_deref(), Some("run `tsh login --proxy=127.0.0.1:1 --user=alice`"));
}
