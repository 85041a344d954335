//! What decides who gets in asks a browser's session for a fresh factor.

use gatehouse_domain::authz::FRESH_FACTOR_SECS;
use http::StatusCode;

use super::browser::{Browser, PASSWORD, cluster};
use super::people::{hidden, text_area};

async fn confirm(browser: &mut Browser<'_>, next: &str) {
    let form = [("do", "password"), ("password", PASSWORD), ("next", next)];
    assert_eq!(browser.post("/web/account/confirm", &form).await.location(), next);
}

#[tokio::test]
async fn attack_an_open_session_of_an_administrator() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    cluster.person("bob", &["access"]).await;
    let user = hidden(&root.get("/web/users/bob").await.body, "revision");
    let settings = hidden(&root.get("/web/settings").await.body, "revision");
    cluster.clock.advance(FRESH_FACTOR_SECS);
    // Everything is still offered.
    root.get("/web/users").await.holds("/web/users/~new");
    root.get("/web/users/bob").await.holds("Reset sign-in").holds("Delete this user");
    root.get("/web/roles").await.holds("/web/roles/~new");
    assert_eq!(root.get("/web/users/~new").await.status, StatusCode::OK);
    assert_eq!(root.get("/web/roles/~new").await.status, StatusCode::OK);
    assert_eq!(root.get("/web/settings/locked-out?mode=required").await.status, StatusCode::OK);
    let steps = [
        ("/web/users/~new", vec![("do", "invite"), ("name", "x"), ("role", "access"), ("lifetime", "3600")]),
        ("/web/users/bob", vec![("do", "change"), ("role", "editor"), ("revision", &user)]),
        ("/web/users/bob", vec![("do", "reset"), ("lifetime", "3600")]),
        ("/web/users/bob", vec![("do", "delete"), ("confirm", "bob")]),
        ("/web/roles/access", vec![("do", "delete"), ("confirm", "access")]),
        (
            "/web/settings",
            vec![("do", "save"), ("mode", "off"), ("second_factor", "off"), ("revision", &settings)],
        ),
        ("/web/settings", vec![("do", "reset"), ("key", "second_factor"), ("revision", &settings)]),
    ];
    for (path, form) in &steps {
        let page = root.post(path, form).await;
        let back = format!("/web/account/confirm?next={}", path.replace('/', "%2F").replace('~', "%7E"));
        assert_eq!(page.location(), back, "{form:?}: {}", page.text());
    }
    assert!(cluster.store.read().await.unwrap().user("x").await.unwrap().is_none());
    // A lock takes rights away and is not held up.
    assert_eq!(root.post("/web/users/bob", &[("do", "lock")]).await.location(), "/web/users/bob");
    confirm(&mut root, "/web/users/bob").await;
    root.post("/web/users/bob", &steps[2].1).await.holds("One-time link for bob");
}

#[tokio::test]
async fn a_role_typed_over_more_than_five_minutes_is_not_lost() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let page = root.get("/web/roles/access").await;
    let text = text_area(&page.body).replace("Use the resources", "Use all resources");
    let revision = hidden(&page.body, "revision");
    cluster.clock.advance(FRESH_FACTOR_SECS);
    let save = [("do", "save"), ("text", text.as_str()), ("revision", &revision)];
    let page = root.post("/web/roles/access", &save).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    page.holds("second_factor_required").holds("Confirm that it is you in another tab");
    assert_eq!(text_area(&page.body), text);
    let new = [("do", "create"), ("text", "kind: role\nmetadata: {name: x}\n")];
    root.post("/web/roles/~new", &new).await.holds("second_factor_required").holds("metadata: {name: x}");
    confirm(&mut root, "/web/account/security").await;
    assert_eq!(root.post("/web/roles/~new", &new).await.location(), "/web/roles/x");
}
