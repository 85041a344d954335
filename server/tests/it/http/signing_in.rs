use gatehouse_domain::cluster::NewLock;
use gatehouse_model::resource::{DeviceTrustSpec, LockTarget, PreferenceSpec};
use gatehouse_model::{DeviceTrustMode, SecondFactor};
use gatehouse_server::http::Site;
use http::StatusCode;
use http::header::SET_COOKIE;

use super::browser::{PASSWORD, cluster, cluster_with};

#[tokio::test]
async fn the_page_asks_for_the_password_first_and_offers_passkeys_where_they_count() {
    let cluster = cluster().await;
    let page = cluster.browser().get("/web/login").await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("<title>Sign in · Gatehouse</title>").holds(r#"name="password""#).lacks(r#"name="code""#);
    page.lacks("passkey");

    let strict = cluster_with(PreferenceSpec::default(), &Site::bare()).await;
    let page = strict.browser().get("/web/login").await;
    page.lacks(r#"name="code""#).holds("Sign in with a passkey").holds("allow this page to run scripts");
}

#[tokio::test]
async fn the_cookie_is_bound_to_host_https_and_path() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let first = browser.cookie.clone().unwrap();
    assert_eq!(first.len(), 22, "128 bits");

    let again = browser.sign_in("root", PASSWORD).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, "/web/devices"));
    let cookie = again.headers[SET_COOKIE].to_str().unwrap();
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");

    let second = browser.cookie.clone().unwrap();
    assert_ne!(first, second, "a sign-in makes a new cookie");
    browser.cookie = Some(first);
    let refused = browser.get("/web/devices").await;
    assert!(refused.location().starts_with("/web/login"), "the session before has ended");
}

#[tokio::test]
async fn unknown_users_and_wrong_passwords_get_the_same_answer() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut answers = Vec::new();
    for user in ["root", "nobody", "no such name!"] {
        let page = cluster.browser().sign_in(user, "wrong password").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(!page.headers.contains_key(SET_COOKIE));
        page.holds("Invalid user name, password or one-time code").holds("login_failed");
        page.lacks("wrong password");
        let id = page.headers["x-request-id"].to_str().unwrap();
        page.holds(id);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        let (_, nonce) = policy.split_once("nonce-").unwrap();
        let (nonce, _) = nonce.split_once('\'').unwrap();
        let body = page.body.replace(id, "ID").replace(nonce, "NONCE").replace(user, "USER");
        answers.push(without_form_keys(&body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn repeated_failures_are_slowed_down() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut last = StatusCode::OK;
    for _ in 0..8 {
        last = cluster.browser().sign_in("root", "wrong password").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let page = cluster.browser().sign_in("root", PASSWORD).await;
    page.holds("Too many failed attempts, try again in");
}

#[tokio::test]
async fn the_page_that_was_wanted_is_kept_but_never_a_foreign_one() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    browser.cookie = None;
    let sent = browser.get("/web/account?after=x").await;
    assert_eq!(sent.location(), "/web/login?next=/web/account%3Fafter%3Dx");
    browser.get(sent.location()).await.holds(r#"name="next" value="/web/account?after=x""#);

    for (next, expected) in [
        ("/web/account?after=x", "/web/account?after=x"),
        ("https://evil.example/", "/web/devices"),
        ("//evil.example", "/web/devices"),
        ("/web/a\r\nSet-Cookie: a=b", "/web/devices"),
    ] {
        let form = [("user", "root"), ("password", PASSWORD), ("next", next)];
        let done = cluster.browser().post("/web/login", &form).await;
        assert_eq!(done.location(), expected);
    }
    let failed = [("user", "root"), ("password", "x"), ("next", "/web/account")];
    let page = cluster.browser().post("/web/login", &failed).await;
    page.holds(r#"value="/web/account""#).holds(r#"value="root""#);
}

#[tokio::test]
async fn who_is_signed_in_needs_no_sign_in_page() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    assert_eq!(browser.get("/web/login").await.location(), "/web/devices");
    for path in ["/", "/web", "/web/logout"] {
        assert_eq!(browser.get(path).await.location(), "/web/devices");
    }
    assert_eq!(browser.get("/web/devices").await.status, StatusCode::OK, "a link signs nobody out");
}

#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let cookie = browser.cookie.clone();
    assert_eq!(browser.get("/web/devices").await.status, StatusCode::OK);

    let out = browser.post("/web/logout", &[]).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/web/login?done=signed-out"));
    assert!(out.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    browser.get("/web/login?done=signed-out").await.holds("You are signed out.");

    let mut thief = cluster.browser();
    thief.cookie = cookie;
    assert_eq!(
        thief.get("/web/devices").await.status,
        StatusCode::SEE_OTHER,
        "the cookie counts for nothing"
    );
    assert_eq!(thief.post("/api/viewer", &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(thief.post("/web/logout", &[]).await.status, StatusCode::SEE_OTHER, "twice does no harm");
}

#[tokio::test]
async fn a_lock_counts_at_the_next_request() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let target = LockTarget { user: Some("root".to_owned()), ..LockTarget::default() };
    let grant = cluster.host_admin().grant_lock(&target).unwrap();
    let lock = NewLock { target, message: String::new(), expires: None };
    cluster.services.locks.create(&grant, lock).await.unwrap();
    let page = browser.get("/web/devices").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.holds("Lock targeting").lacks("Devices of the inventory");
    let answer = browser.post("/api/viewer", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    answer.holds(r#""code":"locked""#);
    assert_eq!(browser.post("/web/logout", &[]).await.location(), "/web/login?done=signed-out");
}

#[tokio::test]
async fn a_session_ends_in_time() {
    let preference = PreferenceSpec {
        second_factor: Some(SecondFactor::Off),
        device_trust: DeviceTrustSpec { mode: Some(DeviceTrustMode::Off), ..DeviceTrustSpec::default() },
    };
    let cluster = cluster_with(preference, &Site::bare()).await;
    let mut browser = cluster.admin().await;
    // In use all the time.
    for _ in 0..35 {
        cluster.clock.advance(20 * 60);
        assert_eq!(browser.get("/web/account").await.status, StatusCode::OK);
    }
    cluster.clock.advance(20 * 60 - 1);
    assert_eq!(browser.get("/web/account").await.status, StatusCode::OK);
    cluster.clock.advance(1);
    assert_eq!(browser.get("/web/account").await.status, StatusCode::SEE_OTHER);
}

/// Forms carry a key of their own each time.
fn without_form_keys(body: &str) -> String {
    let mut parts = body.split(r#"name="form_key" value=""#);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}
