use gatehouse_domain::ports::Clock as _;
use http::StatusCode;

use super::browser::{PASSWORD, cluster};
use super::people::{hidden, invite, person, role};

#[tokio::test]
async fn users_are_listed_searched_and_paged() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    person(&cluster, "alice", &["access"]).await;
    for number in 0..55 {
        invite(&cluster, &format!("zoe{number:02}"), &["access"]).await;
    }
    let page = root.get("/web/users").await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds(r#"href="/web/users/alice""#)
        .holds("active")
        .holds("invited")
        .holds("access, editor")
        .holds("password alone")
        .holds("not signed up yet")
        .holds("zoe47")
        .lacks("zoe48")
        .holds(r#"href="/web/users?after=zoe47""#)
        .holds(r#"href="/web/users/~new""#);
    assert!(page.body.len() < 150 * 1024, "{}", page.body.len());
    let page = root.get("/web/users?after=zoe47").await;
    page.holds("zoe48").lacks("zoe47<").holds("First page").lacks("Next page");
    page.holds(r#"href="/web/users?before=zoe48" rel="prev""#);
    let page = root.get("/web/users?before=zoe48").await;
    page.holds("alice").holds("zoe47<").lacks("zoe48<").lacks("Previous page").holds("?after=zoe47");
    let page = root.get("/web/users?before=zoe54").await;
    page.holds("zoe53<").lacks("zoe54<").lacks("zoe03<").holds("zoe04<").holds("?before=zoe04");
    // Close to the beginning there is no half page.
    let page = root.get("/web/users?before=root").await;
    page.holds("alice").holds("zoe47<").lacks("Previous page").lacks("First page");
    let page = root.get("/web/users?q=AL").await;
    page.holds("alice").lacks("zoe").lacks("/web/users/root");
    root.get("/web/users?q=%25").await.holds("Nobody is found");
    // What the address says stands in the title, and breaks out of nothing.
    let page = root.get("/web/users/%3Cscript%3Ealert(1)").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.lacks("<script>alert").holds("<title>&lt;script&gt;alert(1) · Gatehouse</title>");
}

#[tokio::test]
async fn who_may_not_is_told_which_right_is_missing() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut alice = person(&cluster, "alice", &["access"]).await;
    for (path, right) in [
        ("/web/users", r#"allows "list" on "user""#),
        ("/web/users/root", r#"allows "read" on "user""#),
        ("/web/users/~new", r#"allows "create" on "user""#),
        ("/web/roles", r#"allows "list" on "role""#),
        ("/web/roles/editor", r#"allows "read" on "role""#),
        ("/web/roles/~new", r#"allows "create" on "role""#),
        ("/web/settings", r#"allows "read" on "cluster_auth_preference""#),
        ("/web/settings/locked-out?mode=required", r#"allows "update" on "cluster_auth_preference""#),
        ("/web/locks", r#"allows "list" on "lock""#),
        ("/web/locks/x", r#"allows "read" on "lock""#),
        ("/web/audit", r#"allows "list" on "event""#),
        ("/web/audit/x", r#"allows "list" on "event""#),
        ("/web/audit/export.jsonl", r#"allows "list" on "event""#),
    ] {
        let page = alice.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        let text = page.text().replace("&quot;", "\"");
        assert!(text.contains(right), "{path}: {text}");
    }
    for (path, form) in [
        ("/web/users/~new", vec![("do", "invite"), ("name", "x"), ("role", "access"), ("lifetime", "3600")]),
        ("/web/users/root", vec![("do", "lock")]),
        ("/web/users/root", vec![("do", "reset"), ("lifetime", "3600")]),
        ("/web/users/root", vec![("do", "change"), ("role", "access"), ("revision", "x")]),
        ("/web/users/root", vec![("do", "delete"), ("confirm", "root")]),
        ("/web/roles/~new", vec![("do", "create"), ("text", "kind: role\nmetadata: {name: x}\n")]),
        ("/web/roles/access", vec![("do", "save"), ("text", "kind: role\nmetadata: {name: access}\n")]),
        ("/web/roles/access", vec![("do", "delete"), ("confirm", "access")]),
        ("/web/settings", vec![("do", "save"), ("mode", "off"), ("second_factor", "off")]),
        ("/web/settings", vec![("do", "reset"), ("key", "device_trust.mode")]),
        ("/web/locks", vec![("do", "create"), ("kind", "user"), ("target", "root")]),
        ("/web/locks/x", vec![("do", "remove")]),
    ] {
        let page = alice.post(path, &form).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {form:?}");
        page.holds("not_allowed");
    }
}

#[tokio::test]
async fn an_invitation_shows_its_link_once() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.get("/web/users/~new").await.holds("The link is good for").holds("require-trusted-device");
    let form = [
        ("do", "invite"),
        ("name", "Bob"),
        ("role", "access"),
        ("role", "device-enroll"),
        ("logins", "ubuntu, root"),
        ("lifetime", "28800"),
    ];
    let page = root.post("/web/users/~new", &form).await;
    assert_eq!(page.status, StatusCode::OK, "no address holds the link");
    page.holds("https://gate.example:3080/web/signup/").holds("qr-code").holds("One-time link for bob");
    let token = page.body.split("/web/signup/").nth(1).unwrap().split(['"', '<']).next().unwrap().to_owned();
    root.get("/web/users/~new").await.lacks(&token);
    root.get("/web/users/bob").await.lacks(&token).holds("not signed up yet").holds("ubuntu, root");
    // The same form a second time is not taken.
    let key = root.form_key().await;
    let again =
        [("do", "invite"), ("name", "carol"), ("role", "access"), ("lifetime", "3600"), ("form_key", &key)];
    root.post("/web/users/~new", &again).await.holds("One-time link");
    let page = root.post("/web/users/~new", &again).await;
    assert_ne!(page.status, StatusCode::OK);
    page.lacks("One-time link for");
    // What is wrong is said, and what was typed stays.
    let page = root
        .post(
            "/web/users/~new",
            &[("do", "invite"), ("name", "b b"), ("role", "access"), ("lifetime", "3600")],
        )
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("invalid_user_name").holds(r#"value="b b""#);
    let page = root
        .post(
            "/web/users/~new",
            &[("do", "invite"), ("name", "bob"), ("role", "access"), ("lifetime", "3600")],
        )
        .await;
    page.holds("user_exists");
    let mut bob = cluster.browser();
    let form = [("user", "bob"), ("password", PASSWORD), ("password_again", PASSWORD)];
    assert_eq!(
        bob.post(&format!("/web/signup/{token}"), &form).await.location(),
        "/web/login?done=signed-up"
    );
    let bot = [("do", "invite"), ("name", "robot"), ("role", "access"), ("bot", "yes"), ("lifetime", "3600")];
    assert_eq!(root.post("/web/users/~new", &bot).await.location(), "/web/users/robot");
    root.get("/web/users/robot").await.holds("Bot robot has been created").lacks("Reset sign-in");
}

#[tokio::test]
async fn a_user_is_changed_reset_locked_and_deleted() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let mut bob = person(&cluster, "bob", &["access"]).await;
    let page = root.get("/web/users/bob").await;
    page.holds("Roles and logins").holds("browser").holds("192.0.2.7").holds("/web/audit?target=bob");
    let revision = hidden(&page.body, "revision");

    let change = [("do", "change"), ("role", "editor"), ("logins", "ubuntu"), ("revision", &revision)];
    assert_eq!(root.post("/web/users/bob", &change).await.location(), "/web/users/bob");
    root.get("/web/users/bob").await.holds("Roles and logins of bob have been saved").holds(" by root");
    // Made from a page that shows what is no longer so.
    let page =
        root.post("/web/users/bob", &[("do", "change"), ("role", "access"), ("revision", &revision)]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("stale_revision").holds("changed meanwhile by root");
    let revision = hidden(&page.body, "revision");
    let page =
        root.post("/web/users/bob", &[("do", "change"), ("logins", "x"), ("revision", &revision)]).await;
    page.holds("no_role").holds(r#"value="x""#);

    assert_eq!(bob.get("/web/users").await.status, StatusCode::OK);
    let until = cluster.clock.now().plus_secs(7200).to_string();
    let lock = [("do", "lock"), ("until", &until[..16]), ("message", "gone <astray>")];
    assert_eq!(root.post("/web/users/bob", &lock).await.location(), "/web/users/bob");
    let page = root.get("/web/users/bob").await;
    page.holds("bob is locked").holds("Locked until").holds("/web/locks/");
    root.get("/web/users?q=bob").await.holds("locked");
    assert_eq!(bob.get("/web/users").await.status, StatusCode::FORBIDDEN);
    let id = page.body.split("/web/locks/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    root.get(&format!("/web/locks/{id}")).await.holds("gone &lt;astray&gt;").holds("User bob");
    assert_eq!(root.post(&format!("/web/locks/{id}"), &[("do", "remove")]).await.location(), "/web/locks");
    assert_eq!(bob.get("/web/users").await.status, StatusCode::OK);
    let page = root.post("/web/users/bob", &[("do", "lock"), ("until", "tomorrow")]).await;
    page.holds("invalid_time");
    let page = root.post("/web/users/bob", &[("do", "lock"), ("until", "2001-01-01T00:00")]).await;
    page.holds("lock_expired");

    let page = root.post("/web/users/bob", &[("do", "reset"), ("lifetime", "3600")]).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("One-time link for bob").holds("not signed up yet");
    assert_eq!(bob.get("/web/users").await.status, StatusCode::SEE_OTHER, "signed out");

    let page = root.post("/web/users/bob", &[("do", "delete"), ("confirm", "bobby")]).await;
    page.holds("Type bob to confirm").holds("confirmation_wrong");
    let page = root.post("/web/users/bob", &[("do", "delete"), ("confirm", "bob")]).await;
    assert_eq!(page.location(), "/web/users");
    root.get("/web/users").await.holds("User bob has been deleted").lacks("/web/users/bob");
    let page = root.get("/web/users/bob").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.holds("user_not_found");
}

#[tokio::test]
async fn attack_a_reset_of_the_own_account() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    cluster.person("bob", &["editor"]).await;
    root.get("/web/users/root").await.lacks("Reset sign-in");
    let page = root.post("/web/users/root", &[("do", "reset"), ("lifetime", "3600")]).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    page.holds("own_account").holds("Security").lacks("One-time link");
    assert_eq!(cluster.browser().sign_in("root", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_last_administrator_cannot_be_locked_out() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.get("/web/users/root").await.lacks("Delete this user");
    role(&cluster, "people", &["user", "lock"], &["*"]).await;
    let mut helga = person(&cluster, "helga", &["people"]).await;
    for browser in [&mut root, &mut helga] {
        let revision = hidden(&browser.get("/web/users/root").await.body, "revision");
        for form in [
            vec![("do", "lock")],
            vec![("do", "change"), ("role", "access"), ("roles", "access"), ("revision", &revision)],
        ] {
            let page = browser.post("/web/users/root", &form).await;
            assert_eq!(page.status, StatusCode::PRECONDITION_FAILED, "{form:?}: {}", page.text());
            page.holds("last_admin").holds("without an administrator").holds("the role editor");
        }
    }
    let page = helga.post("/web/users/root", &[("do", "delete"), ("confirm", "root")]).await;
    page.holds("last_admin");
    helga.post("/web/users/root", &[("do", "reset"), ("lifetime", "3600")]).await.holds("beyond_own_rights");
    root.get("/web/users/root").await.holds("password alone").lacks("Locked");
}
