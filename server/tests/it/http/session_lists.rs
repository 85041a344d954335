//! The lists of sessions, and ending them.

use gatehouse_domain::Decision as _;
use gatehouse_domain::account::{LoginKeys, LoginRequest};
use gatehouse_domain::entity::{Session, SessionKind};
use gatehouse_domain::identity::RequestFacts;
use gatehouse_domain::ports::Clock as _;
use http::header::{COOKIE, USER_AGENT};
use http::{Request, StatusCode};
use rcgen::PublicKeyData as _;

use super::browser::{Cluster, PASSWORD, cluster};

const OWN: &str = "/web/account/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Logs a command line in; answers with its session.
async fn cli(cluster: &Cluster, user: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let keys =
        LoginKeys { tls_public_key_der: key.subject_public_key_info(), ssh_public_key: None, ttl_secs: None };
    let login = LoginRequest { user: user.to_owned(), password: PASSWORD.to_owned(), code: String::new() };
    let facts = RequestFacts {
        remote_address: "198.51.100.9:1234".to_owned(),
        user_agent: "gatehouse/0.1.0 tonic/0.14.2".to_owned(),
        ..RequestFacts::default()
    };
    cluster.services.accounts.login(&login, &keys, &facts).await.unwrap().session.id
}

async fn is_in_force(cluster: &Cluster, id: &str) -> bool {
    let session = cluster.store.read().await.unwrap().session(id).await.unwrap().unwrap();
    !session.is_over(cluster.clock.now())
}

#[tokio::test]
async fn asvs_7_5_2_a_user_sees_where_they_are_signed_in_and_ends_it() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut browser = cluster.person("bob", &["access"]).await;
    let session = cli(&cluster, "bob").await;
    let signing_in = Request::post("/web/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(USER_AGENT, FIREFOX);
    let fields = super::browser::form(&[("user", "bob"), ("password", PASSWORD)]);
    let elsewhere = cluster.send(signing_in.body(fields.into()).unwrap()).await;
    let cookie = elsewhere.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    let page = browser.get(OWN).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("Firefox 128 on Linux")
        .holds("tsh 0.1.0")
        .holds("198.51.100.9")
        .holds("192.0.2.7")
        .holds("This session")
        .holds("Sign out here")
        .holds("End this session")
        .holds("End all others")
        .holds("30 minutes without use")
        .lacks("root");
    assert_eq!(page.text().matches("This session").count(), 1);

    let done = browser.post(OWN, &[("do", "end"), ("id", &session)]).await;
    assert_eq!(done.location(), OWN);
    browser.get(OWN).await.holds("The session has ended").lacks("tsh 0.1.0");
    assert!(!is_in_force(&cluster, &session).await);
    let again = browser.post(OWN, &[("do", "end"), ("id", &session)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    again.holds("session_not_found");

    cli(&cluster, "bob").await;
    browser.post(OWN, &[("do", "end-others")]).await;
    let page = browser.get(OWN).await;
    page.holds("2 other sessions ended.").lacks("tsh 0.1.0").lacks("Firefox").holds("This session");
    page.lacks("End all others");
    let request = Request::get("/web/account").header(COOKIE, cookie);
    let out = cluster.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(out.location().starts_with("/web/login"), "{}", out.status);
}

#[tokio::test]
async fn ending_the_session_that_one_is_in_signs_out() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.session(browser.cookie.as_deref()).await.unwrap().id;
    let done = browser.post(OWN, &[("do", "end"), ("id", &id)]).await;
    assert_eq!(done.location(), "/web/login?done=signed-out");
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn nobody_ends_the_sessions_of_others_from_the_own_list() {
    let cluster = cluster().await;
    let root = cluster.admin().await;
    let id = cluster.session(root.cookie.as_deref()).await.unwrap().id;
    let mut bob = cluster.person("bob", &["access"]).await;
    let theirs = bob.post(OWN, &[("do", "end"), ("id", &id)]).await;
    let none = bob.post(OWN, &[("do", "end"), ("id", "nonesuch")]).await;
    assert_eq!((theirs.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    theirs.holds("session_not_found");
    assert!(is_in_force(&cluster, &id).await);
    let refused = bob.get("/web/sessions").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(bob.post("/web/sessions", &[("do", "end"), ("id", &id)]).await.status, StatusCode::FORBIDDEN);
    assert!(is_in_force(&cluster, &id).await);
}

#[tokio::test]
async fn asvs_7_4_5_an_administrator_ends_anybodys_session() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let mut bob = cluster.person("bob", &["access"]).await;
    let id = cluster.session(bob.cookie.as_deref()).await.unwrap().id;
    root.get("/web/sessions").await.holds("bob").holds("root").holds("This session");
    root.get("/web/sessions?user=Bob").await.holds("bob").lacks("This session");
    root.get("/web/sessions?user=nobody").await.holds("No sessions");
    let wrong = root.get("/web/sessions?user=a%20b").await;
    wrong.holds("invalid_user_name");
    let done = root.post("/web/sessions?user=bob", &[("do", "end"), ("id", &id)]).await;
    assert_eq!(done.location(), "/web/sessions?user=bob");
    assert!(bob.get("/web/account").await.location().starts_with("/web/login"), "at once");
    let events = cluster.host_admin();
    let filter =
        gatehouse_domain::entity::AuditFilter { event: Some("session.end".to_owned()), ..Default::default() };
    let events = cluster.services.audit.list(&events.grant().unwrap(), &filter, 10).await.unwrap();
    assert_eq!(events[0].event.target, id);
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let now = cluster.clock.now();
    let mut work = cluster.store.begin().await.unwrap();
    for n in 0..60 {
        let session = Session {
            id: format!("s{n:02}"),
            kind: SessionKind::Cli,
            cookie_hash: None,
            user: format!("user{n:02}"),
            created: now.plus_secs(-1 - n),
            last_seen: now,
            expires: now.plus_secs(3600),
            ended: None,
            factor_time: now,
            device: None,
            remote_address: "[2001:db8::1]:5".to_owned(),
            user_agent: String::new(),
            rights: None,
        };
        work.insert_session(&session).await.unwrap();
    }
    work.commit().await.unwrap();
    let first = root.get("/web/sessions").await;
    first.holds("user00").holds("user48").lacks("user49").holds("2001:db8::1").holds("Next page");
    let (_, rest) = first.body.split_once(r#"href="/web/sessions?after="#).unwrap();
    let next = format!("/web/sessions?after={}", rest.split('"').next().unwrap());
    let second = root.get(&next).await;
    second.holds("user49").holds("user59").lacks("user48").holds("First page").lacks("Next page");
    root.get("/web/sessions?after=rubbish").await.holds("page_token_invalid");
    assert!(first.body.len() < 150_000, "{} bytes", first.body.len());
}

#[tokio::test]
async fn a_session_id_is_no_cookie() {
    let cluster = cluster().await;
    let browser = cluster.admin().await;
    let session = cluster.session(browser.cookie.as_deref()).await.unwrap();
    let mut thief = cluster.browser();
    thief.cookie = Some(session.id.clone());
    assert!(thief.get("/web/account").await.location().starts_with("/web/login"));
    let error = cluster
        .services
        .sessions
        .end_own(&cluster.host_admin(), &session.id)
        .await
        .expect_err("the host's admin has no account");
    assert_eq!(error.code(), "account_required");
}

#[tokio::test]
async fn attack_an_open_session_throws_its_owner_out() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut bob = cluster.person("bob", &["access"]).await;
    let other = cli(&cluster, "bob").await;
    let own = cluster.session(bob.cookie.as_deref()).await.unwrap().id;
    cluster.clock.advance(gatehouse_domain::authz::FRESH_FACTOR_SECS);
    for form in [vec![("do", "end-others")], vec![("do", "end"), ("id", other.as_str())]] {
        let page = bob.post(OWN, &form).await;
        assert_eq!(page.location(), "/web/account/confirm?next=%2Fweb%2Faccount%2Fsessions", "{form:?}");
        assert!(is_in_force(&cluster, &other).await);
    }
    let confirm = [("do", "password"), ("password", PASSWORD), ("next", OWN)];
    assert_eq!(bob.post("/web/account/confirm", &confirm).await.location(), OWN);
    assert_eq!(bob.post(OWN, &[("do", "end"), ("id", &other)]).await.location(), OWN);
    assert!(!is_in_force(&cluster, &other).await);
    // Leaving needs nothing but to be there.
    cluster.clock.advance(gatehouse_domain::authz::FRESH_FACTOR_SECS);
    assert_eq!(bob.post(OWN, &[("do", "end"), ("id", &own)]).await.location(), "/web/login?done=signed-out");
}
