use gatehouse_model::resource::PreferenceSpec;
use gatehouse_server::http::Site;
use http::StatusCode;

use super::browser::{Cluster, PASSWORD, cluster, cluster_with};

/// The code of an authenticator app at the cluster's time.
pub(super) fn code(cluster: &Cluster, base32: &str) -> String {
    let secret = totp_rs::Secret::Encoded(base32.to_owned()).to_bytes().unwrap();
    let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, secret, None, String::new()).unwrap();
    let now = gatehouse_domain::ports::Clock::now(cluster.clock.as_ref());
    totp.generate(u64::try_from(now.secs()).unwrap())
}

pub(super) fn secret_on(page: &str) -> String {
    let (_, rest) = page.split_once(r#"data-secret=""#).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn the_first_admin_signs_up_with_an_authenticator() {
    let cluster = cluster_with(PreferenceSpec::default(), &Site::bare()).await;
    let mut browser = cluster.browser();
    let path = format!("{}?factor=app", cluster.first_admin_path);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("Create the first admin").holds(r#"name="user""#).holds(r#"class="qr-code""#);
    let secret = secret_on(&page.body);

    let right = code(&cluster, &secret);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let mut form = [
        ("do", "app"),
        ("user", "Root"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("code", wrong),
    ];
    let page = browser.post(&path, &form).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("The one-time code is wrong").holds(r#"value="Root""#).lacks(PASSWORD);
    assert_eq!(secret_on(&page.body), secret, "the secret that was scanned stays");

    let spaced = format!("{} {}", &right[..3], &right[3..]);
    form[4].1 = &spaced;
    let done = browser.post(&path, &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    done.holds("Your account is ready").holds("recovery codes").lacks(PASSWORD);
    browser.get("/web/login?done=signed-up").await.holds("Your account is ready");

    let spent = browser.get(&path).await;
    assert_eq!(spent.status, StatusCode::FORBIDDEN);
    spent.holds("This link cannot be used").holds("link_invalid");

    let second = "/web/login/second-factor";
    let next = browser.sign_in("root", PASSWORD).await;
    assert_eq!(next.location(), "/web/login/second-factor?next=/web/devices");
    assert_eq!(browser.cookie, None, "the password alone opens nothing");
    browser.get(next.location()).await.holds(r#"name="code""#).holds(r#"autocomplete="one-time-code""#);
    let page = browser.post(second, &[("do", "code"), ("code", &right)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "a code works once");
    cluster.clock.advance(60);
    let next = code(&cluster, &secret);
    let done = browser.post(second, &[("do", "code"), ("code", &next)]).await;
    assert_eq!(done.location(), "/web/devices", "{}", done.body);
    assert_eq!(browser.pending, None, "the cookie of the half sign-in goes");
    browser.get("/web/devices").await.holds("No devices yet").holds("Add the first device");
}

#[tokio::test]
async fn what_cannot_be_accepted_says_why_and_costs_nothing() {
    let cluster = cluster().await;
    let mut browser = cluster.browser();
    let path = cluster.first_admin_path.clone();
    for (user, password, again, text) in [
        ("root", PASSWORD, "another password", "The two passwords differ"),
        ("root", "tooshor7", "tooshor7", "The password is too short"),
        ("no name!", PASSWORD, PASSWORD, "cannot be a user name"),
        ("\u{202e}<b>x", PASSWORD, PASSWORD, "cannot be a user name"),
    ] {
        let form = [("user", user), ("password", password), ("password_again", again)];
        let page = browser.post(&path, &form).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        page.holds(text).lacks(password).lacks("<b>x").lacks("\u{202e}");
    }
    let page = browser.post(&path, &[("user", "root")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("The form is incomplete").holds("Create the first admin");
    assert_eq!(browser.get(&path).await.status, StatusCode::OK, "the link is still good");
}

#[tokio::test]
async fn any_other_link_is_refused_alike() {
    let cluster = cluster().await;
    let mut browser = cluster.browser();
    let form = [("user", "root"), ("password", PASSWORD), ("password_again", PASSWORD)];
    let unknown = format!("/web/signup/{}", "A".repeat(43));
    for path in [unknown.as_str(), "/web/signup/x", "/web/signup/%20%00"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        page.holds("link_invalid").lacks(r#"name="password""#);
        assert_eq!(browser.post(path, &form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_link_of_the_first_admin_is_void_once_there_is_an_account_and_says_so_at_once() {
    let cluster = cluster_with(PreferenceSpec::default(), &Site::bare()).await;
    let mut browser = cluster.browser();
    browser.get(&cluster.first_admin_path).await.holds("Create the first admin");
    let unknown = format!("/web/signup/{}", "A".repeat(43));
    browser.get(&unknown).await.holds("first_link_invalid").holds("start it again").lacks("Reset sign-in");
    // Root on the host has invited somebody meanwhile.
    super::people::invite(&cluster, "alice", &["editor"]).await;
    let page = browser.get(&cluster.first_admin_path).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    browser.get(&unknown).await.holds("link_invalid").holds("Reset sign-in");
    page.holds("first_admin_link_void")
        .holds("there are accounts already")
        .holds("tctl users add")
        .lacks("<form");
}
