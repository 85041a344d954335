//! Passkeys from sign-up to removal, and what must not work.

use gatehouse_domain::account::{AccountError, FactorAnswer, SignIn};
use gatehouse_domain::authz::UpdateUser;
use gatehouse_domain::entity::AuditFilter;
use gatehouse_domain::identity::RequestFacts;
use gatehouse_model::SecondFactor;
use gatehouse_model::resource::PreferenceSpec;
use gatehouse_server::http::Site;
use gatehouse_testkit::soft_passkey::SoftPasskeys;
use http::StatusCode;
use serde_json::Value;

use super::browser::{Browser, Cluster, PASSWORD, Page, cluster_with};

const ORIGIN: &str = "https://localhost:3080";
const SECURITY: &str = "/web/account/security";
const SECOND: &str = "/web/login/second-factor";

async fn cluster() -> Cluster {
    cluster_with(PreferenceSpec::default(), &Site::bare()).await
}

/// What a page's script does: asks, has the authenticator answer, and gives the form's two fields.
struct Answered {
    ceremony: String,
    credential: String,
}

impl Answered {
    fn with<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("do", "passkey"),
            ("ceremony", self.ceremony.as_str()),
            ("credential", self.credential.as_str()),
        ];
        fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        fields.extend(more);
        fields
    }
}

async fn question(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Result<(String, Value), Page> {
    let page = browser.post("/api/passkey", fields).await;
    if page.status != StatusCode::OK {
        return Err(page);
    }
    let body: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(body["origin"], ORIGIN);
    let options = serde_json::from_str(body["options"].as_str().unwrap()).unwrap();
    Ok((body["ceremony"].as_str().unwrap().to_owned(), options))
}

async fn create(browser: &mut Browser<'_>, keys: &mut SoftPasskeys, fields: &[(&str, &str)]) -> Answered {
    let (ceremony, options) = question(browser, fields).await.ok().unwrap();
    Answered { ceremony, credential: keys.create(&options).to_string() }
}

async fn get(browser: &mut Browser<'_>, keys: &mut SoftPasskeys, purpose: &str) -> Answered {
    let (ceremony, options) = question(browser, &[("purpose", purpose)]).await.ok().unwrap();
    Answered { ceremony, credential: keys.get(&options).unwrap().to_string() }
}

fn token(path: &str) -> &str {
    path.rsplit_once('/').unwrap().1
}

/// `root` signs up with a passkey; answers with the recovery codes.
async fn sign_up(cluster: &Cluster, keys: &mut SoftPasskeys) -> Vec<String> {
    let mut browser = cluster.browser();
    let path = cluster.first_admin_path.clone();
    let ask = [("purpose", "sign-up"), ("user", "Root"), ("token", token(&path))];
    let answered = create(&mut browser, keys, &ask).await;
    let form = answered.with(&[
        ("user", "Root"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("passkey_name", "steel token"),
    ]);
    let done = browser.post(&path, &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    done.holds("Your account is ready").holds("recovery codes");
    codes_on(&done)
}

fn codes_on(page: &Page) -> Vec<String> {
    let (_, rest) = page.body.split_once("data-copy=\"").unwrap();
    let (codes, _) = rest.split_once('"').unwrap();
    codes.lines().map(str::to_owned).collect()
}

/// Name and password; the second step is open then.
async fn give_password(browser: &mut Browser<'_>) {
    let page = browser.sign_in("root", PASSWORD).await;
    assert!(page.location().starts_with(SECOND), "{} {}", page.status, page.body);
}

async fn sign_in<'a>(cluster: &'a Cluster, keys: &mut SoftPasskeys) -> Browser<'a> {
    let mut browser = cluster.browser();
    give_password(&mut browser).await;
    let answered = get(&mut browser, keys, "second-factor").await;
    let done = browser.post(SECOND, &answered.with(&[])).await;
    assert_eq!(done.location(), "/web/devices", "{}", done.body);
    browser
}

/// Events of a kind, newest first: (success, reason, details).
async fn events(cluster: &Cluster, kind: &str) -> Vec<(bool, String, Value)> {
    let filter = AuditFilter { event: Some(kind.to_owned()), ..AuditFilter::default() };
    let found = cluster.store.read().await.unwrap().events(&filter, 50).await.unwrap();
    found
        .into_iter()
        .map(|stored| (stored.event.success, stored.event.reason, stored.event.details))
        .collect()
}

#[tokio::test]
async fn the_first_admin_signs_up_and_in_with_a_passkey() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    let page = cluster.browser().get(&cluster.first_admin_path).await;
    page.holds("Create passkey and continue")
        .holds("Use an authenticator app")
        .lacks("without a second factor");
    let codes = sign_up(&cluster, &mut keys).await;
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19));

    let mut browser = sign_in(&cluster, &mut keys).await;
    let page = browser.get(SECURITY).await;
    page.holds("steel token").holds("10 codes left").holds("Add a passkey").lacks(&codes[0]);
    let login = &events(&cluster, "user.login").await[0];
    assert_eq!(login.2["factor"], "passkey");
    assert_eq!(login.2["passkey"], "steel token");
    let signup = &events(&cluster, "user.signup").await[0];
    assert_eq!(signup.2["factor"], "passkey");
}

#[tokio::test]
async fn a_passkey_alone_signs_in() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    browser.get("/web/login").await.holds("Sign in with a passkey");
    let answered = get(&mut browser, &mut keys, "sign-in").await;
    let done = browser.post("/web/login", &answered.with(&[("next", "/web/account")])).await;
    assert_eq!(done.location(), "/web/account", "{}", done.body);
    assert_eq!(browser.get(SECURITY).await.status, StatusCode::OK);
    assert_eq!(events(&cluster, "user.login").await[0].2["factor"], "passkey-alone");
}

#[tokio::test]
async fn a_passkey_alone_must_check_its_user() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    keys.verifies_user = false;
    sign_up(&cluster, &mut keys).await;
    sign_in(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let answered = get(&mut browser, &mut keys, "sign-in").await;
    let refused = browser.post("/web/login", &answered.with(&[])).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    refused.holds("passkey_user_not_verified");
}

#[tokio::test]
async fn nothing_of_second_factors_shows_before_the_password_was_right() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let known = browser.sign_in("root", "wrong password").await;
    let unknown = browser.sign_in("nobody", "wrong password").await;
    assert_eq!((known.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(browser.pending, None);
    let asked = question(&mut browser, &[("purpose", "second-factor")]).await.err().unwrap();
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    asked.holds("sign_in_expired");
    assert_eq!(browser.get(SECOND).await.location(), "/web/login");

    let (_, options) = question(&mut browser, &[("purpose", "sign-in")]).await.ok().unwrap();
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 0, "nobody's keys are named");
}

#[tokio::test]
async fn attack_a_replayed_answer() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let answered = get(&mut browser, &mut keys, "sign-in").await;
    let done = browser.post("/web/login", &answered.with(&[])).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let again = cluster.browser().post("/web/login", &answered.with(&[])).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    again.holds("passkey_attempt_over");
    // Anybody can send that as often as they like: it is not written down.
    let (success, reason, _) = events(&cluster, "user.login").await.remove(0);
    assert_eq!((success, reason.as_str()), (true, ""));
}

#[tokio::test]
async fn attack_a_refused_answer_is_not_judged_twice() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let (ceremony, options) = question(&mut browser, &[("purpose", "sign-in")]).await.ok().unwrap();
    let rubbish = Answered { ceremony: ceremony.clone(), credential: "{}".to_owned() };
    browser.post("/web/login", &rubbish.with(&[])).await.holds("passkey_malformed");
    let right = Answered { ceremony, credential: keys.get(&options).unwrap().to_string() };
    browser.post("/web/login", &right.with(&[])).await.holds("passkey_attempt_over");
}

#[tokio::test]
async fn attack_an_answer_of_another_session() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let (mut one, mut other) = (cluster.browser(), cluster.browser());
    give_password(&mut one).await;
    give_password(&mut other).await;
    let answered = get(&mut one, &mut keys, "second-factor").await;
    other.post(SECOND, &answered.with(&[])).await.holds("passkey_attempt_over");
    assert_eq!(other.cookie, None);

    let (mut one, mut other) = (sign_in(&cluster, &mut keys).await, sign_in(&cluster, &mut keys).await);
    let mut fresh = SoftPasskeys::at(ORIGIN);
    let added = create(&mut one, &mut fresh, &[("purpose", "add")]).await;
    let form = added.with(&[("do", "add-passkey"), ("passkey_name", "theirs")]);
    other.post(SECURITY, &form).await.holds("passkey_attempt_over");
    let confirmed = get(&mut one, &mut keys, "confirm").await;
    other.post("/web/account/confirm", &confirmed.with(&[])).await.holds("passkey_attempt_over");
}

#[tokio::test]
async fn attack_an_answer_for_another_purpose() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    give_password(&mut browser).await;
    // The challenge of a sign-in without password, as the second factor; and the other way round.
    let alone = get(&mut browser, &mut keys, "sign-in").await;
    browser.post(SECOND, &alone.with(&[])).await.holds("passkey_attempt_over");
    let second = get(&mut browser, &mut keys, "second-factor").await;
    browser.post("/web/login", &second.with(&[])).await.holds("passkey_attempt_over");
    assert_eq!(browser.cookie, None);

    let mut browser = sign_in(&cluster, &mut keys).await;
    let confirmation = get(&mut browser, &mut keys, "confirm").await;
    let form = confirmation.with(&[("do", "add-passkey")]);
    browser.post(SECURITY, &form).await.holds("passkey_attempt_over");
}

#[tokio::test]
async fn attack_the_passkey_of_another_user() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut mallory_keys = SoftPasskeys::at(ORIGIN);
    let path = cluster.invite("mallory").await;
    let mut mallory = cluster.browser();
    let ask = [("purpose", "sign-up"), ("token", token(&path))];
    let answered = create(&mut mallory, &mut mallory_keys, &ask).await;
    let form = answered.with(&[("password", PASSWORD), ("password_again", PASSWORD)]);
    assert_eq!(mallory.post(&path, &form).await.status, StatusCode::OK);

    let mut browser = cluster.browser();
    give_password(&mut browser).await;
    let (ceremony, mut options) = question(&mut browser, &[("purpose", "second-factor")]).await.ok().unwrap();
    options["allowCredentials"] = Value::Array(Vec::new());
    let foreign = Answered { ceremony, credential: mallory_keys.get(&options).unwrap().to_string() };
    browser.post(SECOND, &foreign.with(&[])).await.holds("passkey_refused");
    assert_eq!(browser.cookie, None);

    // A key of mallory's that claims to be root's: the handle belongs to another account.
    let (ceremony, options) = question(&mut browser, &[("purpose", "sign-in")]).await.ok().unwrap();
    let mut credential = mallory_keys.get(&options).unwrap();
    credential["response"]["userHandle"] = keys.get(&options).unwrap()["response"]["userHandle"].take();
    let foreign = Answered { ceremony, credential: credential.to_string() };
    browser.post("/web/login", &foreign.with(&[])).await.holds("passkey_refused");
}

#[tokio::test]
async fn attack_a_page_of_another_origin() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    keys.origin = "https://localhost.evil.example:3080".to_owned();
    let mut browser = cluster.browser();
    let answered = get(&mut browser, &mut keys, "sign-in").await;
    let refused = browser.post("/web/login", &answered.with(&[])).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    refused.holds("passkey_wrong_origin");
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn attack_the_answer_to_another_challenge() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let first = get(&mut browser, &mut keys, "sign-in").await;
    let second = get(&mut browser, &mut keys, "sign-in").await;
    let mixed = Answered { ceremony: second.ceremony, credential: first.credential };
    browser.post("/web/login", &mixed.with(&[])).await.holds("passkey_wrong_challenge");
}

#[tokio::test]
async fn attack_a_copied_authenticator_shows_by_its_counter() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut copy = keys.clone();
    sign_in(&cluster, &mut keys).await;
    sign_in(&cluster, &mut keys).await;
    let mut thief = cluster.browser();
    let answered = get(&mut thief, &mut copy, "sign-in").await;
    let refused = thief.post("/web/login", &answered.with(&[])).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    refused.holds("passkey_cloned").holds("tell an administrator");
    let (success, reason, _) = events(&cluster, "user.login").await.remove(0);
    assert_eq!((success, reason.as_str()), (false, "passkey_cloned"));
}

#[tokio::test]
async fn attack_two_copies_at_the_same_time() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut copy = keys.clone();
    let (mut one, mut other) = (cluster.browser(), cluster.browser());
    give_password(&mut one).await;
    give_password(&mut other).await;
    // Both challenges hold the counter as it was before either was answered.
    let first = get(&mut one, &mut keys, "second-factor").await;
    let second = get(&mut other, &mut copy, "second-factor").await;
    assert_eq!(one.post(SECOND, &first.with(&[])).await.status, StatusCode::SEE_OTHER);
    other.post(SECOND, &second.with(&[])).await.holds("passkey_cloned");
}

#[tokio::test]
async fn attack_an_answer_that_comes_too_late() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let answered = get(&mut browser, &mut keys, "sign-in").await;
    cluster.clock.advance(300);
    browser.post("/web/login", &answered.with(&[])).await.holds("passkey_attempt_over");

    give_password(&mut browser).await;
    cluster.clock.advance(600);
    let expired = browser.get(SECOND).await;
    expired.holds("The sign-in is over").holds("sign_in_expired");
    browser.post(SECOND, &[("do", "code"), ("code", "000000")]).await.holds("sign_in_expired");
}

#[tokio::test]
async fn attack_a_spent_recovery_code() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    let codes = sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    give_password(&mut browser).await;
    browser.get(SECOND).await.holds("Use a recovery code").lacks(r#"name="code""#);
    let typed = codes[0].to_uppercase().replace('-', " ");
    let done = browser.post(SECOND, &[("do", "recovery"), ("recovery_code", &typed)]).await;
    assert_eq!(done.location(), "/web/devices", "{}", done.body);
    browser.get(SECURITY).await.holds("9 codes left");
    let login = &events(&cluster, "user.login").await[0].2;
    assert_eq!((&login["factor"], &login["left"]), (&Value::from("recovery-code"), &Value::from(9)));

    let mut thief = cluster.browser();
    give_password(&mut thief).await;
    let again = thief.post(SECOND, &[("do", "recovery"), ("recovery_code", &codes[0])]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    again.holds("wrong_code").lacks(&codes[0]);
    assert_eq!(thief.cookie, None);
}

#[tokio::test]
async fn attack_guessing_codes_is_slowed_down() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    give_password(&mut browser).await;
    let mut last = StatusCode::OK;
    for guess in 0..8 {
        let code = format!("aaaa-bbbb-cccc-ddd{}", char::from(b'a' + guess));
        last = browser.post(SECOND, &[("do", "recovery"), ("recovery_code", &code)]).await.status;
    }
    assert_eq!(last, StatusCode::UNAUTHORIZED, "the sign-in is over");
    let asked = question(&mut browser, &[("purpose", "second-factor")]).await.err().unwrap();
    asked.holds("sign_in_expired");
    // A right password in between opens nothing.
    assert_eq!(browser.sign_in("root", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn attack_guessing_codes_from_many_networks() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    let codes = sign_up(&cluster, &mut keys).await;
    let accounts = &cluster.services.accounts;
    let from = |network: usize| RequestFacts {
        remote_address: format!("198.51.100.{network}:1"),
        ..RequestFacts::default()
    };
    let mut tries = 0;
    let (closed, pending) = loop {
        let facts = from(tries / 4);
        let SignIn::SecondFactor(pending) = accounts.sign_in("root", PASSWORD, &facts).await.unwrap() else {
            panic!("no factor was asked for");
        };
        let guess = FactorAnswer::Code("aaaa-bbbb-cccc-dddd".to_owned());
        let error = accounts.finish_sign_in(pending.reveal(), &guess, &facts).await.unwrap_err();
        match error {
            AccountError::Throttled { wait_secs } => break (wait_secs, pending),
            error => assert!(matches!(error, AccountError::WrongCode), "{error}"),
        }
        tries += 1;
    };
    assert_eq!((tries, closed), (20, 2));
    // A right code does not help while it is closed.
    let facts = from(200);
    let right = FactorAnswer::Code(codes[0].clone());
    let error = accounts.finish_sign_in(pending.reveal(), &right, &facts).await.unwrap_err();
    assert!(matches!(error, AccountError::Throttled { .. }), "{error}");
    // The owner has a passkey, and gets in.
    sign_in(&cluster, &mut keys).await;
    cluster.clock.advance(2);
    accounts.finish_sign_in(pending.reveal(), &right, &facts).await.unwrap();
}

#[tokio::test]
async fn attack_challenges_do_not_pile_up() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = sign_in(&cluster, &mut keys).await;
    let first = get(&mut browser, &mut keys, "confirm").await;
    let last = get(&mut browser, &mut keys, "confirm").await;
    let form = first.with(&[("next", SECURITY)]);
    browser.post("/web/account/confirm", &form).await.holds("passkey_attempt_over");
    let form = last.with(&[("next", SECURITY)]);
    assert_eq!(browser.post("/web/account/confirm", &form).await.location(), SECURITY);
}

#[tokio::test]
async fn attack_asking_for_challenges_is_slowed_down() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    for _ in 0..3 {
        let answered = get(&mut browser, &mut keys, "sign-in").await;
        let done = browser.post("/web/login", &answered.with(&[])).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "a success takes its attempt back");
    }
    let mut refused = None;
    for _ in 0..30 {
        if let Err(page) = question(&mut cluster.browser(), &[("purpose", "sign-in")]).await {
            refused = Some(page);
            break;
        }
    }
    assert_eq!(refused.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn attack_rubbish_instead_of_a_passkey_writes_nothing() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let before = events(&cluster, "user.login").await.len();
    // The writer is taken: whatever wanted to write would have to wait.
    let writer = cluster.store.begin().await.unwrap();
    let never_asked = "A".repeat(43);
    for ceremony in ["", "rubbish", &never_asked] {
        let rubbish = Answered { ceremony: ceremony.to_owned(), credential: "{}".to_owned() };
        cluster.browser().post("/web/login", &rubbish.with(&[])).await.holds("passkey_attempt_over");
    }
    drop(writer);
    assert_eq!(events(&cluster, "user.login").await.len(), before);
}

#[tokio::test]
async fn a_reset_takes_every_factor_away() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    let codes = sign_up(&cluster, &mut keys).await;
    let mut browser = cluster.browser();
    let before = get(&mut browser, &mut keys, "sign-in").await;
    give_password(&mut browser).await;
    let grant = cluster.host_admin().grant::<UpdateUser>().unwrap();
    let link = cluster.services.accounts.reset(&grant, "root", None).await.unwrap();
    browser.post("/web/login", &before.with(&[])).await.holds("passkey_refused");
    let half = browser.post(SECOND, &[("do", "recovery"), ("recovery_code", &codes[0])]).await;
    assert_ne!(half.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.cookie, None);

    let path = format!("/web/signup/{}", link.token.reveal());
    let mut new_keys = SoftPasskeys::at(ORIGIN);
    let answered =
        create(&mut browser, &mut new_keys, &[("purpose", "sign-up"), ("token", token(&path))]).await;
    let form = answered.with(&[("password", PASSWORD), ("password_again", PASSWORD)]);
    let done = browser.post(&path, &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_ne!(codes_on(&done), codes);
    cluster.clock.advance(3600);
    sign_in(&cluster, &mut new_keys).await;
}

#[tokio::test]
async fn changes_ask_for_a_fresh_factor() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = sign_in(&cluster, &mut keys).await;
    cluster.clock.advance(300);
    let page = browser.get(SECURITY).await;
    page.holds("confirm that it is you").lacks("Add a passkey").lacks(r#"name="password""#);
    let asked = question(&mut browser, &[("purpose", "add")]).await.err().unwrap();
    asked.holds("second_factor_required");
    for form in [
        &[("do", "password"), ("password", "another good one"), ("password_again", "another good one")][..],
        &[("do", "recovery-codes")],
        &[("do", "remove-authenticator")],
    ] {
        let sent = browser.post(SECURITY, form).await;
        assert_eq!(sent.location(), "/web/account/confirm?next=%2Fweb%2Faccount%2Fsecurity", "{}", sent.body);
    }
    browser.get("/web/account/security/authenticator").await.holds("confirm that it is you");

    let page = browser.get("/web/account/confirm?next=/web/account/security").await;
    page.holds("Use a passkey or security key").holds("Use a recovery code");
    let answered = get(&mut browser, &mut keys, "confirm").await;
    let done = browser.post("/web/account/confirm", &answered.with(&[("next", SECURITY)])).await;
    assert_eq!(done.location(), SECURITY, "{}", done.body);
    browser.get(SECURITY).await.holds("Add a passkey");
    assert!(events(&cluster, "user.second_factor").await[0].0);
}

#[tokio::test]
async fn passkeys_are_added_named_and_removed_but_for_the_last() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut elsewhere = sign_in(&cluster, &mut keys).await;
    let mut browser = sign_in(&cluster, &mut keys).await;

    let first = key_path(&browser.get(SECURITY).await, "steel token");
    let last = browser.post(&first, &[("do", "remove")]).await;
    assert_eq!(last.status, StatusCode::PRECONDITION_FAILED);
    last.holds("last_factor").holds("Add another passkey");

    let mut phone = SoftPasskeys::at(ORIGIN);
    (phone.synced, phone.counts) = (true, false);
    let added = create(&mut browser, &mut phone, &[("purpose", "add")]).await;
    let form = added.with(&[("do", "add-passkey"), ("passkey_name", " <b>phone\u{202e} ")]);
    let done = browser.post(SECURITY, &form).await;
    assert_eq!(done.location(), SECURITY, "{}", done.body);
    assert!(elsewhere.get(SECURITY).await.location().starts_with("/web/login"), "other sessions end");
    let page = browser.get(SECURITY).await;
    page.holds("&lt;b&gt;phone").lacks("<b>phone").lacks("\u{202e}").holds("synced");

    let second = key_path(&page, "&lt;b&gt;phone");
    let renamed = browser.post(&second, &[("do", "rename"), ("passkey_name", "phone")]).await;
    assert_eq!(renamed.location(), SECURITY);
    let long = "x".repeat(61);
    let refused = browser.post(&second, &[("do", "rename"), ("passkey_name", &long)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.holds("invalid_passkey_name");

    sign_in(&cluster, &mut phone).await;
    assert_eq!(browser.post(&first, &[("do", "remove")]).await.location(), SECURITY);
    browser.get(SECURITY).await.holds("Passkey \"steel token\" removed");
    browser.get(SECURITY).await.lacks("steel token").holds("phone");
    let mut gone = cluster.browser();
    let answered = get(&mut gone, &mut keys, "sign-in").await;
    gone.post("/web/login", &answered.with(&[])).await.holds("passkey_refused");
    browser.get(&first).await.holds("passkey_not_found");
    for kind in ["user.passkey.add", "user.passkey.rename", "user.passkey.remove"] {
        assert!(events(&cluster, kind).await[0].0, "{kind}");
    }
}

/// The page of a passkey, as the list links to it.
fn key_path(page: &Page, name: &str) -> String {
    let text = page.text();
    let (before, _) = text.split_once(&format!("\">{name}")).unwrap_or_else(|| panic!("{name}: {text}"));
    before.rsplit_once("href=\"").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_passkey_is_registered_once() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut browser = sign_in(&cluster, &mut keys).await;
    let (_, options) = question(&mut browser, &[("purpose", "add")]).await.ok().unwrap();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(options["user"]["name"], "root");
}

#[tokio::test]
async fn the_password_is_changed_and_other_sessions_end() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    sign_up(&cluster, &mut keys).await;
    let mut elsewhere = sign_in(&cluster, &mut keys).await;
    let mut half = cluster.browser();
    give_password(&mut half).await;
    let mut browser = sign_in(&cluster, &mut keys).await;
    for (new, again, code) in [("short", "short", "weak_password"), (PASSWORD, "other", "passwords_differ")] {
        let form = [("do", "password"), ("password", new), ("password_again", again)];
        browser.post(SECURITY, &form).await.holds(code);
    }
    let new = "an entirely new sentence";
    let form = [("do", "password"), ("password", new), ("password_again", new)];
    assert_eq!(browser.post(SECURITY, &form).await.location(), SECURITY);
    assert_eq!(browser.get(SECURITY).await.status, StatusCode::OK, "the own session stays");
    assert!(elsewhere.get(SECURITY).await.location().starts_with("/web/login"));
    let answered = get(&mut half, &mut keys, "second-factor").await;
    half.post(SECOND, &answered.with(&[])).await.holds("sign_in_expired");
    assert_eq!(cluster.browser().sign_in("root", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let page = cluster.browser().sign_in("root", new).await;
    assert!(page.location().starts_with(SECOND));
}

#[tokio::test]
async fn an_app_is_set_up_beside_the_passkey_and_recovery_codes_are_renewed() {
    let (cluster, mut keys) = (cluster().await, SoftPasskeys::at(ORIGIN));
    let codes = sign_up(&cluster, &mut keys).await;
    let mut browser = sign_in(&cluster, &mut keys).await;
    let page = browser.get("/web/account/security/authenticator").await;
    let secret = super::signing_up::secret_on(&page.body);
    let app = "/web/account/security/authenticator";
    let right = super::signing_up::code(&cluster, &secret);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let refused = browser.post(app, &[("do", "set"), ("code", wrong)]).await;
    refused.holds("wrong_code").holds(&format!("data-secret=\"{secret}\""));
    let done = browser.post(app, &[("do", "set"), ("code", &right)]).await;
    assert_eq!(done.location(), SECURITY, "{}", done.body);

    let mut other = cluster.browser();
    give_password(&mut other).await;
    other.get(SECOND).await.holds("Use a passkey or security key").holds(r#"name="code""#);
    cluster.clock.advance(60);
    let next = super::signing_up::code(&cluster, &secret);
    let done = other.post(SECOND, &[("do", "code"), ("code", &next)]).await;
    assert_eq!(done.location(), "/web/devices", "{}", done.body);

    let renewed = browser.post(SECURITY, &[("do", "recovery-codes")]).await;
    assert_eq!(renewed.status, StatusCode::OK);
    let new_codes = codes_on(&renewed);
    assert!(new_codes.len() == 10 && new_codes != codes);
    browser.get(SECURITY).await.holds("10 codes left").lacks(&new_codes[0]);
    let mut thief = cluster.browser();
    give_password(&mut thief).await;
    thief.post(SECOND, &[("do", "recovery"), ("recovery_code", &codes[1])]).await.holds("wrong_code");

    assert_eq!(browser.post(SECURITY, &[("do", "remove-authenticator")]).await.location(), SECURITY);
    browser.post(SECURITY, &[("do", "remove-authenticator")]).await.holds("no_authenticator");
    browser.get(SECURITY).await.holds("not set up");
    for kind in ["user.authenticator.set", "user.authenticator.remove", "user.recovery_codes.create"] {
        assert!(events(&cluster, kind).await[0].0, "{kind}");
    }
}

#[tokio::test]
async fn where_only_codes_count_there_are_no_passkeys() {
    let preference = PreferenceSpec { second_factor: Some(SecondFactor::Otp), ..PreferenceSpec::default() };
    let cluster = cluster_with(preference, &Site::bare()).await;
    let mut browser = cluster.browser();
    let page = browser.get(&cluster.first_admin_path).await;
    page.lacks("Create passkey").holds(r#"name="code""#);
    browser.get("/web/login").await.lacks("Sign in with a passkey");
    let path = cluster.first_admin_path.clone();
    for fields in
        [&[("purpose", "sign-in")][..], &[("purpose", "sign-up"), ("user", "root"), ("token", token(&path))]]
    {
        let refused = question(&mut browser, fields).await.err().unwrap();
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
        refused.holds("passkeys_not_allowed");
    }
}

#[tokio::test]
async fn where_only_passkeys_count_codes_lead_nowhere() {
    let preference =
        PreferenceSpec { second_factor: Some(SecondFactor::Webauthn), ..PreferenceSpec::default() };
    let cluster = cluster_with(preference, &Site::bare()).await;
    let mut browser = cluster.browser();
    let path = cluster.first_admin_path.clone();
    browser.get(&path).await.holds("Create passkey").lacks("authenticator app");
    let form = [("do", "app"), ("user", "root"), ("password", PASSWORD), ("password_again", PASSWORD)];
    let refused = browser.post(&path, &form).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    refused.holds("passkey_required");
    let mut keys = SoftPasskeys::at(ORIGIN);
    sign_up(&cluster, &mut keys).await;
    let mut browser = sign_in(&cluster, &mut keys).await;
    browser.get(SECURITY).await.lacks("Authenticator app");
    browser.get("/web/account/security/authenticator").await.holds("codes_not_allowed");
}

#[tokio::test]
async fn where_a_factor_is_optional_the_first_one_brings_recovery_codes() {
    let preference =
        PreferenceSpec { second_factor: Some(SecondFactor::Optional), ..PreferenceSpec::default() };
    let cluster = cluster_with(preference, &Site::bare()).await;
    let mut browser = cluster.browser();
    let path = format!("{}?factor=none", cluster.first_admin_path);
    browser.get(&path).await.holds("Use a passkey").lacks("Create passkey");
    let form = [("do", "none"), ("user", "root"), ("password", PASSWORD), ("password_again", PASSWORD)];
    assert_eq!(browser.post(&path, &form).await.location(), "/web/login?done=signed-up");
    assert_eq!(browser.sign_in("root", PASSWORD).await.location(), "/web/devices");

    cluster.clock.advance(300);
    browser.get("/web/account/confirm").await.holds(r#"name="password""#);
    let wrong = browser.post("/web/account/confirm", &[("do", "password"), ("password", "x")]).await;
    wrong.holds("wrong_password");
    let right = [("do", "password"), ("password", PASSWORD)];
    assert_eq!(browser.post("/web/account/confirm", &right).await.location(), SECURITY);

    let mut keys = SoftPasskeys::at(ORIGIN);
    let added = create(&mut browser, &mut keys, &[("purpose", "add")]).await;
    let done = browser.post(SECURITY, &added.with(&[("do", "add-passkey"), ("passkey_name", "one")])).await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(codes_on(&done).len(), 10);
    let mut other = cluster.browser();
    give_password(&mut other).await;
    let path = key_path(&browser.get(SECURITY).await, "one");
    assert_eq!(browser.post(&path, &[("do", "remove")]).await.location(), SECURITY);
    assert_eq!(cluster.browser().sign_in("root", PASSWORD).await.location(), "/web/devices");
}

#[tokio::test]
async fn a_forged_form_without_an_answer_says_what_it_needs() {
    let cluster = cluster().await;
    let refused = cluster.browser().post("/web/login", &[("do", "passkey")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.holds("passkey_needs_scripts");
    let refused = cluster.browser().post("/api/passkey", &[("purpose", "world peace")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}
