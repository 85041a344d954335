use std::path::Path;

use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::{DeviceTrustMode, SecondFactor};

use super::*;

fn ca_pem(name: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.self_signed(&key).unwrap().pem()
}

fn indented(pem: &str) -> String {
    pem.lines().map(|line| format!("          {line}\n")).collect()
}

fn read(text: &str) -> Config {
    parse(Path::new("gatehouse.yaml"), text).unwrap()
}

fn refused(text: &str) -> String {
    parse(Path::new("gatehouse.yaml"), text).unwrap_err().to_string()
}

#[test]
fn the_guides_shape_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("two.pem"), ca_pem("a") + &ca_pem("b")).unwrap();
    let inline = ca_pem("inline");
    let text = format!(
        "version: v3
gatehouse:
  data_dir: /srv/gatehouse
  key_file: keys/key
  cluster_name: example
  log: {{level: debug, format: json}}
auth_service:
  authentication:
    # ...
    second_factor: off
    device_trust:
      mode: \"required\"
      auto_enroll: yes
      ekcert_allowed_cas:
        - |
{}        - two.pem
  storage:
    type: postgres
    url: postgres://gatehouse:secret@db/gatehouse
proxy_service:
  listen_addr: 0.0.0.0:3080
  public_addr: Gatehouse.example.com
  https_key_file: tls/key.pem
  https_cert_file: /etc/tls/cert.pem
",
        indented(&inline)
    );
    let path = folder.path().join("gatehouse.yaml");
    std::fs::write(&path, text).unwrap();
    let config = load(&path).unwrap();

    assert_eq!(config.data_dir.as_deref(), Some(Path::new("/srv/gatehouse")));
    assert_eq!(config.key_file, Some(folder.path().join("keys/key")));
    assert_eq!(config.cluster_name(), "example");
    assert_eq!(config.log, LogConfig { level: LogLevel::Debug, format: LogFormat::Json });
    assert_eq!(config.preference.second_factor, Some(SecondFactor::Off));
    assert_eq!(config.preference.device_trust.mode, Some(DeviceTrustMode::Required));
    assert_eq!(config.preference.device_trust.auto_enroll, Some(true));
    let cas = config.preference.device_trust.ekcert_allowed_cas.clone().unwrap();
    assert_eq!(cas.len(), 3);
    assert_eq!(cas[0].trim(), inline.replace('\r', "").trim());
    assert_eq!(config.preference_lines[&PreferenceKey::SecondFactor], 10);
    assert_eq!(config.preference_lines[&PreferenceKey::Mode], 12);
    assert_eq!(config.preference_lines[&PreferenceKey::AutoEnroll], 13);
    assert_eq!(config.preference_lines[&PreferenceKey::EkcertAllowedCas], 14);
    let StorageConfig::Postgres { url } = &config.storage else { panic!("not postgres") };
    assert_eq!(url.reveal(), "postgres://gatehouse:secret@db/gatehouse");
    assert!(!format!("{config:?}").contains("secret@"));
    assert_eq!(config.listen_addr, "0.0.0.0:3080".parse().unwrap());
    assert_eq!(config.public_address().to_string(), "gatehouse.example.com:443");
    let files = config.tls_files.unwrap();
    assert_eq!(files.key, folder.path().join("tls/key.pem"));
    assert_eq!(files.certificate, Path::new("/etc/tls/cert.pem"));
}

#[test]
fn an_empty_file_means_the_defaults() {
    for text in ["", "# nothing\n", "gatehouse:\nauth_service:\n  authentication:\nproxy_service:\n"] {
        let config = read(text);
        let expected = Config { source: config.source.clone(), ..Config::default() };
        assert_eq!(config, expected);
        assert_eq!(config.public_address().to_string(), "localhost:3080");
        assert_eq!(config.cluster_name(), "localhost");
    }
}

#[test]
fn ipv6_addresses_are_understood() {
    let config = read("proxy_service:\n  listen_addr: \"[::]:3080\"\n  public_addr: \"[2001:db8::1]:8443\"\n");
    assert_eq!(config.public_address().to_string(), "[2001:db8::1]:8443");
}

#[test]
fn all_problems_are_told_with_their_places() {
    let text = "version: v9
gatehuose: {}
gatehouse:
  cluster_name: a b
  log:
    level: loud
    colour: true
auth_service:
  authentication:
    second_factor: sms
    device_trsut:
      mode: required
    device_trust:
      mode: mandatory
      auto_enroll: maybe
      ekcert_allowed_cas: /one.pem
  storage:
    type: oracle
    path: [a]
proxy_service:
  listen_addr: localhost
  public_addr: a/b
  https_key_file:
  https_cert_file: cert.pem
";
    insta::assert_snapshot!(refused(text), @"");
}

#[test]
fn bad_certificates_are_named() {
    let text = format!(
        "auth_service:
  authentication:
    device_trust:
      ekcert_allowed_cas:
        - |
{}{}        - missing.pem
        - |
          -----BEGIN PUBLIC KEY-----
          AAAA
          -----END PUBLIC KEY-----
        - [a, b]
",
        indented(&ca_pem("good")),
        indented("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n")
    );
    let text = refused(&text);
    // How many lines the first certificate takes depends on its signature.
    let messages: Vec<&str> = text.lines().filter_map(|line| line.splitn(4, ':').nth(3)).collect();
    insta::assert_snapshot!(messages.join("\n"), @"");
}

#[test]
fn storage_keys_must_fit_the_engine() {
    let url = "auth_service:\n  storage:\n    type: sqlite\n    url: postgres://u:hidden@h/d\n";
    insta::assert_snapshot!(refused(url), @"");
    let wrong = "auth_service:\n  storage:\n    url: mysql://u:hidden@h/d\n";
    assert!(!refused(wrong).contains("hidden"));
    insta::assert_snapshot!(refused(wrong), @"");
    insta::assert_snapshot!(refused("auth_service:\n  storage: {type: postgres}\n"), @"");
}

#[test]
fn what_yaml_allows_beyond_a_configuration_is_refused() {
    insta::assert_snapshot!(refused("- a\n"), @"");
    insta::assert_snapshot!(refused("gatehouse: &a {}\n"), @"");
    insta::assert_snapshot!(refused("gatehouse: {}\ngatehouse: {}\n"), @"");
    insta::assert_snapshot!(refused("gatehouse: {}\n---\nproxy_service: {}\n"), @"");
    insta::assert_snapshot!(refused("gatehouse: [a\n"), @"");
    insta::assert_snapshot!(refused("? {a: b}\n: c\n"), @"");
    insta::assert_snapshot!(refused(&format!("gatehouse: {}{}", "[".repeat(40), "]".repeat(40))), @"");
}

#[test]
fn a_missing_file_is_named() {
    let error = load(Path::new("/nowhere/gatehouse.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read the configuration /nowhere/gatehouse.yaml: "), "{error}");
}
