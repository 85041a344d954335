//! Logins that are decided in a browser: what the command line sends and gets. What the page does is tested with the console.

use gatehouse_domain::SecretToken;
use gatehouse_domain::entity::{CliApproval, CliDecision, Session, SessionKind};
use gatehouse_proto::gatehouse::v1 as wire;
use rcgen::{KeyPair, PublicKeyData as _};
use sha2::{Digest as _, Sha256};
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound, PermissionDenied};
use tonic::Status;

use crate::rig::{Connection, Rig, hint_of, refused, ssh_line};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const STATE: &str = "af0ifjsldkj-af0ifjsldkj";

fn request(key: &KeyPair, port: i32) -> wire::BeginBrowserLoginRequest {
    wire::BeginBrowserLoginRequest {
        user: "Alice".to_owned(),
        code_challenge: Sha256::digest(VERIFIER).to_vec(),
        tls_public_key_der: key.subject_public_key_info(),
        ssh_public_key: ssh_line(key),
        ttl_seconds: 8 * 3600,
        redirect_port: port,
        redirect_state: if port == 0 { String::new() } else { STATE.to_owned() },
        host_name: "laptop".to_owned(),
        os_user: "alice".to_owned(),
        os: "Linux".to_owned(),
    }
}

async fn begin(
    rig: &Rig,
    request: wire::BeginBrowserLoginRequest,
) -> Result<wire::BeginBrowserLoginResponse, Status> {
    Ok(rig.stranger().await.auth().begin_browser_login(request).await?.into_inner())
}

async fn finish(
    rig: &Rig,
    id: &str,
    verifier: &str,
    code: &str,
) -> Result<wire::FinishBrowserLoginResponse, Status> {
    let request = wire::FinishBrowserLoginRequest {
        login_id: id.to_owned(),
        code_verifier: verifier.to_owned(),
        code: code.to_owned(),
    };
    Ok(rig.stranger().await.auth().finish_browser_login(request).await?.into_inner())
}

/// Decides as a browser's session of the user does.
async fn decide(rig: &Rig, id: &str, approval: Option<CliApproval>) {
    let now = rig.now();
    let session = Session {
        id: format!("browser-for-{id}"),
        kind: SessionKind::Web,
        cookie_hash: None,
        user: "alice".to_owned(),
        created: now,
        last_seen: now,
        expires: now.plus_secs(3600),
        ended: None,
        factor_time: now.plus_secs(-100),
        device: None,
        remote_address: String::new(),
        user_agent: String::new(),
        rights: None,
    };
    let mut work = rig.store.begin().await.unwrap();
    work.insert_session(&session).await.unwrap();
    let decision = CliDecision { time: now, session_id: session.id, approval };
    assert!(work.decide_cli_login(id, &decision).await.unwrap());
    work.commit().await.unwrap();
}

fn a_code() -> SecretToken {
    SecretToken::read("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap()
}

#[tokio::test]
async fn certificates_are_for_the_keys_that_were_sent_first() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    let key = KeyPair::generate().unwrap();
    let begun = begin(&rig, request(&key, 40_000)).await.unwrap();
    assert!(begun.url.ends_with(&format!("/web/cli/login?id={}", begun.login_id)), "{}", begun.url);
    assert!(begun.url.starts_with("https://"), "{}", begun.url);
    assert_eq!(begun.user_code.len(), 9);
    assert_eq!(begun.expires.unwrap().seconds, rig.now().secs() + 300);
    let pending = finish(&rig, &begun.login_id, VERIFIER, "").await.unwrap();
    assert!(pending.pending && pending.login.is_none());

    decide(&rig, &begun.login_id, Some(CliApproval { code_hash: Some(a_code().hash()) })).await;
    let done = finish(&rig, &begun.login_id, VERIFIER, a_code().reveal()).await.unwrap();
    let login = done.login.unwrap();
    assert!(!done.pending);
    assert_eq!(login.roles, ["access"]);
    assert_eq!(login.valid_until.unwrap().seconds, rig.now().secs() + 8 * 3600);
    let certificates = login.certificates.unwrap();
    assert!(certificates.ssh_authorized_key.starts_with(b"ecdsa-sha2-nistp256-cert-v01@openssh.com "));

    let identity = (certificates.x509_der, key.serialize_der());
    let connection = Connection::tls(&rig.target, Some(identity)).await.unwrap();
    let who = connection.account().who_am_i(()).await.unwrap().into_inner();
    assert_eq!((who.user.as_str(), who.session_id), ("alice", login.session_id.clone()));
    let session = rig.store.read().await.unwrap().session(&login.session_id).await.unwrap().unwrap();
    assert_eq!(session.factor_time, rig.now().plus_secs(-100), "proven when it was proven in the browser");

    let again = finish(&rig, &begun.login_id, VERIFIER, a_code().reveal()).await;
    refused(again, FailedPrecondition, "cli_login_spent");
}

#[tokio::test]
async fn a_command_line_that_asks_needs_its_verifier_alone() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    let key = KeyPair::generate().unwrap();
    let begun = begin(&rig, request(&key, 0)).await.unwrap();
    assert!((1..=10).contains(&begun.interval_seconds));
    assert!(finish(&rig, &begun.login_id, VERIFIER, "").await.unwrap().pending);
    let thief = finish(&rig, &begun.login_id, "not-the-verifier-not-the-verifier-not-the-v", "").await;
    let status = refused(thief, PermissionDenied, "cli_login_mismatch");
    assert!(hint_of(&status).contains("tsh login"));
    decide(&rig, &begun.login_id, Some(CliApproval { code_hash: None })).await;
    let login = finish(&rig, &begun.login_id, VERIFIER, "").await.unwrap().login.unwrap();
    let session = rig.store.read().await.unwrap().session(&login.session_id).await.unwrap().unwrap();
    assert_eq!(session.factor_time, rig.now().plus_secs(-300), "it proves a factor of its own");
}

#[tokio::test]
async fn a_denied_and_an_expired_login_say_so() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    let key = KeyPair::generate().unwrap();
    let denied = begin(&rig, request(&key, 0)).await.unwrap();
    decide(&rig, &denied.login_id, None).await;
    refused(finish(&rig, &denied.login_id, VERIFIER, "").await, PermissionDenied, "cli_login_denied");
    let late = begin(&rig, request(&key, 0)).await.unwrap();
    rig.clock.advance(300);
    refused(finish(&rig, &late.login_id, VERIFIER, "").await, FailedPrecondition, "cli_login_expired");
    refused(finish(&rig, "nonesuch", VERIFIER, "").await, NotFound, "cli_login_unknown");
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused() {
    let rig = Rig::start().await;
    let key = KeyPair::generate().unwrap();
    let good = || request(&key, 40_000);
    for (bad, code) in [
        (wire::BeginBrowserLoginRequest { user: "a b".to_owned(), ..good() }, "invalid_user_name"),
        (wire::BeginBrowserLoginRequest { code_challenge: vec![1; 31], ..good() }, "message_malformed"),
        (wire::BeginBrowserLoginRequest { tls_public_key_der: Vec::new(), ..good() }, "message_malformed"),
        (wire::BeginBrowserLoginRequest { tls_public_key_der: vec![0; 5000], ..good() }, "message_malformed"),
        (wire::BeginBrowserLoginRequest { redirect_port: 22, ..good() }, "message_malformed"),
        (wire::BeginBrowserLoginRequest { redirect_port: -5, ..good() }, "message_malformed"),
        (
            wire::BeginBrowserLoginRequest { redirect_state: "//evil.example/".to_owned(), ..good() },
            "message_malformed",
        ),
    ] {
        refused(begin(&rig, bad).await, InvalidArgument, code);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_certified_costs_nothing() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    let key = KeyPair::generate().unwrap();
    let bad = wire::BeginBrowserLoginRequest { tls_public_key_der: vec![1, 2, 3], ..request(&key, 0) };
    let begun = begin(&rig, bad).await.unwrap();
    decide(&rig, &begun.login_id, Some(CliApproval { code_hash: None })).await;
    refused(finish(&rig, &begun.login_id, VERIFIER, "").await, InvalidArgument, "invalid_public_key");
}
