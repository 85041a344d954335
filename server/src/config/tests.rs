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
    let config =
        read("proxy_service:\n  listen_addr: \"[::]:3080\"\n  public_addr: \"[2001:db8::1]:8443\"\n");
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
    insta::assert_snapshot!(refused(text), @r#"
    gatehouse.yaml:1:10: `version` must be one of v1, v2, v3
    gatehouse.yaml:2:1: unknown key `gatehuose`; did you mean `gatehouse`?
    gatehouse.yaml:4:17: `gatehouse.cluster_name` "a b": use letters, digits, dots, hyphens and underscores, at most 48 characters
    gatehouse.yaml:6:12: `gatehouse.log.level`: unknown level "loud": use error, warn, info, debug or trace
    gatehouse.yaml:7:5: unknown key `colour` in `gatehouse.log`; known keys: level, format
    gatehouse.yaml:10:20: `auth_service.authentication.second_factor`: second factor "sms" not supported: use on, otp, webauthn, optional or off
    gatehouse.yaml:11:5: unknown key `device_trsut` in `auth_service.authentication`; did you mean `device_trust`?
    gatehouse.yaml:14:13: `auth_service.authentication.device_trust.mode`: device trust mode "mandatory" not supported: use off, optional, required or required-for-humans
    gatehouse.yaml:15:20: `auth_service.authentication.device_trust.auto_enroll` must be true or false, not "maybe"
    gatehouse.yaml:16:27: `auth_service.authentication.device_trust.ekcert_allowed_cas` must be a list: begin each entry with `- `
    gatehouse.yaml:18:11: unknown `auth_service.storage.type` "oracle": use sqlite or postgres
    gatehouse.yaml:19:11: `auth_service.storage.path` must be a single value
    gatehouse.yaml:21:16: `proxy_service.listen_addr`: "localhost" is not an address to listen on: write it as 127.0.0.1:3080
    gatehouse.yaml:22:16: `proxy_service.public_addr`: "a/b" is not a public address: write it as gatehouse.example.com:443
    gatehouse.yaml:23:3: `proxy_service.https_key_file` is empty: give it a value or remove it
    gatehouse.yaml:24:20: `https_cert_file` needs `https_key_file` beside it
    "#);
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
    insta::assert_snapshot!(messages.join("\n"), @r"
    invalid `ekcert_allowed_cas` entry 1: certificate 2 is not an X.509 certificate
    invalid `ekcert_allowed_cas` entry 2: missing.pem: No such file or directory (os error 2)
    invalid `ekcert_allowed_cas` entry 3: block 1 is a PUBLIC KEY, not a CERTIFICATE
    each entry of `auth_service.authentication.device_trust.ekcert_allowed_cas` must be a text
    ");
}

#[test]
fn storage_keys_must_fit_the_engine() {
    let url = "auth_service:\n  storage:\n    type: sqlite\n    url: postgres://u:hidden@h/d\n";
    insta::assert_snapshot!(refused(url), @r"gatehouse.yaml:4:10: `auth_service.storage.url` is for postgres: sqlite takes `path`");
    let wrong = "auth_service:\n  storage:\n    url: mysql://u:hidden@h/d\n";
    assert!(!refused(wrong).contains("hidden"));
    insta::assert_snapshot!(refused(wrong), @r"gatehouse.yaml:3:10: `auth_service.storage.url` must begin with postgres://");
    insta::assert_snapshot!(refused("auth_service:\n  storage: {type: postgres}\n"), @r"gatehouse.yaml:2:3: storage in postgres needs `url`, as in postgres://host/gatehouse");
}

#[test]
fn what_yaml_allows_beyond_a_configuration_is_refused() {
    insta::assert_snapshot!(refused("- a\n"), @r"gatehouse.yaml:1:1: the document must be a mapping of keys to values");
    insta::assert_snapshot!(refused("gatehouse: &a {}\n"), @r"gatehouse.yaml:1:15: anchors and tags are not supported here");
    insta::assert_snapshot!(refused("gatehouse: {}\ngatehouse: {}\n"), @r"gatehouse.yaml:2:1: `gatehouse` stands here twice, first in line 1");
    insta::assert_snapshot!(refused("gatehouse: {}\n---\nproxy_service: {}\n"), @r"gatehouse.yaml:2:1: this must be one YAML document, a second one begins here");
    insta::assert_snapshot!(refused("gatehouse: [a\n"), @r"gatehouse.yaml:2:1: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'");
    insta::assert_snapshot!(refused("? {a: b}\n: c\n"), @r"gatehouse.yaml:1:3: a key must be a single word");
    insta::assert_snapshot!(refused(&format!("gatehouse: {}{}", "[".repeat(40), "]".repeat(40))), @r"gatehouse.yaml:1:28: this is nested too deeply");
}

#[test]
fn a_missing_file_is_named() {
    let error = load(Path::new("/nowhere/gatehouse.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read the configuration /nowhere/gatehouse.yaml: "), "{error}");
}

#[test]
fn makers_and_policies_of_ek_certificates_are_read_and_named_where_they_are_wrong() {
    let with = |lines: &str| format!("auth_service:\n  authentication:\n    device_trust:\n{lines}");
    let config = parse(
        Path::new("gatehouse.yaml"),
        &with("      ekcert_allowed_vendors: all\n      ekcert_sha1: lower tier\n      ekcert_expired_ek: refuse\n"),
    )
    .unwrap();
    let trust = &config.preference.device_trust;
    assert_eq!(trust.ekcert_allowed_vendors.as_ref().unwrap().names(), ["all"]);
    assert_eq!(trust.ekcert_sha1, Some(gatehouse_model::Leniency::LowerTier));
    assert_eq!(trust.ekcert_expired_ca, None);
    assert_eq!(config.preference_lines[&PreferenceKey::EkcertExpiredEk], 6);
    let list =
        parse(Path::new("gatehouse.yaml"), &with("      ekcert_allowed_vendors: [Infineon, stm]\n")).unwrap();
    assert_eq!(list.preference.device_trust.ekcert_allowed_vendors.unwrap().names(), ["infineon", "stm"]);
    let text = refused(&with(
        "      ekcert_allowed_vendors: [infineon, acme]\n      ekcert_sha1: perhaps\n      ekcert_expired_cas: accept\n",
    ));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with(
            "gatehouse.yaml:4:7: `ekcert_allowed_vendors`: no CA of a vendor \"acme\" is known; there are: "
        ),
        "{text}"
    );
    assert!(lines[1].contains("unknown policy \"perhaps\": it is accept, lower_tier or refuse"), "{text}");
    assert!(
        lines[2].contains("unknown key `ekcert_expired_cas`")
            && lines[2].contains("did you mean `ekcert_expired_ca`?"),
        "{text}"
    );
}
