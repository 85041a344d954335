//! Errors name the page that helps, not a command.

use gatehouse_model::OsType;

use super::browser::cluster;
use super::people::hidden;

#[tokio::test]
async fn hints_in_the_console_lead_to_its_pages() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    cluster.person("bob", &["access"]).await;
    cluster.register(OsType::Linux, "PF000001").await;
    let role = hidden(&root.get("/web/users/bob").await.body, "revision");
    let text = "kind: role\nversion: v1\nmetadata:\n  name: access\nspec: {}\n";
    let invite = |name, role| vec![("do", "invite"), ("name", name), ("role", role), ("lifetime", "3600")];
    let lock = |kind, target| vec![("do", "create"), ("kind", kind), ("target", target)];
    for (path, form, code, words) in [
        (
            "/web/devices/add",
            vec![("do", "add"), ("os", "linux"), ("asset_tag", "pf000001")],
            "device_exists",
            r#"href="/web/devices" target="_blank""#,
        ),
        ("/web/users/~new", invite("bob", "access"), "user_exists", r#"href="/web/users" target="_blank""#),
        (
            "/web/users/~new",
            invite("ann", "nonesuch"),
            "unknown_role",
            r#"href="/web/roles" target="_blank""#,
        ),
        (
            "/web/users/bob",
            vec![("do", "change"), ("role", "nonesuch"), ("revision", role.as_str())],
            "unknown_role",
            r#"href="/web/roles" target="_blank""#,
        ),
        (
            "/web/roles/~new",
            vec![("do", "create"), ("text", text)],
            "role_exists",
            r#"href="/web/roles" target="_blank""#,
        ),
        ("/web/locks", lock("user", "nobody"), "lock_target_not_found", r#"User "nobody" not found."#),
        ("/web/locks", lock("role", "nobody"), "lock_target_not_found", r#"Role "nobody" not found."#),
        ("/web/locks", lock("device", "nothing"), "lock_target_not_found", r#"Device "nothing" not found."#),
    ] {
        let page = root.post(path, &form).await;
        page.holds(code).holds(words).lacks("tctl");
    }
    for (path, code) in [
        ("/web/devices/00000000-0000-4000-8000-000000000000", "device_not_found"),
        ("/web/users/nobody", "user_not_found"),
        ("/web/roles/nonesuch", "role_not_found"),
        ("/web/signup/nonesuch", "link_invalid"),
    ] {
        root.get(path).await.holds(code).lacks("tctl");
    }
}

#[tokio::test]
async fn roles_are_offered_with_what_they_are_for() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let page = root.get("/web/users/~new").await;
    page.holds(r#"aria-describedby="role-access-help""#).holds(r#"id="role-access-help""#);
}

#[tokio::test]
async fn who_has_no_device_is_not_asked_to_authorize_the_session() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.get("/web/account")
        .await
        .holds("This session has no trusted device")
        .lacks("Authorize this session");
}

#[tokio::test]
async fn failed_events_do_not_read_as_done() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    cluster.browser().sign_in("root", "wrong").await;
    let page = root.get("/web/audit?event=user.login&outcome=failed").await;
    page.holds("Sign-in failed");
    let row = page.text().split("<tbody>").nth(1).unwrap().to_owned();
    assert!(!row.contains("Signed in"), "{row}");
    let uid = row.split("/web/audit/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    root.get(&format!("/web/audit/{uid}")).await.holds("<h1>Sign-in failed</h1>");
}
