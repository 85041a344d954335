//! Enrolment tokens in the console: made and shown once, listed as objects, revoked.

use gatehouse_domain::authz::CreateEnrollToken;
use gatehouse_domain::device::TokenTerms;
use gatehouse_model::OsType;
use http::StatusCode;

use super::browser::{Cluster, PASSWORD, cluster};

async fn make(cluster: &Cluster, device: &str, note: &str) -> String {
    let grant = cluster.host_admin().grant::<CreateEnrollToken>().unwrap();
    let terms = TokenTerms { expires: None, note: note.to_owned() };
    cluster.services.tokens.create(&grant, device, terms).await.unwrap().id
}

#[tokio::test]
async fn a_token_is_shown_once_with_its_command_and_code() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let path = format!("/web/devices/{id}");
    let made =
        browser.post(&path, &[("do", "token"), ("lifetime", "2h"), ("note", "Ada's <new> laptop")]).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.headers["cache-control"], "no-store");
    made.holds("Enrolment token for PF2ABC").holds("tsh device enroll --token=").holds("qr-code");
    let (_, rest) = made.body.split_once("tsh device enroll --token=").unwrap();
    let secret = rest.get(..43).unwrap();

    let again = browser.get(&path).await;
    again.lacks(secret).lacks("--token=").holds("Ada's &lt;new&gt; laptop").holds("0 of 5");
    browser
        .get("/web/tokens")
        .await
        .lacks(secret)
        .holds("PF2ABC")
        .holds("Ada's &lt;new&gt; laptop")
        .holds("root")
        .holds("active");
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_token() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let key = browser.form_key().await;
    let form = [("do", "token"), ("lifetime", "1h"), ("form_key", key.as_str())];
    let path = format!("/web/devices/{id}");
    browser.post(&path, &form).await.holds("tsh device enroll --token=");
    let again = browser.post(&path, &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again.holds("form_sent_twice").lacks("--token=");
    assert_eq!(browser.get("/web/tokens").await.body.matches("<tr>").count(), 2, "the head and one token");
}

#[tokio::test]
async fn bad_lifetimes_are_explained_and_what_was_typed_stays() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let path = format!("/web/devices/{id}");
    for (lifetime, code) in
        [("soon", "invalid_lifetime"), ("91d", "invalid_expiry"), ("-1h", "invalid_lifetime")]
    {
        let page = browser.post(&path, &[("do", "token"), ("lifetime", lifetime), ("note", "kept")]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{lifetime}");
        page.holds(code).holds("value=\"kept\"").holds(&format!("value=\"{lifetime}\"")).lacks("--token=");
    }
}

#[tokio::test]
async fn tokens_are_revoked_after_a_word_and_listed_among_the_ended() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let token = make(&cluster, &id, "to be revoked").await;
    let ask = browser.get(&format!("/web/tokens?revoke={token}")).await;
    ask.holds("Revoke this token?").holds("Devices that were enrolled stay so").holds("Keep it");
    let done = browser.post("/web/tokens", &[("do", "revoke"), ("token", &token)]).await;
    assert_eq!(done.location(), "/web/tokens");
    browser
        .get("/web/tokens")
        .await
        .holds("The token is revoked")
        .holds("No active enrolment tokens")
        .lacks("to be revoked");
    browser
        .get("/web/tokens?state=all")
        .await
        .holds("to be revoked")
        .holds("revoked")
        .lacks("Revoke the token for");
    let again = browser.post("/web/tokens", &[("do", "revoke"), ("token", &token)]).await;
    again.holds("token_ended").holds("Revoke this token?");
    let unknown = browser.post("/web/tokens", &[("do", "revoke"), ("token", "nonsense")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    unknown.holds("token_not_found");
}

#[tokio::test]
async fn many_tokens_come_in_pages_and_a_stale_page_token_is_explained() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let other = cluster.register(OsType::Linux, "OTHER").await;
    for number in 0..51 {
        make(&cluster, &id, &format!("note-{number:02}")).await;
        cluster.clock.advance(1);
    }
    make(&cluster, &other, "another device's").await;
    let page = browser.get(&format!("/web/tokens?device={id}")).await;
    page.holds("note-50").holds("note-01").lacks("note-00").lacks("another device's").holds("Next page");
    let (_, rest) = page.body.split_once("before=").unwrap();
    let before = rest.split_once('"').unwrap().0;
    let next = browser.get(&format!("/web/tokens?device={id}&before={before}")).await;
    next.holds("note-00").lacks("note-01").holds("First page").lacks("Next page");
    browser.get("/web/tokens?before=stale").await.holds("page_token_invalid");
    cluster.clock.advance(4000);
    browser.sign_in("root", PASSWORD).await;
    browser.get(&format!("/web/tokens?device={id}&state=expired")).await.holds("expired");
}

#[tokio::test]
async fn attack_form_keys_that_are_made_up_or_of_another_session() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let path = format!("/web/devices/{id}");
    let mut other = cluster.browser();
    other.sign_in("root", PASSWORD).await;
    let made_up =
        gatehouse_domain::SecretToken::generate(&gatehouse_server::environment::SystemRandom::new());
    let nobodys = cluster.services.form_keys.fresh("");
    let of_another = other.form_key().await;
    let refused = [
        (of_another.as_str(), "form_key_foreign"),
        (nobodys.as_str(), "form_key_foreign"),
        (made_up.reveal(), "form_key_foreign"),
        ("nonsense", "form_key_missing"),
        ("", "form_key_missing"),
    ];
    for (key, code) in refused {
        let form = [("do", "token"), ("lifetime", "1h"), ("form_key", key)];
        let page = browser.post(&path, &form).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{key}");
        page.holds(code).lacks("--token=");
    }
    // None of them is kept: what is another session's still counts there.
    let form = [("do", "token"), ("lifetime", "1h"), ("form_key", of_another.as_str())];
    other.post(&path, &form).await.holds("tsh device enroll --token=");
    let form = [("do", "token"), ("lifetime", "1h")];
    browser.post(&path, &form).await.holds("tsh device enroll --token=");
}

#[tokio::test]
async fn what_was_typed_for_an_hour_outlives_a_new_sign_in() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let key = browser.form_key().await;
    browser.sign_in("root", PASSWORD).await;
    let form = [("do", "create"), ("text", "kind: role\nmetadata: {name: typed}\n"), ("form_key", &key)];
    let page = browser.post("/web/roles/~new", &form).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("form_key_foreign").holds("metadata: {name: typed}");
}

#[tokio::test]
async fn tokens_are_found_by_state_maker_and_words() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let (one, two) =
        (cluster.register(OsType::Linux, "PF2ABC").await, cluster.register(OsType::Linux, "PF9XYZ").await);
    let revoked = make(&cluster, &one, "for Ada").await;
    let active = make(&cluster, &one, "for Grace").await;
    root.post("/web/tokens", &[("do", "revoke"), ("token", &revoked)]).await;
    root.post(&format!("/web/devices/{two}"), &[("do", "token"), ("lifetime", "2h"), ("note", "the third")])
        .await;
    let mut shown = async |query: &str| {
        let page = root.get(&format!("/web/tokens?{query}")).await;
        ["for Ada", "for Grace", "the third"]
            .map(|note| page.text().contains(&format!(">{note}<")))
            .map(u8::from)
    };
    assert_eq!(shown("").await, [0, 1, 1]);
    assert_eq!(shown("state=all").await, [1, 1, 1]);
    assert_eq!(shown("state=revoked").await, [1, 0, 0]);
    assert_eq!(shown("state=spent").await, [0, 0, 0]);
    assert_eq!(shown("by=ROOT").await, [0, 0, 1]);
    assert_eq!(shown("by=host-admin&state=all").await, [1, 1, 0]);
    assert_eq!(shown("q=GRACE").await, [0, 1, 0]);
    assert_eq!(shown("q=pf9").await, [0, 0, 1]);
    assert_eq!(shown(&format!("q={active}")).await, [0, 1, 0]);
    assert_eq!(shown(&format!("q=for&device={two}&state=all")).await, [0, 0, 0]);
    root.get("/web/tokens?q=nothing").await.holds("No token is found").holds("Show all active tokens");
    // What was asked for stays in the form, and in the ways on from it.
    let page = root.get("/web/tokens?q=grace&state=all&by=host").await;
    page.holds(r#"value="grace""#).holds(r#"<option value="all" selected>"#).holds(r#"value="host""#);
    page.holds(&format!("/web/tokens?q=grace&amp;state=all&amp;by=host&amp;revoke={active}"));
    let wrong = root.get("/web/tokens?state=%3Cb%3E").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    wrong.holds("token_state_unknown").holds("The states are active, spent").lacks("<b>");
    let long = root.get(&format!("/web/tokens?q={}", "x".repeat(201))).await;
    long.holds("search_too_long");
}

#[tokio::test]
async fn a_search_among_many_tokens_goes_on_where_it_stopped() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    let first = make(&cluster, &id, "needle").await;
    let mut work = cluster.store.begin().await.unwrap();
    let token = work.enroll_token(&first).await.unwrap().unwrap();
    for number in 0..5100_u32 {
        let created = token.created.plus_secs(1 + i64::from(number));
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        let other = gatehouse_domain::entity::EnrollToken {
            id: format!("t{number}"),
            hash,
            created,
            expires: token.expires.plus_secs(10_000),
            note: "hay".to_owned(),
            ..token.clone()
        };
        work.insert_enroll_token(&other).await.unwrap();
    }
    work.commit().await.unwrap();
    let page = root.get("/web/tokens?q=needle").await;
    page.holds("5,000 tokens were looked at").lacks(">needle<").holds("Next page");
    let (_, rest) = page.body.split_once("before=").unwrap();
    let before = rest.split_once('"').unwrap().0;
    root.get(&format!("/web/tokens?q=needle&before={before}")).await.holds(">needle<").lacks("looked at");
}
