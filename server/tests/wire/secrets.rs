//! What is stored of secrets: their digests, or nothing that can be read.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_model::SecondFactor;
use gatehouse_model::resource::PreferenceSpec;
use gatehouse_proto::gatehouse::v1 as wire;
use totp_rs::TOTP;

use crate::rig::{Machine, PASSWORD, Rig};

/// Every byte below a folder, but the one file that may hold keys in the open: the key of TLS.
fn bytes_below(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            bytes_below(&entry.path(), into);
        } else if kind.is_file() && entry.file_name() != "key.pem" {
            into.extend(std::fs::read(entry.path()).unwrap());
        }
    }
}

fn holds(all: &[u8], needle: &[u8]) -> bool {
    all.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn no_token_password_or_secret_lies_in_the_data_directory() {
    let preference = PreferenceSpec { second_factor: Some(SecondFactor::Otp), ..PreferenceSpec::default() };
    let rig = Rig::with(preference).await;
    let first_admin = rig.first_admin_url.clone().unwrap().rsplit('/').next().unwrap().to_owned();
    let link = rig.invite("alice", &["access"]).await;
    let begin = wire::BeginSignupRequest { token: link.clone() };
    let begun = rig.stranger().await.auth().begin_signup(begin).await.unwrap().into_inner();
    let totp = TOTP::from_url(&begun.otpauth_url).unwrap();
    let code = || totp.generate(u64::try_from(rig.now().secs()).unwrap());
    let finish = wire::FinishSignupRequest {
        token: link.clone(),
        password: PASSWORD.to_owned(),
        otp_code: code(),
        user: String::new(),
    };
    rig.stranger().await.auth().finish_signup(finish).await.unwrap();
    rig.clock.advance(30);
    let alice = rig.login("alice", &code()).await.unwrap();
    let (id, spent) = rig.register_linux("PF000001").await;
    Machine::new("PF000001").enrol(&alice.connection, &spent).await.unwrap();
    let open = rig.token(&id).await;
    let pending = rig.invite("bob", &["access"]).await;

    let mut all = Vec::new();
    bytes_below(&rig.data, &mut all);
    // The search finds what is there.
    assert!(holds(&all, b"PF000001") && holds(&all, alice.session_id.as_bytes()));
    for token in [&first_admin, &link, &spent, &open, &pending] {
        assert!(!holds(&all, token.as_bytes()));
        assert!(!holds(&all, &URL_SAFE_NO_PAD.decode(token).unwrap()));
    }
    assert!(!holds(&all, PASSWORD.as_bytes()));
    assert!(!holds(&all, &totp.secret));
    assert!(!holds(&all, begun.otp_secret.as_bytes()));
    for marker in ["PRIVATE KEY", "OPENSSH PRIVATE"] {
        assert!(!holds(&all, marker.as_bytes()));
    }
}

#[tokio::test]
async fn tokens_have_256_bits_and_never_repeat() {
    let rig = Rig::start().await;
    let (id, first) = rig.register_linux("PF000001").await;
    let mut seen = std::collections::HashSet::from([first]);
    for _ in 0..50 {
        let token = rig.token(&id).await;
        assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 32);
        assert!(seen.insert(token));
    }
    // Lists name tokens by ids that redeem nothing.
    let alice = rig.person("alice", &["access"]).await;
    let listed = rig.tokens(&id).await;
    assert_eq!(listed.len(), 51);
    let outcome = Machine::new("PF000001").enrol(&alice.connection, &listed[0].id).await;
    crate::rig::refused(outcome, tonic::Code::PermissionDenied, "token_invalid");
}

#[cfg(unix)]
#[tokio::test]
async fn what_holds_secrets_is_readable_by_the_server_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::start().await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&rig.data), 0o700);
    for name in ["key", "tls/key.pem", "admin.sock"] {
        assert_eq!(mode(&rig.data.join(name)), 0o600, "{name}");
    }
}
