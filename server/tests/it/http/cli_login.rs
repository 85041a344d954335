//! Logging a command line in through the browser. The attacks are those of RFC 7636 (section 7), RFC 8252 (section 8) and
//! RFC 8628 (section 5).

use gatehouse_domain::Decision as _;
use gatehouse_domain::account::{CliProgress, LoginKeys, NewCliLogin};
use gatehouse_domain::cluster::NewLock;
use gatehouse_domain::entity::{AuditFilter, CliLogin, CliMachine, SessionKind, StoredEvent};
use gatehouse_domain::identity::RequestFacts;
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::resource::{DeviceTrustSpec, LockTarget, PreferenceSpec};
use gatehouse_model::{DeviceTrustMode, SecondFactor};
use gatehouse_server::http::Site;
use http::header::SET_COOKIE;
use http::{Request, StatusCode};
use rcgen::PublicKeyData as _;
use sha2::{Digest as _, Sha256};

use super::browser::{Browser, Cluster, PASSWORD, Page, cluster, cluster_with, form};

const VERIFIER: &str = "a-verifier-of-forty-three-letters-and-more-0";
const STATE: &str = "a-state-of-the-command-line-itself";

/// Where the command line of the tests asks from: the network of their browser.
fn facts() -> RequestFacts {
    RequestFacts {
        remote_address: "192.0.2.7:5000".to_owned(),
        user_agent: "gatehouse/0.1.0".to_owned(),
        ..RequestFacts::default()
    }
}

fn new_login(user: &str, port: Option<i64>) -> NewCliLogin {
    let key = rcgen::KeyPair::generate().unwrap();
    NewCliLogin {
        user: user.to_owned(),
        challenge: Sha256::digest(VERIFIER).to_vec(),
        keys: LoginKeys {
            tls_public_key_der: key.subject_public_key_info(),
            ssh_public_key: None,
            ttl_secs: Some(3600),
        },
        loopback: port.map(|port| (port, STATE.to_owned())),
        machine: CliMachine {
            host_name: "laptop<b>".to_owned(),
            os_user: "alice\u{202e}".to_owned(),
            os: "Linux".to_owned(),
        },
    }
}

async fn begin(cluster: &Cluster, user: &str, port: Option<i64>) -> CliLogin {
    cluster.services.accounts.begin_cli_login(new_login(user, port), &facts()).await.unwrap()
}

fn path(login: &CliLogin) -> String {
    format!("/web/cli/login?id={}", login.id)
}

async fn decides(browser: &mut Browser<'_>, login: &CliLogin, what: &str) -> Page {
    browser.post(&path(login), &[("do", what), ("terminal_code", &login.user_code)]).await
}

/// The code that the page sends on to the command line.
fn code_of(page: &Page) -> String {
    let (_, rest) = page.body.split_once("/?code=").unwrap();
    rest.split("&amp;").next().unwrap().to_owned()
}

/// Fetches; the stable code of the error, if there is one.
async fn fetch(
    cluster: &Cluster,
    login: &CliLogin,
    verifier: &str,
    code: &str,
) -> Result<bool, &'static str> {
    match cluster.services.accounts.finish_cli_login(&login.id, verifier, code, &facts()).await {
        Ok(CliProgress::Done(_)) => Ok(true),
        Ok(CliProgress::Pending) => Ok(false),
        Err(error) => Err(error.code()),
    }
}

async fn events(cluster: &Cluster, event: &str) -> Vec<StoredEvent> {
    let filter = AuditFilter { event: Some(event.to_owned()), ..AuditFilter::default() };
    let admin = cluster.host_admin();
    cluster.services.audit.list(&admin.grant().unwrap(), &filter, 20).await.unwrap()
}

#[tokio::test]
async fn the_page_says_who_asks_and_shows_the_code() {
    let cluster = cluster().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let mut browser = cluster.browser();
    let sent = browser.get(&path(&login)).await;
    assert_eq!(sent.location(), format!("/web/login?next=/web/cli/login%3Fid%3D{}", login.id));

    let mut browser = cluster.admin().await;
    let page = browser.get(&path(&login)).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("Log in a command line?")
        .holds(&login.user_code)
        .holds("laptop&lt;b&gt; (Linux)")
        .holds("<dd>alice</dd>")
        .holds("192.0.2.7")
        .holds("Approve")
        .holds("Deny")
        .lacks("another network")
        .lacks("127.0.0.1")
        .lacks(STATE);
    assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Ok(false), "a look decides nothing");
}

#[tokio::test]
async fn an_approval_goes_by_the_loopback_address_to_the_one_who_asked() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let page = decides(&mut browser, &login, "approve").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let code = code_of(&page);
    page.holds("Approved").holds(&format!(
        r#"<meta http-equiv="refresh" content="0;url=http://127.0.0.1:40000/?code={code}&amp;state={STATE}">"#
    ));
    assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Ok(true));
    let again = browser.get(&path(&login)).await;
    again.holds("The terminal has its login").lacks(&code).lacks("127.0.0.1");

    let sessions =
        cluster.services.sessions.list_own(&browser_principal(&browser).await, None, 10).await.unwrap();
    let session = sessions.0.iter().find(|session| session.kind == SessionKind::Cli).unwrap();
    assert_eq!(session.expires, cluster.clock.now().plus_secs(3600));
    assert_eq!(session.user_agent, "gatehouse/0.1.0");
    let approved = events(&cluster, "user.cli_login.approve").await;
    assert_eq!(approved[0].event.details["machine"], "laptop<b>");
    assert_eq!(approved[0].event.details["code"], login.user_code.as_str());
    let logins = events(&cluster, "user.login").await;
    assert_eq!(logins[0].event.details["method"], "browser");
}

async fn browser_principal(browser: &Browser<'_>) -> gatehouse_domain::authz::Principal {
    let cookie = browser.cookie.as_deref().unwrap();
    browser.cluster.services.identity.by_cookie(cookie, facts()).await.unwrap()
}

#[tokio::test]
async fn where_the_browser_is_elsewhere_the_command_line_asks() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let new = new_login("root", None);
    let far = RequestFacts { remote_address: "203.0.113.5:1".to_owned(), ..facts() };
    let login = cluster.services.accounts.begin_cli_login(new, &far).await.unwrap();
    browser
        .get(&path(&login))
        .await
        .holds("another network")
        .holds("203.0.113.5")
        .holds("The code that your terminal shows")
        .lacks(&login.user_code);
    assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Ok(false));
    let page = decides(&mut browser, &login, "approve").await;
    page.holds("The terminal goes on").lacks("127.0.0.1").lacks("http-equiv=\"refresh\"");
    assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Ok(true));
}

#[tokio::test]
async fn attack_phishing_a_link_that_somebody_sends_around_brings_no_code_along() {
    let cluster = cluster().await;
    let mut victim = cluster.admin().await;
    let login = begin(&cluster, "root", None).await;
    for typed in ["", "BCDF-GHJK"] {
        let page = victim.post(&path(&login), &[("do", "approve"), ("terminal_code", typed)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        page.holds("cli_login_wrong_code").holds("deny").lacks(&login.user_code);
    }
    assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Ok(false), "undecided");
    let typed = login.user_code.to_lowercase().replace('-', "");
    victim.post(&path(&login), &[("do", "approve"), ("terminal_code", &typed)]).await.holds("Approved");
    let done = cluster.services.accounts.finish_cli_login(&login.id, VERIFIER, "", &facts()).await.unwrap();
    let CliProgress::Done(done) = done else { panic!("pending") };
    // Nor does it enrol a machine or change an account without proving a factor of its own.
    let stale = cluster.clock.now().plus_secs(-gatehouse_domain::authz::FRESH_FACTOR_SECS);
    assert_eq!(done.session.factor_time, stale);
}

#[tokio::test]
async fn attack_code_replay_a_code_serves_once() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let code = code_of(&decides(&mut browser, &login, "approve").await);
    assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Ok(true));
    assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Err("cli_login_spent"));
    let logins = events(&cluster, "user.login").await;
    assert!(!logins[0].event.success && logins[0].event.reason == "cli_login_spent");
    // Nor is it approved once more.
    assert_eq!(decides(&mut browser, &login, "approve").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn attack_code_replay_of_two_at_once_one_gets_the_certificates() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let code = code_of(&decides(&mut browser, &login, "approve").await);
    let (one, other) =
        tokio::join!(fetch(&cluster, &login, VERIFIER, &code), fetch(&cluster, &login, VERIFIER, &code));
    assert_eq!(usize::from(one == Ok(true)) + usize::from(other == Ok(true)), 1, "{one:?} {other:?}");
}

#[tokio::test]
async fn attack_code_interception_without_the_verifier_a_code_is_worthless_and_void() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let code = code_of(&decides(&mut browser, &login, "approve").await);
    assert_eq!(
        fetch(&cluster, &login, "the-verifier-of-a-thief-who-read-the-history", &code).await,
        Err("cli_login_mismatch")
    );
    let logins = events(&cluster, "user.login").await;
    assert_eq!(logins[0].event.details["code_leaked"], true);
    // It has leaked: not even the right one gets anything for it.
    assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Err("cli_login_spent"));
}

#[tokio::test]
async fn attack_guessing_ends_after_a_few_attempts() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let code = code_of(&decides(&mut browser, &login, "approve").await);
    for _ in 0..5 {
        assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Err("cli_login_mismatch"));
    }
    assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Err("cli_login_unknown"));
}

#[tokio::test]
async fn attack_phishing_by_polling_a_loopback_login_gives_nothing_without_the_browsers_code() {
    // Somebody begins a login with a port and sends the link around: the approval goes to the victim's own machine.
    let cluster = cluster().await;
    let mut victim = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    decides(&mut victim, &login, "approve").await;
    assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Err("cli_login_mismatch"));
}

#[tokio::test]
async fn attack_forged_approval_from_another_site_is_refused() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let key = browser.form_key().await;
    let fields = form(&[("do", "approve"), ("form_key", &key)]);
    for site in ["cross-site", "same-site"] {
        let request = Request::post(path(&login))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .header("host", "gate.example:3080")
            .header("cookie", format!("__Host-gatehouse_session={}", browser.cookie.clone().unwrap()))
            .body(fields.clone().into());
        assert_eq!(cluster.send(request.unwrap()).await.status, StatusCode::FORBIDDEN);
    }
    // Nor by a link, nor without the key that the page has.
    browser.get(&format!("{}&do=approve", path(&login))).await.holds("Log in a command line?");
    let keyless = browser.post(&path(&login), &[("do", "approve"), ("form_key", "")]).await;
    assert_eq!(keyless.status, StatusCode::BAD_REQUEST);
    assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Ok(false), "undecided");
    let framed = browser.get(&path(&login)).await;
    let policy = framed.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "nor by clicks in a frame");
}

#[tokio::test]
async fn attack_open_redirect_the_browser_goes_to_this_machine_and_nowhere_else() {
    let cluster = cluster().await;
    cluster.admin().await;
    for (port, state) in [
        (-1, STATE),
        (80, STATE),
        (65_536, STATE),
        (40_000, "short"),
        (40_000, "@evil.example/aaaaaaaaaaaa"),
        (40_000, "x\r\nLocation: https://evil.example/"),
    ] {
        let mut new = new_login("root", None);
        new.loopback = Some((port, state.to_owned()));
        let refused = cluster.services.accounts.begin_cli_login(new, &facts()).await.unwrap_err();
        assert_eq!(refused.code(), "message_malformed", "{port} {state}");
    }
}

#[tokio::test]
async fn a_no_is_a_no() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    for port in [Some(40_000), None] {
        let login = begin(&cluster, "root", port).await;
        let page = decides(&mut browser, &login, "deny").await;
        page.holds("Denied").lacks("code=");
        if port.is_some() {
            page.holds(&format!("http://127.0.0.1:40000/?error=access_denied&amp;state={STATE}"));
        }
        assert_eq!(decides(&mut browser, &login, "approve").await.status, StatusCode::CONFLICT);
        assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Err("cli_login_denied"));
        browser.get(&path(&login)).await.holds("Denied");
    }
    assert_eq!(events(&cluster, "user.cli_login.deny").await.len(), 2);
}

#[tokio::test]
async fn links_and_codes_are_short_lived() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let late = begin(&cluster, "root", None).await;
    cluster.clock.advance(240);
    let code = code_of(&decides(&mut browser, &login, "approve").await);
    cluster.clock.advance(61);
    assert_eq!(
        fetch(&cluster, &login, VERIFIER, &code).await,
        Err("cli_login_expired"),
        "a minute after the yes"
    );
    browser.get(&path(&late)).await.holds("This request has expired").lacks("Approve");
    assert_eq!(
        fetch(&cluster, &late, VERIFIER, "").await,
        Err("cli_login_expired"),
        "5 minutes after it began"
    );
    // A fresh factor, so that it is the time of the link that decides.
    browser.sign_in("root", PASSWORD).await;
    let refused = decides(&mut browser, &late, "approve").await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    refused.holds("cli_login_expired");
}

#[tokio::test]
async fn a_stale_second_factor_is_proven_anew_first() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    cluster.clock.advance(300);
    let login = begin(&cluster, "root", Some(40_000)).await;
    browser.get(&path(&login)).await.holds("Confirm that it is you").lacks(r#"value="approve""#);
    let refused = decides(&mut browser, &login, "approve").await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    refused.holds("second_factor_required");
    let confirm =
        format!("/web/account/confirm?next={}", path(&login).replace('?', "%3F").replace('=', "%3D"));
    browser.get(&path(&login)).await.holds(&confirm);
    browser.get(&confirm).await.holds(&format!(r#"name="next" value="{}""#, path(&login)));
    let next = path(&login);
    let wrong = browser.post(&confirm, &[("do", "password"), ("password", "wrong"), ("next", &next)]).await;
    wrong.holds("wrong_password").lacks(r#"value="wrong""#);
    let done = browser.post(&confirm, &[("do", "password"), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!(done.location(), path(&login));
    assert!(done.headers.contains_key(SET_COOKIE), "another cookie");
    browser.get(&path(&login)).await.holds(r#"value="approve""#);
    let code = code_of(&decides(&mut browser, &login, "approve").await);
    assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Ok(true));
}

#[tokio::test]
async fn a_login_is_for_the_user_it_names() {
    let cluster = cluster().await;
    cluster.admin().await;
    let login = begin(&cluster, "root", Some(40_000)).await;
    let mut bob = cluster.person("bob", &["editor"]).await;
    let page = bob.get(&path(&login)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.holds("cli_login_other_user").lacks(&login.user_code);
    assert_eq!(decides(&mut bob, &login, "approve").await.status, StatusCode::FORBIDDEN);
    assert_eq!(bob.get("/web/cli/login?id=nonesuch").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bob.get("/web/cli/login").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_exists_shows_in_nothing_that_a_stranger_can_ask() {
    let cluster = cluster().await;
    cluster.admin().await;
    for user in ["root", "nobody"] {
        let login = begin(&cluster, user, None).await;
        assert_eq!(fetch(&cluster, &login, VERIFIER, "").await, Ok(false), "{user}");
    }
    let stranger = cluster.browser().get("/web/cli/login?id=nonesuch").await;
    assert!(stranger.location().starts_with("/web/login"), "nor which links there are");
}

#[tokio::test]
async fn beginning_is_slowed_down_by_network() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut codes = Vec::new();
    for _ in 0..40 {
        let begun = cluster.services.accounts.begin_cli_login(new_login("root", None), &facts()).await;
        codes.push(begun.map_or_else(|error| error.code(), |_| "begun"));
    }
    assert!(codes[..30].iter().all(|code| *code == "begun"));
    assert_eq!(codes[39], "too_many_attempts");
}

#[tokio::test]
async fn what_happens_between_yes_and_fetching_counts() {
    let cluster = cluster().await;
    cluster.admin().await;
    for what in ["signed out", "locked", "deleted"] {
        let name = what.replace(' ', "");
        let mut browser = cluster.person(&name, &["access"]).await;
        let login = begin(&cluster, &name, Some(40_000)).await;
        let code = code_of(&decides(&mut browser, &login, "approve").await);
        let admin = cluster.host_admin();
        let expected = match what {
            "signed out" => {
                browser.post("/web/logout", &[]).await;
                "cli_login_expired"
            }
            "locked" => {
                let target = LockTarget { user: Some(name.clone()), ..LockTarget::default() };
                let lock = NewLock { target: target.clone(), message: String::new(), expires: None };
                cluster.services.locks.create(&admin.grant_lock(&target).unwrap(), lock).await.unwrap();
                "locked"
            }
            _ => {
                cluster.services.accounts.delete(&admin.grant().unwrap(), &name).await.unwrap();
                "cli_login_expired"
            }
        };
        assert_eq!(fetch(&cluster, &login, VERIFIER, &code).await, Err(expected), "{what}");
    }
}

#[tokio::test]
async fn it_is_open_without_a_trusted_device_and_gives_no_trust() {
    let device_trust =
        DeviceTrustSpec { mode: Some(DeviceTrustMode::Required), ..DeviceTrustSpec::default() };
    let preference = PreferenceSpec { second_factor: Some(SecondFactor::Off), device_trust };
    let cluster = cluster_with(preference, &Site::bare()).await;
    let mut browser = cluster.admin().await;
    let login = begin(&cluster, "root", None).await;
    decides(&mut browser, &login, "approve").await.holds("Approved");
    let done = cluster.services.accounts.finish_cli_login(&login.id, VERIFIER, "", &facts()).await.unwrap();
    let CliProgress::Done(done) = done else { panic!("pending") };
    assert!(done.device_required && done.session.device.is_none());
}
