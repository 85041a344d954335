use gatehouse_domain::ports::Clock as _;
use gatehouse_model::OsType;
use http::StatusCode;

use super::browser::cluster;
use super::people::person;

#[tokio::test]
async fn users_roles_and_devices_are_locked_and_unlocked() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    person(&cluster, "bob", &["access"]).await;
    let device = cluster.register(OsType::Linux, "PF000001").await;
    root.get("/web/locks").await.holds("Nothing is locked").holds("New lock");
    let until = cluster.clock.now().plus_secs(1200).to_string();
    for (kind, target, message) in
        [("user", "Bob", "on leave"), ("role", "device-enroll", "paused"), ("device", "pf000001", "lost")]
    {
        let form = [
            ("do", "create"),
            ("kind", kind),
            ("target", target),
            ("message", message),
            ("until", &until[..16]),
        ];
        let done = root.post("/web/locks", &form).await;
        assert_eq!(done.location(), "/web/locks", "{}", done.text());
        cluster.clock.advance(1);
    }
    let page = root.get("/web/locks").await;
    page.holds("The lock on device pf000001 is in force")
        .holds("User bob")
        .holds("Role device-enroll")
        .holds("Device PF000001")
        .holds("on leave")
        .holds("root");
    root.get("/web/locks?state=expired").await.holds("No lock has expired");
    let id = page.body.split("/web/locks/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = root.get(&format!("/web/locks/{id}")).await;
    page.holds("lost").holds(&format!("/web/devices/{device}")).holds("Remove the lock");
    assert_eq!(root.post(&format!("/web/locks/{id}"), &[("do", "remove")]).await.location(), "/web/locks");
    root.get("/web/locks").await.holds("The lock has been removed").lacks("Device PF000001");
    // In another tab it is still there.
    let page = root.post(&format!("/web/locks/{id}"), &[("do", "remove")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.holds("lock_not_found");
    cluster.clock.advance(1201);
    root.get("/web/locks").await.holds("Nothing is locked");
    root.get("/web/locks?state=expired").await.holds("User bob").holds("Role device-enroll");
}

#[tokio::test]
async fn what_cannot_be_locked_is_said() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for (kind, target, until, code) in [
        ("user", "nobody", "", "lock_target_not_found"),
        ("user", "", "", "invalid_lock_target"),
        ("planet", "x", "", "invalid_lock_target"),
        ("device", "x", "", "lock_target_not_found"),
        ("role", "access", "2001-01-01T00:00", "lock_expired"),
        ("role", "access", "soon", "invalid_time"),
        ("user", "root", "", "last_admin"),
        ("role", "editor", "", "last_admin"),
    ] {
        let form =
            [("do", "create"), ("kind", kind), ("target", target), ("until", until), ("message", "kept")];
        let page = root.post("/web/locks", &form).await;
        assert!(page.status.is_client_error(), "{kind} {target}");
        page.holds(code).holds(r#"value="kept""#);
    }
    root.get("/web/locks").await.holds("Nothing is locked");
    root.get("/web/locks?after=rubbish").await.holds("page_token_invalid");
}

#[tokio::test]
async fn many_locks_come_in_pages() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for number in 0..52 {
        let message = format!("lock-{number:02}");
        root.post(
            "/web/locks",
            &[("do", "create"), ("kind", "role"), ("target", "device-enroll"), ("message", &message)],
        )
        .await;
        cluster.clock.advance(1);
    }
    let page = root.get("/web/locks").await;
    page.holds("lock-51").holds("lock-02").lacks("lock-01<");
    let token = page.body.split("/web/locks?after=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    root.get(&format!("/web/locks?after={token}"))
        .await
        .holds("lock-01")
        .holds("lock-00")
        .holds("First page");
}
