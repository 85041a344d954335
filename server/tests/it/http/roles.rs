use http::StatusCode;

use super::browser::cluster;
use super::people::{hidden, person, text_area};

const TEXT: &str = "kind: role\nversion: v1\nmetadata:\n  name: helpdesk\n  description: Looks after devices\nspec:\n  allow:\n    \
                    rules:\n    - resources: [device]\n      verbs: [list, read]\n";

#[tokio::test]
async fn roles_are_created_listed_saved_and_deleted() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let page = root.get("/web/roles").await;
    page.holds("preset").holds("Administer everything").holds(r#"href="/web/roles/editor""#);
    root.get("/web/roles/~new").await.holds("name-of-the-role").holds("The role as YAML");
    let done = root.post("/web/roles/~new", &[("do", "create"), ("text", &TEXT.replace('\n', "\r\n"))]).await;
    assert_eq!(done.location(), "/web/roles/helpdesk", "{}", done.text());
    let page = root.get("/web/roles/helpdesk").await;
    page.holds("Role helpdesk has been created").holds("Delete this role");
    let (text, revision) = (text_area(&page.body), hidden(&page.body, "revision"));
    assert!(text.starts_with("kind: role\nversion: v1\nmetadata:\n  name: helpdesk\n"), "{text}");
    root.post("/web/roles/~new", &[("do", "create"), ("text", TEXT)])
        .await
        .holds("role_exists")
        .holds("Looks after");

    let changed = text.replace("- list", "- list\n      - update");
    let save = [("do", "save"), ("text", &changed), ("revision", &revision)];
    assert_eq!(root.post("/web/roles/helpdesk", &save).await.location(), "/web/roles/helpdesk");
    let page = root.get("/web/roles/helpdesk").await;
    page.holds("Role helpdesk has been saved").holds(" by root");
    assert_eq!(text_area(&page.body), changed);

    root.post("/web/roles/helpdesk", &[("do", "delete"), ("confirm", "x")]).await.holds("confirmation_wrong");
    person(&cluster, "alice", &["helpdesk"]).await;
    root.get("/web/roles/helpdesk").await.holds("still given to 1 user");
    root.post("/web/roles/helpdesk", &[("do", "delete"), ("confirm", "helpdesk")]).await.holds("role_in_use");
    root.post("/web/users/alice", &[("do", "delete"), ("confirm", "alice")]).await;
    let done = root.post("/web/roles/helpdesk", &[("do", "delete"), ("confirm", "helpdesk")]).await;
    assert_eq!(done.location(), "/web/roles");
    root.get("/web/roles").await.holds("Role helpdesk has been deleted").lacks("/web/roles/helpdesk");
    root.get("/web/roles/editor").await.lacks("Delete this role");
    root.post("/web/roles/editor", &[("do", "delete"), ("confirm", "editor")]).await.holds("role_is_preset");
}

#[tokio::test]
async fn what_is_wrong_with_a_text_is_told_at_its_line() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for (text, place, message) in [
        ("kind: role\nmetadata: {name: x}\nspc: {}\n", "Line 3, column 1:", "<code>spec</code>"),
        ("kind: role\nmetadata: {name: x\n", "Line 3, column 1:", "this is not valid YAML"),
        (
            "kind: role\nmetadata: {name: x}\nspec:\n  allow:\n    rules:\n    - resources: [device]\n      verbs:\n      - dance\n",
            "Line 8, column 9:",
            "unknown verb &quot;dance&quot;",
        ),
        ("kind: role\nmetadata: {name: a b}\n", "Line 2, column 18:", "cannot be the name of a role"),
        ("kind: user\nmetadata: {name: x}\n", "Line 1, column 7:", "and must be role"),
    ] {
        let page = root.post("/web/roles/~new", &[("do", "create"), ("text", text)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        page.holds(place).holds("invalid_role_text");
        assert!(page.text().replace('"', "&quot;").contains(message), "{message}: {}", page.text());
        assert_eq!(
            text_area(&page.body),
            text.trim_end_matches('\n').to_owned() + "\n",
            "what was typed stays"
        );
    }
    let page = root.get("/web/roles/access").await;
    let revision = hidden(&page.body, "revision");
    let text = text_area(&page.body).replace("name: access", "name: other");
    let page =
        root.post("/web/roles/access", &[("do", "save"), ("text", &text), ("revision", &revision)]).await;
    page.holds("a role keeps its name").holds("Line 4, column 9:");
    // A text that wants to break out of its place.
    let text = "kind: role\n# </textarea><script>alert(1)</script>\u{202e}\n";
    let page = root.post("/web/roles/~new", &[("do", "create"), ("text", text)]).await;
    page.lacks("<script>alert").lacks("\u{202e}");
    let long = format!("kind: role\n{}", "#\n".repeat(40_000));
    root.post("/web/roles/~new", &[("do", "create"), ("text", &long)]).await.holds("longer than 64 kB");
}

#[tokio::test]
async fn of_two_who_edit_a_role_the_second_is_told_and_loses_nothing() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let mut bob = person(&cluster, "bob", &["editor"]).await;
    root.post("/web/roles/~new", &[("do", "create"), ("text", TEXT)]).await;
    let (mine, theirs) = (root.get("/web/roles/helpdesk").await, bob.get("/web/roles/helpdesk").await);
    let revision = hidden(&mine.body, "revision");
    assert_eq!(revision, hidden(&theirs.body, "revision"));
    let text = text_area(&mine.body);
    let of_bob = text.replace("- read", "- delete");
    let of_root = text.replace("- list", "- create");
    let done =
        bob.post("/web/roles/helpdesk", &[("do", "save"), ("text", &of_bob), ("revision", &revision)]).await;
    assert_eq!(done.location(), "/web/roles/helpdesk");

    let page = root
        .post("/web/roles/helpdesk", &[("do", "save"), ("text", &of_root), ("revision", &revision)])
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("stale_revision")
        .holds("changed meanwhile by bob at 20")
        .holds("-       - create")
        .holds("+       - delete")
        .holds("Nothing of yours is lost");
    assert_eq!(text_area(&page.body), of_root, "what was typed stays");
    let current = hidden(&page.body, "revision");
    assert_ne!(current, revision);
    // Knowing that, it may be saved.
    let done =
        root.post("/web/roles/helpdesk", &[("do", "save"), ("text", &of_root), ("revision", &current)]).await;
    assert_eq!(done.location(), "/web/roles/helpdesk");
    assert_eq!(text_area(&bob.get("/web/roles/helpdesk").await.body), of_root);

    // A role that is gone meanwhile.
    root.post("/web/roles/helpdesk", &[("do", "delete"), ("confirm", "helpdesk")]).await;
    let page =
        bob.post("/web/roles/helpdesk", &[("do", "save"), ("text", &of_bob), ("revision", &current)]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.holds("role_not_found").holds("What you typed").holds("- delete");
}

#[tokio::test]
async fn a_role_that_asks_for_a_device_says_first_whom_it_locks_out() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.post("/web/roles/~new", &[("do", "create"), ("text", TEXT)]).await;
    person(&cluster, "alice", &["helpdesk"]).await;
    person(&cluster, "bob", &["access"]).await;
    let page = root.get("/web/roles/helpdesk").await;
    let revision = hidden(&page.body, "revision");
    let text = text_area(&page.body).replace("options: {}", "options:\n    device_trust_mode: required");
    let form = vec![("do", "save"), ("text", text.as_str()), ("revision", revision.as_str())];
    let page = root.post("/web/roles/helpdesk", &form).await;
    page.holds("This locks people out: look at whom, and confirm it")
        .holds("1 user with the role helpdesk have no enrolled device".replace("have", "has").as_str())
        .holds(r#"href="/web/users/alice""#)
        .lacks(r#"href="/web/users/bob""#)
        .holds(r#"name="confirmed""#);
    assert_eq!(text_area(&page.body), text);
    let confirmed = [form, vec![("confirmed", "yes")]].concat();
    assert_eq!(root.post("/web/roles/helpdesk", &confirmed).await.location(), "/web/roles/helpdesk");
    // The last administrator's own role is another matter.
    let page = root.get("/web/roles/editor").await;
    let revision = hidden(&page.body, "revision");
    let text = text_area(&page.body).replace("options: {}", "options:\n    device_trust_mode: required");
    let form = [("do", "save"), ("text", text.as_str()), ("revision", &revision), ("confirmed", "yes")];
    root.post("/web/roles/editor", &form).await.holds("no_admin_with_device").holds("tsh device enroll");
}
