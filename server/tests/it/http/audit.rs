use gatehouse_domain::entity::AuditFilter;
use gatehouse_domain::ports::Clock as _;
use http::StatusCode;
use serde_json::Value;

use super::browser::{Browser, PASSWORD, cluster};
use super::people::{invite, person};

/// Ids of the events that a page lists.
fn listed(page: &str) -> Vec<String> {
    let table = page.split("<tbody>").nth(1).map(|rest| rest.split("</tbody>").next().unwrap()).unwrap_or("");
    table.split("href=\"/web/audit/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn link(page: &str, label: &str) -> String {
    let before = page.split(&format!(">{label}<")).next().unwrap();
    before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&")
}

#[tokio::test]
async fn the_log_is_filtered_by_what_happened_by_whom_to_what_and_when() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let mut bob = person(&cluster, "bob", &["access"]).await;
    let noon = cluster.clock.now();
    cluster.clock.advance(120);
    bob.sign_in("bob", "wrong").await;
    bob.get("/web/users").await;
    root.post("/web/users/bob", &[("do", "lock"), ("message", "x")]).await;
    let page = root.get("/web/audit").await;
    page.holds("Lock created")
        .holds("GH030I")
        .holds("Signed in")
        .holds("Request refused")
        .holds(r#"<option value="user.login""#);
    let count = async |browser: &mut Browser<'_>, query: &str| {
        listed(&browser.get(&format!("/web/audit?{query}")).await.body).len()
    };
    assert_eq!(count(&mut root, "event=lock.create").await, 1);
    assert_eq!(count(&mut root, "event=user.login&user=BOB").await, 2);
    assert_eq!(count(&mut root, "event=user.login&user=bob&outcome=failed").await, 1);
    assert_eq!(count(&mut root, "event=user.login&user=bob&outcome=done").await, 1);
    assert_eq!(count(&mut root, "target=bob&event=user.create").await, 1);
    let since = noon.plus_secs(60).to_string();
    let late = count(&mut root, &format!("since={}", &since[..16].replace(':', "%3A"))).await;
    assert!((2..=4).contains(&late), "{late}");
    assert_eq!(count(&mut root, "until=2001-01-01T00%3A00").await, 0);
    root.get("/web/audit?event=nothing").await.holds("No event is found").holds("Show everything");
    root.get("/web/audit?since=tomorrow").await.holds("invalid_time").holds(r#"value="tomorrow""#);
    root.get("/web/audit?outcome=perhaps").await.holds("invalid_outcome");
    root.get("/web/audit?before=x").await.holds("page_token_invalid");
}

#[tokio::test]
async fn a_long_log_is_read_to_and_fro() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for number in 0..120 {
        invite(&cluster, &format!("user{number:03}"), &["access"]).await;
    }
    let first = root.get("/web/audit?event=user.create").await;
    assert_eq!(listed(&first.body).len(), 50);
    first.lacks("Previous page").lacks("First page");
    let second = root.get(&link(&first.body, "Next page")).await;
    let third = root.get(&link(&second.body, "Next page")).await;
    third.lacks("Next page").holds("First page");
    let all = [listed(&first.body), listed(&second.body), listed(&third.body)].concat();
    assert_eq!(all.len(), 120);
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 120, "each once");
    let back = root.get(&link(&third.body, "Previous page")).await;
    assert_eq!(listed(&back.body), listed(&second.body));
    let back = root.get(&link(&back.body, "Previous page")).await;
    assert_eq!(listed(&back.body), listed(&first.body));
    back.lacks("Previous page");
    assert!(first.body.len() < 150 * 1024, "{}", first.body.len());

    let export = root.get("/web/audit/export.jsonl?event=user.create").await;
    assert_eq!(export.headers["content-type"], "application/x-ndjson; charset=utf-8");
    assert!(export.headers["content-disposition"].to_str().unwrap().contains("audit.jsonl"));
    let uids: Vec<String> = export
        .body
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["uid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(uids, all);
    let export = root.get("/web/audit/export.jsonl?since=x").await;
    assert_eq!(export.status, StatusCode::BAD_REQUEST);
    export.holds("invalid_time");
    let mut stranger = cluster.browser();
    let away = stranger.get("/web/audit/export.jsonl").await;
    assert!(away.location().starts_with("/web/login"), "{}", away.location());
}

#[tokio::test]
async fn a_long_export_comes_whole() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for number in 0..1_100 {
        invite(&cluster, &format!("user{number:04}"), &["access"]).await;
    }
    let export = root.get("/web/audit/export.jsonl?event=user.create").await;
    assert_eq!(export.body.lines().count(), 1_100);
}

#[tokio::test]
async fn an_event_has_a_page_that_stays() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.post(
        "/web/locks",
        &[("do", "create"), ("kind", "role"), ("target", "device-enroll"), ("message", "<b>x</b>")],
    )
    .await;
    let uid = listed(&root.get("/web/audit?event=lock.create").await.body).remove(0);
    let page = root.get(&format!("/web/audit/{uid}")).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("<h1>Lock created</h1>")
        .holds("lock.create")
        .holds("192.0.2.7")
        .holds("As JSON")
        .holds("/web/audit?request=")
        .lacks("<b>x</b>");
    for number in 0..60 {
        invite(&cluster, &format!("user{number:03}"), &["access"]).await;
    }
    root.get(&format!("/web/audit/{uid}")).await.holds("Lock created");
    let page = root.get("/web/audit/none").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.holds("event_not_found").holds("kept for 400 days");
}

#[tokio::test]
async fn the_request_id_that_is_shown_with_an_error_finds_it() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let mut bob = person(&cluster, "bob", &["access"]).await;
    let refused = [
        bob.get("/web/users").await,
        bob.post("/web/locks", &[("do", "create"), ("kind", "user"), ("target", "root")]).await,
        root.post("/web/users/root", &[("do", "lock")]).await,
        root.get("/web/users/nobody").await,
        bob.get("/web/audit/export.jsonl").await,
        // What the edge finds by itself.
        root.post("/web/users/root", &[("do", "nonsense")]).await,
        root.get("/web/tokens?before=stale").await,
        root.post("/web/devices/import", &[("do", "upload")]).await,
    ];
    let mut seen = Vec::new();
    for page in refused {
        let id = page.headers["x-request-id"].to_str().unwrap().to_owned();
        page.holds(&id);
        let found = root.get(&format!("/web/audit?request={id}")).await;
        let uids = listed(&found.body);
        assert_eq!(uids.len(), 1, "{}", page.text());
        found.holds("Request refused").holds("failed");
        seen.push(root.get(&format!("/web/audit/{}", uids[0])).await.text());
    }
    assert!(seen[0].contains("GET /web/users") && seen[0].contains("not_allowed"), "{}", seen[0]);
    assert!(seen[1].contains("POST /web/locks"), "{}", seen[1]);
    assert!(seen[2].contains("POST /web/users/{name}") && seen[2].contains("last_admin"), "{}", seen[2]);
    // A failed sign-in has an event of its own, and no second one.
    let failed = cluster.browser().sign_in("root", "wrong").await;
    let id = failed.headers["x-request-id"].to_str().unwrap();
    let found = root.get(&format!("/web/audit?request={id}")).await;
    assert_eq!(listed(&found.body).len(), 1);
    found.holds("Sign-in failed");
    // Strangers cannot fill the log.
    let before = root.get("/web/audit?event=request.refused").await;
    cluster.browser().get("/web/signup/nonsense").await;
    let after = root.get("/web/audit?event=request.refused").await;
    assert_eq!(listed(&before.body), listed(&after.body));
}

#[tokio::test]
async fn attack_a_session_that_is_refused_over_and_over_does_not_fill_the_log() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut bob = person(&cluster, "bob", &["access"]).await;
    let noted = async || {
        let filter = AuditFilter { event: Some("request.refused".to_owned()), ..AuditFilter::default() };
        cluster.store.read().await.unwrap().events(&filter, 1000).await.unwrap()
    };
    for _ in 0..70 {
        assert_eq!(bob.get("/web/users").await.status, StatusCode::FORBIDDEN);
    }
    let events = noted().await;
    assert_eq!(events.len(), 61);
    assert!(events[0].event.message.contains("the server's own log only"), "{}", events[0].event.message);
    assert!(events[1..].iter().all(|stored| stored.event.message.is_empty()));
    let mut again = cluster.browser();
    again.sign_in("bob", PASSWORD).await;
    again.get("/web/users").await;
    assert_eq!(noted().await.len(), 62, "another session is noted");
    cluster.clock.advance(3600);
    again.sign_in("bob", PASSWORD).await;
    again.get("/web/users").await;
    assert_eq!(noted().await.len(), 63);
}
