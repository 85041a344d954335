//! Accounts: links, passwords, one-time codes.

use gatehouse_model::SecondFactor;
use gatehouse_model::resource::PreferenceSpec;
use gatehouse_proto::gatehouse::v1 as wire;
use rcgen::{KeyPair, PublicKeyData as _};
use tonic::Code::{InvalidArgument, PermissionDenied, ResourceExhausted, Unauthenticated};
use tonic::Status;
use totp_rs::TOTP;

use crate::rig::{PASSWORD, Rig, refused};

async fn otp_rig() -> Rig {
    Rig::with(PreferenceSpec { second_factor: Some(SecondFactor::Otp), ..PreferenceSpec::default() }).await
}

fn code(totp: &TOTP, rig: &Rig) -> String {
    totp.generate(u64::try_from(rig.now().secs()).unwrap())
}

async fn begin(rig: &Rig, token: &str) -> Result<wire::BeginSignupResponse, Status> {
    let request = wire::BeginSignupRequest { token: token.to_owned() };
    Ok(rig.stranger().await.auth().begin_signup(request).await?.into_inner())
}

async fn finish(rig: &Rig, token: &str, password: &str, otp_code: &str) -> Result<(), Status> {
    let request = wire::FinishSignupRequest {
        token: token.to_owned(),
        password: password.to_owned(),
        otp_code: otp_code.to_owned(),
        user: String::new(),
    };
    rig.stranger().await.auth().finish_signup(request).await.map(|_| ())
}

async fn login(rig: &Rig, user: &str, password: &str, otp_code: &str) -> Result<wire::LoginResponse, Status> {
    let key = KeyPair::generate().unwrap();
    let request = wire::LoginRequest {
        user: user.to_owned(),
        password: password.to_owned(),
        otp_code: otp_code.to_owned(),
        tls_public_key_der: key.subject_public_key_info(),
        ..Default::default()
    };
    Ok(rig.stranger().await.auth().login(request).await?.into_inner())
}

/// An account with a second factor.
async fn signed_up(rig: &Rig, name: &str) -> TOTP {
    let token = rig.invite(name, &["access"]).await;
    let begun = begin(rig, &token).await.unwrap();
    assert_eq!((begun.user.as_str(), begun.reset), (name, false));
    let totp = TOTP::from_url(&begun.otpauth_url).unwrap();
    finish(rig, &token, PASSWORD, &code(&totp, rig)).await.unwrap();
    totp
}

#[tokio::test]
async fn a_login_takes_password_and_code() {
    let rig = otp_rig().await;
    let totp = signed_up(&rig, "alice").await;
    rig.clock.advance(30);
    for (password, otp_code) in
        [("wrong password", code(&totp, &rig)), (PASSWORD, "000000".to_owned()), (PASSWORD, String::new())]
    {
        let status =
            refused(login(&rig, "alice", password, &otp_code).await, Unauthenticated, "login_failed");
        assert!(status.metadata().get("gatehouse-request-id").is_some());
    }
    let done = login(&rig, "alice", PASSWORD, &code(&totp, &rig)).await.unwrap();
    assert_eq!(done.roles, ["access"]);
    assert_eq!(done.valid_until.unwrap().seconds, rig.now().secs() + 12 * 3600);
    let events = rig.events("user.login").await;
    let successes: Vec<_> = events.iter().map(|event| event["success"].as_bool().unwrap()).collect();
    assert_eq!(successes, [true, false, false, false]);
    assert_eq!(events[1]["reason"], "login_failed");
}

#[tokio::test]
async fn a_code_works_once() {
    let rig = otp_rig().await;
    let totp = signed_up(&rig, "alice").await;
    // The code of the signup has been used.
    let used = code(&totp, &rig);
    refused(login(&rig, "alice", PASSWORD, &used).await, Unauthenticated, "login_failed");
    rig.clock.advance(30);
    let fresh = code(&totp, &rig);
    login(&rig, "alice", PASSWORD, &fresh).await.unwrap();
    refused(login(&rig, "alice", PASSWORD, &fresh).await, Unauthenticated, "login_failed");
    // Nor does an older one after it.
    refused(login(&rig, "alice", PASSWORD, &used).await, Unauthenticated, "login_failed");
}

#[tokio::test]
async fn of_two_logins_that_race_with_one_code_one_succeeds() {
    let rig = otp_rig().await;
    let totp = signed_up(&rig, "alice").await;
    rig.clock.advance(30);
    let fresh = code(&totp, &rig);
    let (first, second) =
        tokio::join!(login(&rig, "alice", PASSWORD, &fresh), login(&rig, "alice", PASSWORD, &fresh));
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
}

#[tokio::test]
async fn a_wrong_password_does_not_use_up_a_code() {
    let rig = otp_rig().await;
    let totp = signed_up(&rig, "alice").await;
    rig.clock.advance(30);
    let fresh = code(&totp, &rig);
    refused(login(&rig, "alice", "wrong", &fresh).await, Unauthenticated, "login_failed");
    login(&rig, "alice", PASSWORD, &fresh).await.unwrap();
}

#[tokio::test]
async fn an_unknown_user_gets_the_answer_of_a_wrong_password() {
    let rig = otp_rig().await;
    signed_up(&rig, "alice").await;
    rig.invite("bob", &["access"]).await;
    let wrong = refused(login(&rig, "alice", "wrong", "000000").await, Unauthenticated, "login_failed");
    // Unknown, without a password yet, impossible.
    for user in ["nobody", "bob", "", "no/such\u{202e}name", &"x".repeat(10_000)] {
        let unknown = refused(login(&rig, user, PASSWORD, "000000").await, Unauthenticated, "login_failed");
        assert_eq!(unknown.message(), wrong.message());
        let keys = |status: &Status| {
            let mut keys: Vec<_> = status.metadata().keys().map(|key| format!("{key:?}")).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&unknown), keys(&wrong));
    }
}

#[tokio::test]
async fn a_bot_cannot_log_in_with_a_password() {
    let rig = Rig::start().await;
    rig.bot("robot", &["access"]).await;
    refused(login(&rig, "robot", PASSWORD, "").await, Unauthenticated, "login_failed");
}

#[tokio::test]
async fn logins_are_throttled_and_open_again() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    for _ in 0..5 {
        refused(login(&rig, "alice", "wrong", "").await, Unauthenticated, "login_failed");
    }
    // Closed for the right password too, for a while.
    refused(login(&rig, "alice", PASSWORD, "").await, ResourceExhausted, "too_many_attempts");
    rig.clock.advance(300);
    login(&rig, "alice", PASSWORD, "").await.unwrap();
}

#[tokio::test]
async fn an_address_that_guesses_at_many_names_is_throttled() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    for number in 0..20 {
        let name = format!("user{number}");
        refused(login(&rig, &name, "wrong", "").await, Unauthenticated, "login_failed");
    }
    refused(login(&rig, "user99", "wrong", "").await, ResourceExhausted, "too_many_attempts");
}

#[tokio::test]
async fn a_network_in_which_somebody_always_mistypes_stays_open() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    for number in 0..60 {
        let name = format!("user{number}");
        refused(login(&rig, &name, "wrong", "").await, Unauthenticated, "login_failed");
        rig.clock.advance(90);
        login(&rig, "alice", PASSWORD, "").await.unwrap();
    }
}

#[tokio::test]
async fn an_office_that_logs_in_at_once_is_let_in() {
    let rig = Rig::start().await;
    for number in 0..8 {
        rig.person(&format!("user{number}"), &["access"]).await;
    }
    // One address; of each account as many at once as it has free failures, and more.
    let logins = (0..48).map(|number| {
        let (rig, user) = (&rig, format!("user{}", number % 8));
        async move { login(rig, &user, PASSWORD, "").await.map(|_| ()) }
    });
    for outcome in futures::future::join_all(logins).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn a_link_works_once_and_only_in_time() {
    let rig = otp_rig().await;
    let token = rig.invite("alice", &["access"]).await;
    let totp = TOTP::from_url(begin(&rig, &token).await.unwrap().otpauth_url).unwrap();
    // Looking does not spend it, and shows the same secret.
    let again = TOTP::from_url(begin(&rig, &token).await.unwrap().otpauth_url).unwrap();
    assert_eq!(again.secret, totp.secret);
    let outcome = finish(&rig, &token, PASSWORD, "000000").await;
    refused(outcome, InvalidArgument, "wrong_code");
    let outcome = finish(&rig, &token, "short", &code(&totp, &rig)).await;
    refused(outcome, InvalidArgument, "weak_password");
    finish(&rig, &token, PASSWORD, &code(&totp, &rig)).await.unwrap();
    rig.clock.advance(30);
    let outcome = finish(&rig, &token, PASSWORD, &code(&totp, &rig)).await;
    refused(outcome, PermissionDenied, "link_invalid");
    refused(begin(&rig, &token).await, PermissionDenied, "link_invalid");

    let token = rig.invite("bob", &["access"]).await;
    rig.clock.advance(3601);
    refused(begin(&rig, &token).await, PermissionDenied, "link_invalid");
    refused(begin(&rig, "rubbish").await, PermissionDenied, "link_invalid");
}

#[tokio::test]
async fn a_link_of_a_time_that_never_was_is_refused() {
    let rig = otp_rig().await;
    rig.clock.advance(5000 * 86_400);
    let token = rig.invite("alice", &["access"]).await;
    begin(&rig, &token).await.unwrap();
    rig.clock.advance(-5000 * 86_400);
    refused(begin(&rig, &token).await, PermissionDenied, "link_invalid");
}

#[tokio::test]
async fn a_link_is_void_after_ten_wrong_codes() {
    let rig = otp_rig().await;
    let token = rig.invite("alice", &["access"]).await;
    let totp = TOTP::from_url(begin(&rig, &token).await.unwrap().otpauth_url).unwrap();
    for _ in 0..10 {
        refused(finish(&rig, &token, PASSWORD, "000000").await, InvalidArgument, "wrong_code");
    }
    let outcome = finish(&rig, &token, PASSWORD, &code(&totp, &rig)).await;
    refused(outcome, PermissionDenied, "link_invalid");
}

#[tokio::test]
async fn a_reset_ends_every_session_and_replaces_the_secrets() {
    let rig = otp_rig().await;
    let old_totp = signed_up(&rig, "alice").await;
    rig.clock.advance(30);
    let alice = rig.login("alice", &code(&old_totp, &rig)).await.unwrap();
    alice.who().await.unwrap();
    let request = wire::ResetUserRequest { name: "alice".to_owned(), ttl_seconds: 0 };
    let link = rig.admin.users().reset_user(request).await.unwrap().into_inner();
    let token = link.url.rsplit('/').next().unwrap().to_owned();
    let begun = begin(&rig, &token).await.unwrap();
    assert!(begun.reset);
    let totp = TOTP::from_url(&begun.otpauth_url).unwrap();
    rig.clock.advance(30);
    finish(&rig, &token, "another long sentence 0815", &code(&totp, &rig)).await.unwrap();
    refused(alice.who().await, Unauthenticated, "session_ended");
    rig.clock.advance(30);
    refused(login(&rig, "alice", PASSWORD, &code(&totp, &rig)).await, Unauthenticated, "login_failed");
    let old_code = code(&old_totp, &rig);
    let outcome = login(&rig, "alice", "another long sentence 0815", &old_code).await;
    refused(outcome, Unauthenticated, "login_failed");
    login(&rig, "alice", "another long sentence 0815", &code(&totp, &rig)).await.unwrap();
}

#[tokio::test]
async fn a_newer_link_replaces_the_older() {
    let rig = otp_rig().await;
    let older = rig.invite("alice", &["access"]).await;
    let request = wire::ResetUserRequest { name: "alice".to_owned(), ttl_seconds: 0 };
    rig.admin.users().reset_user(request).await.unwrap();
    refused(begin(&rig, &older).await, PermissionDenied, "link_invalid");
}

#[tokio::test]
async fn the_first_admin_names_themselves_once() {
    let rig = Rig::start().await;
    let token = rig.first_admin_url.clone().unwrap().rsplit('/').next().unwrap().to_owned();
    let request = wire::FinishSignupRequest {
        token: token.clone(),
        password: PASSWORD.to_owned(),
        user: "Root".to_owned(),
        otp_code: String::new(),
    };
    let client = &mut rig.stranger().await.auth();
    let (first, second) = (client.finish_signup(request.clone()).await, client.finish_signup(request).await);
    assert_eq!(first.unwrap().into_inner().user, "root");
    refused(second, PermissionDenied, "link_invalid");
    let admin = rig.login("root", "").await.unwrap();
    assert_eq!(admin.who().await.unwrap().roles, ["access", "editor"]);
    admin.list_devices().await.unwrap();
}

#[tokio::test]
async fn a_key_that_cannot_be_certified_is_refused() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    let request = |tls: Vec<u8>, ssh: &str| wire::LoginRequest {
        user: "alice".to_owned(),
        password: PASSWORD.to_owned(),
        tls_public_key_der: tls,
        ssh_public_key: ssh.to_owned(),
        ..Default::default()
    };
    let client = &mut rig.stranger().await.auth();
    let outcome = client.login(request(Vec::new(), "")).await;
    refused(outcome, InvalidArgument, "message_incomplete");
    let outcome = client.login(request(vec![0x30, 0], "")).await;
    refused(outcome, InvalidArgument, "invalid_public_key");
    let good = KeyPair::generate().unwrap().subject_public_key_info();
    let outcome = client.login(request(good, "ssh-rsa AAAA")).await;
    refused(outcome, InvalidArgument, "invalid_public_key");
}

#[tokio::test]
async fn a_life_that_is_asked_for_has_bounds() {
    let rig = Rig::start().await;
    rig.person("alice", &["access"]).await;
    for (wished, given) in [(0, 12 * 3600), (600, 600), (1, 60), (i64::MAX, 30 * 3600), (-5, 12 * 3600)] {
        let request = wire::LoginRequest {
            user: "alice".to_owned(),
            password: PASSWORD.to_owned(),
            tls_public_key_der: KeyPair::generate().unwrap().subject_public_key_info(),
            ttl_seconds: wished,
            ..Default::default()
        };
        let done = rig.stranger().await.auth().login(request).await.unwrap().into_inner();
        assert_eq!(done.valid_until.unwrap().seconds, rig.now().secs() + given, "{wished}");
    }
}
