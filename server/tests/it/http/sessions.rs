//! The session's cookie: rotated at every change of rights, limited in time, and never lost or brought back by requests
//! that meet. The numbers are those of OWASP ASVS 5.0, chapter 7.

use axum::body::Body;
use futures::channel::oneshot;
use gatehouse_domain::Decision as _;
use gatehouse_domain::account::{MAX_RECORD_BYTES, WebRecordError};
use gatehouse_domain::entity::SessionDevice;
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::resource::{RoleOptions, RoleSpec, UserSpec};
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{Request, StatusCode};

use super::browser::{Browser, Cluster, PASSWORD, cluster, form};

const ACCOUNT: &str = "/web/account";

/// A browser that still has a cookie from before.
fn with_cookie<'c>(cluster: &'c Cluster, cookie: &Option<String>) -> Browser<'c> {
    Browser { cluster, cookie: cookie.clone(), pending: None }
}

async fn set_roles(cluster: &Cluster, name: &str, roles: &[&str]) {
    let spec = UserSpec { roles: roles.iter().map(ToString::to_string).collect(), ..UserSpec::default() };
    let grant = cluster.host_admin().grant().unwrap();
    cluster.services.accounts.update(&grant, name, spec, None).await.unwrap();
}

fn a_device(cluster: &Cluster) -> SessionDevice {
    SessionDevice {
        device_id: "d1".to_owned(),
        asset_tag: "TAG1".to_owned(),
        credential_id: "c1".to_owned(),
        since: cluster.clock.now(),
        tier: None,
        until: None,
        confirmed_by: None,
    }
}

/// Of the session that the browser is in.
async fn set_device(browser: &Browser<'_>, device: Option<&SessionDevice>) {
    let session = browser.cluster.session(browser.cookie.as_deref()).await.unwrap();
    let mut work = browser.cluster.store.begin().await.unwrap();
    assert!(work.set_session_device(&session.id, device).await.unwrap());
    work.commit().await.unwrap();
}

/// Asserts that the browser got another cookie, that the one before opens nothing any more, and that the new one does.
async fn assert_rotated(browser: &mut Browser<'_>, before: &Option<String>) {
    assert_ne!(&browser.cookie, before, "another cookie");
    let mut old = with_cookie(browser.cluster, before);
    let refused = old.get(ACCOUNT).await;
    assert_ne!(refused.status, StatusCode::OK);
    assert!(!refused.headers.contains_key(SET_COOKIE), "whoever has the old one is handed no other");
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn asvs_7_2_4_signing_in_makes_a_new_cookie() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let before = browser.cookie.clone();
    let first = cluster.session(before.as_deref()).await.unwrap();
    browser.sign_in("root", PASSWORD).await;
    assert_rotated(&mut browser, &before).await;
    assert_ne!(cluster.session(browser.cookie.as_deref()).await.unwrap().id, first.id);

    // A cookie that somebody slipped in beforehand is not the one that is signed in.
    let planted = cluster.services.web_records.new_id();
    cluster.services.web_records.put(&planted, "{}").await.unwrap();
    let mut victim = cluster.browser();
    victim.cookie = Some(planted.reveal().to_owned());
    victim.sign_in("root", PASSWORD).await;
    assert_ne!(victim.cookie.as_deref(), Some(planted.reveal()));
    assert!(cluster.session(Some(planted.reveal())).await.is_none());
}

#[tokio::test]
async fn asvs_7_2_4_proving_the_second_factor_anew_makes_a_new_cookie() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    cluster.clock.advance(400);
    let before = browser.cookie.clone();
    let wrong = browser.post("/web/account/confirm", &[("do", "password"), ("password", "wrong")]).await;
    assert!(wrong.status.is_client_error());
    assert_eq!(browser.cookie, before, "nothing was proven");
    let done = browser.post("/web/account/confirm", &[("do", "password"), ("password", PASSWORD)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_rotated(&mut browser, &before).await;
    let session = cluster.session(browser.cookie.as_deref()).await.unwrap();
    assert_eq!(session.factor_time, cluster.clock.now());
}

#[tokio::test]
async fn asvs_7_2_4_and_7_4_3_a_new_password_makes_a_new_cookie_and_ends_the_other_sessions() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut other = cluster.browser();
    other.sign_in("root", PASSWORD).await;
    let before = browser.cookie.clone();
    let new = "another sentence of my own";
    let fields = [("do", "password"), ("password", new), ("password_again", new)];
    let done = browser.post("/web/account/security", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_rotated(&mut browser, &before).await;
    assert!(other.get(ACCOUNT).await.location().starts_with("/web/login"));
}

#[tokio::test]
async fn asvs_7_2_4_changed_roles_make_a_new_cookie_at_the_next_request() {
    let cluster = cluster().await;
    let mut browser = cluster.person("bob", &["access"]).await;
    let before = browser.cookie.clone();
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
    assert_eq!(browser.cookie, before, "nothing has changed");

    set_roles(&cluster, "bob", &["access", "editor"]).await;
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
    assert_rotated(&mut browser, &before).await;
    assert_eq!(browser.get("/web/users").await.headers.get(SET_COOKIE), None, "once");

    let before = browser.cookie.clone();
    let role = RoleSpec {
        options: RoleOptions { max_session_ttl: Some("2h".to_owned()), ..RoleOptions::default() },
        ..RoleSpec::default()
    };
    let grant = cluster.host_admin().grant().unwrap();
    cluster.clock.advance(1);
    cluster.services.roles.update(&grant, "access", "changed", role, None).await.unwrap();
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
    assert_rotated(&mut browser, &before).await;
}

#[tokio::test]
async fn asvs_7_2_4_trust_that_comes_and_goes_makes_a_new_cookie() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let device = a_device(&cluster);
    for device in [Some(&device), None] {
        let before = browser.cookie.clone();
        set_device(&browser, device).await;
        assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
        assert_rotated(&mut browser, &before).await;
    }
}

#[tokio::test]
async fn the_old_cookie_stops_at_once_and_says_so_for_a_moment() {
    let cluster = cluster().await;
    let mut browser = cluster.person("bob", &["access"]).await;
    let before = browser.cookie.clone();
    set_roles(&cluster, "bob", &["editor"]).await;
    browser.get(ACCOUNT).await;

    let mut old = with_cookie(&cluster, &before);
    let page = old.get(ACCOUNT).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("session_renewed").holds("oad the page again").lacks("bob");
    assert_eq!(old.post("/api/viewer", &[]).await.status, StatusCode::CONFLICT);
    let posted = old.post("/web/account/sessions", &[("do", "end-others")]).await;
    assert_eq!(posted.status, StatusCode::CONFLICT, "and nothing is done");
    assert_eq!(old.cookie, before);

    cluster.clock.advance(60);
    assert!(old.get(ACCOUNT).await.location().starts_with("/web/login"));
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn two_requests_that_meet_a_rotation_log_nobody_out() {
    let cluster = cluster().await;
    for round in 0..20 {
        let name = format!("user{round}");
        let browser = cluster.person(&name, &["access"]).await;
        set_roles(&cluster, &name, &["editor"]).await;
        let (mut one, mut other) =
            (with_cookie(&cluster, &browser.cookie), with_cookie(&cluster, &browser.cookie));
        let (first, second) = tokio::join!(one.get(ACCOUNT), other.get(ACCOUNT));
        let set: Vec<_> =
            [&first, &second].into_iter().filter_map(|page| page.headers.get(SET_COOKIE)).collect();
        assert_eq!(set.len(), 1, "one of them brings the new cookie, and none takes it away");
        for page in [&first, &second] {
            assert!(matches!(page.status, StatusCode::OK | StatusCode::CONFLICT), "{}", page.status);
        }
        let new = if one.cookie == browser.cookie { &mut other } else { &mut one };
        assert_eq!(new.get(ACCOUNT).await.status, StatusCode::OK);
    }
}

/// A form of which the head has arrived and the body has not.
struct SlowForm {
    request: Request<Body>,
    /// Tells that the server waits for the body: it knows who asks.
    awaited: oneshot::Receiver<()>,
    body: oneshot::Sender<String>,
}

fn slow_form(path: &str, cookie: &str) -> SlowForm {
    let (waits, awaited) = oneshot::channel();
    let (body, arrives) = oneshot::channel::<String>();
    let parts = futures::stream::once(async move {
        waits.send(()).unwrap();
        Ok::<_, std::convert::Infallible>(arrives.await.unwrap())
    });
    let request = Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("host", "gate.example:3080")
        .header(COOKIE, format!("__Host-gatehouse_session={cookie}"))
        .body(Body::from_stream(parts))
        .unwrap();
    SlowForm { request, awaited, body }
}

#[tokio::test]
async fn a_slow_request_neither_brings_the_old_cookie_back_nor_trust_that_has_ended() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    set_device(&browser, Some(&a_device(&cluster))).await;
    browser.get(ACCOUNT).await;
    let old = browser.cookie.clone().unwrap();
    assert!(cluster.session(Some(&old)).await.unwrap().device.is_some());

    // It is known who asks, and the form is still on its way, …
    let SlowForm { request, awaited, body } = slow_form("/web/account/sessions", &old);
    let mut answer = std::pin::pin!(cluster.send(request));
    tokio::select! {
        _ = answer.as_mut() => panic!("answered without a body"),
        waits = awaited => waits.unwrap(),
    }
    // … when trust ends, and another request is handed the cookie of what is left.
    set_device(&browser, None).await;
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
    let new = browser.cookie.clone().unwrap();
    assert_ne!(new, old);

    let key = browser.form_key().await;
    body.send(form(&[("do", "end-others"), ("form_key", &key)])).unwrap();
    let done = answer.await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(done.headers.get(SET_COOKIE), None, "the browser keeps the new cookie");
    let session = cluster.session(Some(&new)).await.unwrap();
    assert_eq!(session.device, None, "ended trust stays ended");
    assert!(cluster.session(Some(&old)).await.is_none());
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_step_up_whose_cookie_was_rotated_meanwhile_is_not_done() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    cluster.clock.advance(400);
    let old = browser.cookie.clone().unwrap();
    let facts = gatehouse_domain::identity::RequestFacts::default();
    let slow = cluster.services.identity.visit(&old, facts).await.unwrap();
    set_device(&browser, Some(&a_device(&cluster))).await;
    browser.get(ACCOUNT).await;

    let code = gatehouse_domain::account::FactorAnswer::Code(String::new());
    let error = cluster.services.accounts.confirm_second_factor(&slow, PASSWORD, &code).await.unwrap_err();
    assert_eq!(error.code(), "session_renewed");
    let session = cluster.session(browser.cookie.as_deref()).await.unwrap();
    assert!(session.factor_time < cluster.clock.now(), "whoever has the new cookie has proven nothing");
}

#[tokio::test]
async fn asvs_7_3_1_a_session_that_lies_idle_ends() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    cluster.clock.advance(30 * 60 - 1);
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
    cluster.clock.advance(30 * 60 - 1);
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK, "it was in use");
    cluster.clock.advance(30 * 60);
    assert!(browser.get(ACCOUNT).await.location().starts_with("/web/login"));
}

#[tokio::test]
async fn asvs_7_3_1_what_an_open_page_asks_by_itself_is_no_use_of_it() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let cookie = format!("__Host-gatehouse_session={}", browser.cookie.clone().unwrap());
    for _ in 0..2 {
        cluster.clock.advance(14 * 60);
        let request = Request::get(ACCOUNT).header(COOKIE, &cookie).header("gatehouse-unattended", "1");
        assert_eq!(cluster.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::OK);
        let events = Request::get("/web/events").header(COOKIE, &cookie).body(Body::empty()).unwrap();
        assert_eq!(cluster.raw(events).await.status(), StatusCode::OK);
    }
    cluster.clock.advance(2 * 60);
    assert!(browser.get(ACCOUNT).await.location().starts_with("/web/login"));
}

#[tokio::test]
async fn asvs_7_3_2_a_role_shortens_the_longest_life() {
    let cluster = cluster().await;
    let role = RoleSpec {
        options: RoleOptions { max_session_ttl: Some("20m".to_owned()), ..RoleOptions::default() },
        ..RoleSpec::default()
    };
    let grant = cluster.host_admin().grant().unwrap();
    cluster.services.roles.update(&grant, "access", "", role, None).await.unwrap();
    let mut browser = cluster.person("bob", &["access"]).await;
    cluster.clock.advance(20 * 60 - 1);
    assert_eq!(browser.get(ACCOUNT).await.status, StatusCode::OK);
    cluster.clock.advance(1);
    assert!(browser.get(ACCOUNT).await.location().starts_with("/web/login"));
}

#[tokio::test]
async fn asvs_7_4_1_after_signing_out_the_cookie_opens_nothing() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let before = browser.cookie.clone();
    browser.post("/web/logout", &[]).await;
    assert_eq!(browser.cookie, None);
    let mut thief = with_cookie(&cluster, &before);
    assert!(thief.get(ACCOUNT).await.location().starts_with("/web/login"));
    assert_eq!(thief.cookie, before, "nor is it exchanged for one that does");
}

#[tokio::test]
async fn asvs_7_4_2_a_user_who_is_deleted_or_reset_is_out_at_once() {
    let cluster = cluster().await;
    let mut bob = cluster.person("bob", &["access"]).await;
    let mut carol = cluster.person("carol", &["access"]).await;
    let admin = cluster.host_admin();
    cluster.services.accounts.delete(&admin.grant().unwrap(), "bob").await.unwrap();
    cluster.services.accounts.reset(&admin.grant().unwrap(), "carol", None).await.unwrap();
    for browser in [&mut bob, &mut carol] {
        assert!(browser.get(ACCOUNT).await.location().starts_with("/web/login"));
    }
}

#[tokio::test]
async fn what_is_said_is_said_once_and_to_one_browser() {
    let cluster = cluster().await;
    let (mut browser, mut other) = (cluster.admin().await, cluster.person("bob", &["access"]).await);
    let cookie = browser.cookie.clone();
    let done = browser.post("/web/account/sessions", &[("do", "end-others")]).await;
    assert_eq!(done.location(), "/web/account/sessions");
    assert_eq!(browser.cookie, cookie, "a message changes no cookie");
    other.get("/web/account/sessions").await.lacks("There was no other session");
    browser.get("/web/account/sessions").await.holds("There was no other session.");
    browser.get("/web/account/sessions").await.lacks("There was no other session");
}

#[tokio::test]
async fn a_record_is_found_by_hash_alone_and_is_small_and_short_lived() {
    let cluster = cluster().await;
    let records = &cluster.services.web_records;
    let cookie = records.new_id();
    assert_eq!(records.load(&cookie).await.unwrap(), None);
    records.put(&cookie, "{\"said\":\"x\"}").await.unwrap();
    let mut work = cluster.store.read().await.unwrap();
    assert!(work.web_record(&cookie.hash(), cluster.clock.now()).await.unwrap().is_some());
    drop(work);
    let too_large = records.put(&cookie, &"x".repeat(MAX_RECORD_BYTES + 1)).await;
    assert!(matches!(too_large, Err(WebRecordError::TooLarge)));
    cluster.clock.advance(24 * 3600);
    assert_eq!(records.load(&cookie).await.unwrap(), None, "expired");
    cluster.services.retention.sweep().await.unwrap();
}
