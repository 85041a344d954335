//! What was typed is not lost when the session ends, and what others did meanwhile is not overwritten.

use http::StatusCode;

use super::browser::cluster;
use super::people::{hidden, text_area};

#[tokio::test]
async fn a_form_that_comes_without_a_session_is_said_to_be_unsaved() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.post("/web/logout", &[]).await;
    let sent = root.post("/web/users/~new", &[("do", "invite"), ("name", "ann"), ("role", "access")]).await;
    assert_eq!(sent.location(), "/web/login?next=/web/users/~new&done=not-saved");
    let page = root.get(sent.location()).await;
    page.holds("The form was not saved").holds("notice--warning").holds(r#"value="/web/users/~new""#);
    assert!(cluster.store.read().await.unwrap().user("ann").await.unwrap().is_none());
}

#[tokio::test]
async fn a_form_of_an_earlier_session_comes_back_as_it_was_typed() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let old = root.form_key().await;
    root.post("/web/logout", &[]).await;
    root.sign_in("root", super::browser::PASSWORD).await;
    let form = [
        ("do", "invite"),
        ("name", "ann"),
        ("role", "editor"),
        ("logins", "ann, deploy"),
        ("lifetime", "86400"),
        ("form_key", old.as_str()),
    ];
    let page = root.post("/web/users/~new", &form).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("form_key_foreign")
        .holds("look over what you typed, then send it again")
        .holds(r#"value="ann""#)
        .holds(r#"value="ann, deploy""#)
        .holds(r#"<option value="86400" selected"#);
    // The key that it came back with is good.
    let key = hidden(&page.body, "form_key");
    let again: Vec<_> = form[..5].iter().copied().chain([("form_key", key.as_str())]).collect();
    root.post("/web/users/~new", &again).await.holds("One-time link for ann");

    let old = "not a key".to_owned();
    for (path, typed) in [
        ("/web/devices/add", [("os", "windows"), ("asset_tag", "TYPED-1")]),
        ("/web/locks", [("kind", "role"), ("target", "TYPED-1")]),
    ] {
        let fields = [&typed[..], &[("do", "create"), ("form_key", &old)]].concat();
        root.post(path, &fields)
            .await
            .holds(r#"value="TYPED-1""#)
            .holds(&format!(r#"value="{}" selected"#, typed[0].1));
    }
}

#[tokio::test]
async fn a_mistake_in_a_text_does_not_hide_what_somebody_else_saved_meanwhile() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let mut bob = cluster.person("bob", &["editor"]).await;
    let page = root.get("/web/roles/access").await;
    let (revision, text) = (hidden(&page.body, "revision"), text_area(&page.body));
    let of_bob = text.replace("description: ", "description: Now ");
    let done =
        bob.post("/web/roles/access", &[("do", "save"), ("text", &of_bob), ("revision", &revision)]).await;
    assert_eq!(done.location(), "/web/roles/access", "{}", done.text());
    // Root's own text is of before that, and has a mistake.
    let broken = text.replace("kind: role", "kind: roll");
    let page =
        root.post("/web/roles/access", &[("do", "save"), ("text", &broken), ("revision", &revision)]).await;
    page.holds("invalid_role_text");
    assert_eq!(hidden(&page.body, "revision"), revision, "it is still a change of what root had seen");
    let mended = text.replace("description: ", "description: Once ");
    let sent = [("do", "save"), ("text", mended.as_str()), ("revision", revision.as_str())];
    let page = root.post("/web/roles/access", &sent).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("changed meanwhile by bob");
    assert_ne!(hidden(&page.body, "revision"), revision, "now root has seen it");
}

#[tokio::test]
async fn mistakes_and_questions_stand_in_the_box_of_their_form() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let box_of = |page: &str| -> String {
        let (_, rest) = page.split_once(r#"class="form">"#).unwrap();
        rest.split_once("<textarea").map_or(rest, |(before, _)| before).to_owned()
    };
    let page = root.post("/web/roles/~new", &[("do", "create"), ("text", "kind: roll\n")]).await.text();
    let shown = box_of(&page);
    assert!(shown.contains("notice--problem") && shown.contains("text-problems"), "{shown}");
    assert_eq!(page.matches("text-problems").count(), 1);
    cluster.person("ann", &["access"]).await;
    let settings = root.get("/web/settings").await;
    let revision = hidden(&settings.body, "revision");
    let wished = [("do", "save"), ("mode", "required"), ("second_factor", "off"), ("revision", &revision)];
    let page = root.post("/web/settings", &wished).await;
    page.holds("This locks people out: look at whom, and confirm it")
        .holds("notice--warning")
        .lacks("notice--problem")
        .lacks("confirmation_required");
}
