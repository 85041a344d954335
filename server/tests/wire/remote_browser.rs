//! A browser on another machine than the device: by a code and a number, where the cluster allows it.

use gatehouse_model::ConfirmedBy;
use gatehouse_proto::gatehouse::v1 as wire;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tonic::{Code, Status};
use totp_rs::TOTP;

use crate::rig::{
    Browser, Connection, FIREFOX, Link, Machine, PASSWORD, Page, Person, Rig, confirm_path, refused,
};

const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15";
const PAGE: &str = "/web/device/authorize/remote?next=/web/account";
/// Of whoever sits somewhere else.
const ELSEWHERE: [u8; 4] = [127, 0, 0, 9];

/// Alice at her enrolled machine, and a browser of hers on another one.
struct Case {
    rig: Rig,
    totp: TOTP,
    alice: Person,
    machine: Machine,
    device: String,
    browser: Browser,
}

/// What `tsh` has after a code was typed.
#[derive(Clone)]
struct Redeemed {
    link: Link,
    asked: wire::DeviceWebAttempt,
}

async fn case() -> Case {
    case_with(&["access"], json!({"mode": "required", "remote_browser": true})).await
}

async fn case_with(roles: &[&str], trust: Value) -> Case {
    let rig = Rig::start().await;
    rig.prefer(json!({"second_factor": "otp", "device_trust": trust})).await;
    for role in roles.iter().filter(|role| **role == "at-desk") {
        let options = json!({"remote_browser": false});
        let role = json!({"kind": "role", "version": "v1", "metadata": {"name": role}, "spec": {"options": options}});
        rig.create("role", &role).await;
    }
    let token = rig.invite("alice", roles).await;
    let auth = rig.stranger().await;
    let request = wire::BeginSignupRequest { token: token.clone() };
    let begun = auth.auth().begin_signup(request).await.unwrap().into_inner();
    let totp = TOTP::from_url(&begun.otpauth_url).unwrap();
    let otp_code = code(&totp, &rig);
    let request =
        wire::FinishSignupRequest { token, password: PASSWORD.to_owned(), otp_code, user: String::new() };
    auth.auth().finish_signup(request).await.unwrap();
    rig.clock.advance(30);
    let alice = rig.login("alice", &code(&totp, &rig)).await.unwrap();
    let (machine, device) = rig.enrolled(&alice, "PF000001").await;
    let browser = Browser { user_agent: SAFARI, from: ELSEWHERE, ..rig.browser() };
    let mut case = Case { rig, totp, alice, machine, device, browser };
    case.browser = case.signed_in().await;
    case
}

fn code(totp: &TOTP, rig: &Rig) -> String {
    totp.generate(u64::try_from(rig.now().secs()).unwrap())
}

impl Case {
    /// Another browser elsewhere, with password and one-time code.
    async fn signed_in(&self) -> Browser {
        let mut browser = Browser { user_agent: SAFARI, from: ELSEWHERE, ..self.rig.browser() };
        let body = format!("user=alice&password={}", PASSWORD.replace(' ', "+"));
        let page = browser.ask(Method::POST, "/web/login", &[("sec-fetch-site", "same-origin")], body).await;
        assert!(page.location().starts_with("/web/login/second-factor"), "{}", page.body);
        self.rig.clock.advance(30);
        let code = code(&self.totp, &self.rig);
        let pending = page.headers.get_all("set-cookie").iter().find_map(|set| {
            let set = set.to_str().unwrap();
            set.starts_with("__Host-gatehouse_sign_in").then(|| set.split(';').next().unwrap().to_owned())
        });
        let pending = pending.unwrap_or_else(|| panic!("{:?}", page.headers));
        let headers = [("sec-fetch-site", "same-origin"), ("cookie", pending.as_str())];
        let body = format!("do=code&code={code}&next=/web/account");
        let page = browser.ask(Method::POST, "/web/login/second-factor", &headers, body).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        browser
    }

    /// Proves the second factor once more.
    async fn confirms(&self, browser: &mut Browser) {
        self.rig.clock.advance(30);
        let page = browser.get("/web/account/confirm").await.body;
        let (_, key) = page.split_once("name=\"form_key\" value=\"").unwrap();
        let key = key.split('"').next().unwrap();
        let body = format!("do=code&form_key={key}&code={}", code(&self.totp, &self.rig));
        let headers = [("sec-fetch-site", "same-origin")];
        let page = browser.ask(Method::POST, "/web/account/confirm", &headers, body).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    }

    /// Id of the attempt and code of the page.
    async fn offered(&self, browser: &mut Browser) -> (String, String) {
        let page = browser.get(PAGE).await.body;
        let part = |start: &str, end: char| {
            let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start}: {page}"));
            rest.split(end).next().unwrap().to_owned()
        };
        (part("attempt=", '&'), part("tsh device authorize ", '<'))
    }

    /// A code that this browser's page shows after its second factor was proven once more.
    async fn begins(&mut self) -> (String, String) {
        let mut browser = self.browser.clone();
        self.confirms(&mut browser).await;
        let offered = self.offered(&mut browser).await;
        self.browser = browser;
        offered
    }

    async fn state(&mut self, id: &str) -> String {
        self.browser
            .get(&format!("/web/device/authorize/state?remote&attempt={id}&next=/web/account"))
            .await
            .body
    }

    async fn number(&mut self, id: &str) -> String {
        let state = self.state(id).await;
        let (_, rest) = state.split_once("id=\"handoff-number\"").unwrap_or_else(|| panic!("{state}"));
        rest.split(['>', '<']).nth(1).unwrap().to_owned()
    }

    async fn redeem(&self, code: &str) -> Result<Redeemed, Status> {
        redeem(&self.alice.connection, code).await
    }

    async fn matches(&self, redeemed: &Redeemed, number: &str) -> Result<(), Status> {
        matches(&self.alice.connection, redeemed, number).await
    }

    async fn finishes(&mut self, id: &str) -> Page {
        self.browser.get(&format!("/web/device/authorize/finish?attempt={id}&next=/web/account")).await
    }

    async fn is_trusted(&mut self) -> bool {
        self.browser.get("/web/account").await.body.contains("Session authorized with Device Trust")
    }

    /// The whole way.
    async fn trusted(&mut self) -> String {
        let (id, code) = self.begins().await;
        let redeemed = self.redeem(&code).await.unwrap();
        let number = self.number(&id).await;
        self.matches(&redeemed, &number).await.unwrap();
        self.machine.speak(&self.alice.connection, &redeemed.link).await.unwrap();
        let page = self.finishes(&id).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/web/account"), "{}", page.body);
        id
    }
}

impl Browser {
    /// The same session, in a browser that could be on the device.
    fn on_linux(&self) -> Self {
        Self { user_agent: FIREFOX, ..self.clone() }
    }
}

async fn redeem(connection: &Connection, code: &str) -> Result<Redeemed, Status> {
    let request = wire::RedeemDeviceCodeRequest { code: code.to_owned() };
    let answer = connection.device_web().redeem_device_code(request).await?.into_inner();
    let link = Link { url: String::new(), id: answer.id, token: answer.token, code: code.to_owned() };
    Ok(Redeemed { link, asked: answer.attempt.unwrap() })
}

async fn matches(connection: &Connection, redeemed: &Redeemed, number: &str) -> Result<(), Status> {
    let (id, token) = (redeemed.link.id.clone(), redeemed.link.token.clone());
    let request = wire::MatchDeviceNumberRequest { id, token, number: number.to_owned() };
    connection.device_web().match_device_number(request).await.map(tonic::Response::into_inner)
}

/// One of two digits that is not this one.
fn another(number: &str) -> String {
    let number: u32 = number.parse().unwrap();
    (10 + (number - 9) % 90).to_string()
}

#[tokio::test]
async fn a_browser_elsewhere_is_authorized_by_code_and_number_for_an_hour() {
    let mut case = case().await;
    let (id, code) = case.begins().await;
    assert!(case.state(&id).await.contains("Waiting for the code"));
    let redeemed = case.redeem(&code).await.unwrap();
    let asked = &redeemed.asked;
    assert_eq!((asked.remote, asked.other_network, asked.browser.as_str()), (true, true, "Safari 17"));
    assert_eq!((asked.address.as_str(), asked.client_address.as_str()), ("127.0.0.9", "127.0.0.1"));
    // Both networks are shown at this end, too.
    let state = case.state(&id).await;
    assert!(state.contains("127.0.0.1") && state.contains("another network"), "{state}");
    let number = case.number(&id).await;
    case.matches(&redeemed, &number).await.unwrap();
    assert!(case.state(&id).await.contains("The number was typed"));
    assert_eq!(case.finishes(&id).await.status, StatusCode::FORBIDDEN, "nothing is proven yet");
    let token = case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    assert!(!case.is_trusted().await, "the browser takes it up itself");
    assert!(
        case.state(&id).await.contains(&format!("data-go=\"/web/device/authorize/finish?attempt={id}&amp;"))
    );
    // There is no way round by the token of the way back.
    case.browser.confirm(&token.id, &token.token).await.refused(StatusCode::FORBIDDEN, "token_unknown");
    let before = case.browser.cookie.clone();
    let page = case.finishes(&id).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/web/account"), "{}", page.body);
    assert_ne!(case.browser.cookie, before, "another cookie");
    assert!(case.is_trusted().await);
    let page = case.browser.get("/web/account").await.body;
    assert!(page.contains("Confirmed by a code"), "{page}");
    let page = case.browser.get("/web/account/sessions").await.body;
    assert!(page.contains("confirmed by a code"), "{page}");

    let request = wire::ListSessionsRequest { user: "alice".to_owned(), ..Default::default() };
    let listed = case.rig.admin.sessions().list_sessions(request).await.unwrap().into_inner().sessions;
    let web = listed.iter().find(|session| session.kind == "web" && !session.device_id.is_empty()).unwrap();
    assert_eq!((web.device_id.as_str(), web.device_confirmed_by.as_str()), (case.device.as_str(), "code"));
    assert_eq!(web.expires.unwrap().seconds, case.rig.now().secs() + 3600, "the session itself ends");
    let typed = &case.rig.events("device.webtoken.number").await[0];
    assert_eq!((typed["code"].as_str(), typed["success"].as_bool()), (Some("GH004I"), Some(true)));
    let confirmed = &case.rig.events("device.authenticate.confirm").await[0];
    assert_eq!(confirmed["details"]["remote_browser"], true, "{confirmed}");
    assert!(confirmed["details"]["code_typed_at"].as_str().unwrap().starts_with("127.0.0.1:"), "{confirmed}");
    let requests: Vec<_> = ["device.webtoken.create", "device.webtoken.redeem", "device.authenticate"].into();
    for kind in requests {
        let event = &case.rig.events(kind).await[0];
        assert_eq!(event["request_id"], confirmed["request_id"], "{event}");
    }

    // However busy it is, it ends after an hour.
    for _ in 0..3 {
        case.rig.clock.advance(1199);
        assert!(case.is_trusted().await);
    }
    case.rig.clock.advance(3);
    assert_eq!(case.browser.get("/web/account").await.status, StatusCode::SEE_OTHER);
    case.browser = case.signed_in().await;
    case.trusted().await;
    let body = "do=others&form_key=x".to_owned();
    case.browser.ask(Method::POST, "/web/logout", &[("sec-fetch-site", "same-origin")], body).await;
    let out = &case.rig.events("user.logout").await[0];
    assert_eq!(out["trusted_device"]["confirmed_by"], ConfirmedBy::Code.as_str(), "{out}");
}

#[tokio::test]
async fn without_the_setting_nothing_is_offered_and_a_code_ends_on_its_own_machine() {
    let mut case = case_with(&["access"], json!({"mode": "required"})).await;
    let mut browser = case.browser.clone();
    case.confirms(&mut browser).await;
    let page = browser.get(PAGE).await.body;
    assert!(
        page.contains("cannot be authorized in this cluster") && !page.contains("tsh device authorize"),
        "{page}"
    );
    let here = browser.on_linux().get("/web/device/authorize").await;
    assert!(!here.body.contains("authorize/remote"), "{}", here.body);
    // A code of the page for browsers on the device asks for the cookie of its session at the end.
    let link = browser.on_linux().link("/web/device/authorize").await;
    let redeemed = case.redeem(&link.code).await.unwrap();
    assert!(!redeemed.asked.remote);
    let refusal = case.matches(&redeemed, "42").await;
    refused(refusal, Code::PermissionDenied, "token_unknown");
    let token = case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    case.browser = browser;
    assert_eq!(case.finishes(&link.id).await.status, StatusCode::FORBIDDEN);
    assert!(!case.is_trusted().await);
    let page = case.browser.get(&confirm_path(&token.id, &token.token)).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
}

#[tokio::test]
async fn attack_a_code_that_is_sent_around_brings_no_number_along() {
    let mut case = case().await;
    // Whoever has lured alice into signing in shows no code by that, nor within the freshness of that factor.
    let page = case.browser.get(PAGE).await.body;
    assert!(page.contains("Confirm that it is you") && !page.contains("tsh device authorize"), "{page}");
    let (id, code) = case.begins().await;
    assert!(!case.state(&id).await.contains("handoff-number"), "not before the code was typed");
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    let wrong = another(&number);
    let status = refused(case.matches(&redeemed, &wrong).await, Code::PermissionDenied, "number_wrong");
    assert!(crate::rig::hint_of(&status).contains("tell an administrator"), "{status:?}");
    let event = &case.rig.events("device.webtoken.number").await[0];
    assert_eq!((event["code"].as_str(), event["reason"].as_str()), (Some("GH004W"), Some("number_wrong")));
    let told = case.state(&id).await;
    assert!(told.contains("number_wrong") && told.contains("Get a new code"), "{told}");
    // One wrong number ends it, for the right one, too.
    refused(case.matches(&redeemed, &number).await, Code::FailedPrecondition, "token_exhausted");
    let outcome = case.machine.speak(&case.alice.connection, &redeemed.link).await;
    refused(outcome, Code::FailedPrecondition, "token_exhausted");
    refused(case.redeem(&code).await.map(|_| ()), Code::PermissionDenied, "code_unknown");
    assert_eq!(case.finishes(&id).await.status, StatusCode::FORBIDDEN);
    assert!(!case.is_trusted().await);
}

#[tokio::test]
async fn attack_what_is_no_number_ends_it_as_well() {
    for typed in ["", "4", "042", "4२", "-5", "99999999999999999999"] {
        let mut case = case().await;
        let (id, code) = case.begins().await;
        let redeemed = case.redeem(&code).await.unwrap();
        refused(case.matches(&redeemed, typed).await, Code::PermissionDenied, "number_wrong");
        let number = case.state(&id).await;
        assert!(!number.contains("handoff-number"), "{typed}: {number}");
    }
}

#[tokio::test]
async fn attack_a_number_that_was_never_typed_is_not_passed_over() {
    let mut case = case().await;
    let (id, code) = case.begins().await;
    let redeemed = case.redeem(&code).await.unwrap();
    let outcome = case.machine.speak(&case.alice.connection, &redeemed.link).await;
    refused(outcome, Code::FailedPrecondition, "number_missing");
    assert_eq!(case.finishes(&id).await.status, StatusCode::FORBIDDEN);
    assert!(!case.is_trusted().await);
    // Nor does a challenge that was asked for before the number count after a wrong one.
    let (id, code) = case.begins().await;
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    case.matches(&redeemed, &number).await.unwrap();
    refused(case.matches(&redeemed, &number).await, Code::FailedPrecondition, "token_spent");
    // Without a certificate nobody speaks for a browser elsewhere.
    let stranger = case.rig.stranger().await;
    let outcome = case.machine.speak_as_stranger(&stranger, &redeemed.link).await;
    refused(outcome, Code::Unauthenticated, "not_logged_in");
    refused(matches(&stranger, &redeemed, &number).await, Code::Unauthenticated, "not_logged_in");
    case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    assert_eq!(case.finishes(&id).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn attack_a_stale_factor_shows_no_code_and_a_code_ends_with_it() {
    let mut case = case().await;
    let (_, code) = case.begins().await;
    // The code is good for no longer than the factor is fresh.
    case.rig.clock.advance(300);
    refused(case.redeem(&code).await.map(|_| ()), Code::PermissionDenied, "code_unknown");
    let page = case.browser.get(PAGE).await.body;
    assert!(page.contains("Confirm that it is you") && !page.contains("tsh device authorize"), "{page}");
    case.begins().await;
    case.rig.clock.advance(239);
    let page = case.browser.get(PAGE).await.body;
    assert!(page.contains("tsh device authorize"), "{page}");
    case.rig.clock.advance(2);
    let page = case.browser.get(PAGE).await.body;
    assert!(!page.contains("tsh device authorize"), "{page}");
}

#[tokio::test]
async fn attack_another_session_takes_up_what_was_proven() {
    let mut case = case().await;
    let (id, code) = case.begins().await;
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    case.matches(&redeemed, &number).await.unwrap();
    case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    let path = format!("/web/device/authorize/finish?attempt={id}");
    let mut other = case.signed_in().await;
    other.get(&path).await.refused(StatusCode::FORBIDDEN, "token_unknown");
    case.rig.browser().get(&path).await.refused(StatusCode::FORBIDDEN, "other_session");
    // What is no person's visit takes nothing up.
    for (method, headers) in [
        (Method::HEAD, &[][..]),
        (Method::GET, &[("sec-purpose", "prefetch")]),
        (Method::GET, &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]),
        (Method::GET, &[("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")]),
    ] {
        let page = case.browser.ask(method, &path, headers, String::new()).await;
        assert_eq!(page.status, StatusCode::NO_CONTENT, "{headers:?}");
    }
    assert!(!case.is_trusted().await);
    let (mut one, mut two) = (case.browser.clone(), case.browser.clone());
    let (first, second) = tokio::join!(one.get(&path), two.get(&path));
    for page in [&first, &second] {
        assert!(matches!(page.status, StatusCode::SEE_OTHER | StatusCode::CONFLICT), "{}", page.body);
    }
    let confirmed = case.rig.events("device.authenticate.confirm").await;
    assert_eq!(confirmed.iter().filter(|event| event["success"] == true).count(), 1, "{confirmed:?}");
    // After its minute it is over.
    let (id, code) = {
        case.browser = case.signed_in().await;
        case.begins().await
    };
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    case.matches(&redeemed, &number).await.unwrap();
    case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    case.rig.clock.advance(60);
    case.finishes(&id).await.refused(StatusCode::PRECONDITION_FAILED, "token_expired");
}

#[tokio::test]
async fn attack_somebody_else_types_the_code_or_the_number() {
    let mut case = case().await;
    let bob = case.rig.bot("bob", &["access"]).await;
    let (id, code) = case.begins().await;
    refused(redeem(&bob.connection, &code).await.map(|_| ()), Code::PermissionDenied, "code_unknown");
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    refused(matches(&bob.connection, &redeemed, &number).await, Code::PermissionDenied, "other_user");
    let mut guessed = redeemed.clone();
    guessed.link.token = guessed.link.token.chars().rev().collect();
    let outcome = matches(&case.alice.connection, &guessed, &number).await;
    refused(outcome, Code::PermissionDenied, "token_unknown");
    assert!(!case.is_trusted().await);
}

#[tokio::test]
async fn a_role_refuses_it_at_every_step_and_ends_what_it_finds() {
    let refusing =
        case_with(&["access", "at-desk"], json!({"mode": "required", "remote_browser": true})).await;
    let mut browser = refusing.browser.clone();
    refusing.confirms(&mut browser).await;
    let page = browser.get(PAGE).await.body;
    assert!(page.contains("One of your roles refuses browsers on other machines"), "{page}");

    for step in ["code", "number", "proof", "finish", "after"] {
        let mut case = case().await;
        let role = json!({
            "kind": "role", "version": "v1", "metadata": {"name": "at-desk"},
            "spec": {"options": {"remote_browser": false}},
        });
        case.rig.create("role", &role).await;
        let take = async |case: &Case| {
            let mut work = case.rig.store.begin().await.unwrap();
            let mut user = work.user("alice").await.unwrap().unwrap();
            user.roles.push("at-desk".to_owned());
            work.update_user(&user).await.unwrap();
            work.commit().await.unwrap();
        };
        let (id, code) = case.begins().await;
        if step == "code" {
            take(&case).await;
            let outcome = case.redeem(&code).await.map(|_| ());
            refused(outcome, Code::PermissionDenied, "remote_browser_refused");
            continue;
        }
        let redeemed = case.redeem(&code).await.unwrap();
        let number = case.number(&id).await;
        if step == "number" {
            take(&case).await;
            let outcome = case.matches(&redeemed, &number).await;
            refused(outcome, Code::PermissionDenied, "remote_browser_refused");
            continue;
        }
        case.matches(&redeemed, &number).await.unwrap();
        if step == "proof" {
            take(&case).await;
            let outcome = case.machine.speak(&case.alice.connection, &redeemed.link).await;
            refused(outcome, Code::PermissionDenied, "remote_browser_refused");
            continue;
        }
        case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
        if step == "finish" {
            take(&case).await;
            case.finishes(&id).await.refused(StatusCode::FORBIDDEN, "remote_browser_refused");
            continue;
        }
        assert_eq!(case.finishes(&id).await.status, StatusCode::SEE_OTHER);
        assert!(case.is_trusted().await);
        let request = wire::ListOwnSessionsRequest::default;
        let by_code = async |case: &Case| {
            let own = case.alice.connection.account().list_own_sessions(request()).await.unwrap();
            let all = wire::ListSessionsRequest::default();
            let all = case.rig.admin.sessions().list_sessions(all).await.unwrap();
            let count = |sessions: Vec<wire::SessionInfo>| {
                sessions.iter().filter(|session| session.device_confirmed_by == "code").count()
            };
            (count(own.into_inner().sessions), count(all.into_inner().sessions))
        };
        assert_eq!(by_code(&case).await, (1, 1));
        let page = case.browser.get("/web/account/sessions").await;
        assert!(page.body.contains("confirmed by a code"), "{}", page.body);
        take(&case).await;
        assert_eq!(by_code(&case).await, (0, 0), "before the browser asks for anything");
        assert!(!case.is_trusted().await, "at the next request");
        let page = case.browser.get("/web/account/sessions").await;
        assert!(!page.body.contains("confirmed by a code"), "{}", page.body);
        assert!(page.body.contains("Session not authorized with Device Trust"), "{}", page.body);
    }
}

#[tokio::test]
async fn switching_it_off_ends_what_is_under_way_and_what_was_confirmed() {
    let mut case = case().await;
    let off = json!({"second_factor": "otp", "device_trust": {"mode": "required", "remote_browser": false}});
    let on = json!({"second_factor": "otp", "device_trust": {"mode": "required", "remote_browser": true}});
    let (id, code) = case.begins().await;
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    case.matches(&redeemed, &number).await.unwrap();
    case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    case.rig.prefer(off.clone()).await;
    case.finishes(&id).await.refused(StatusCode::PRECONDITION_FAILED, "remote_browser_off");
    case.rig.prefer(on).await;
    case.trusted().await;
    assert!(case.is_trusted().await);
    // What a device on the machine itself vouches for stays.
    let mut near = case.signed_in().await.on_linux();
    let link = near.link("/web/device/authorize?next=/web/account").await;
    let token = case.machine.speak(&case.alice.connection, &link).await.unwrap();
    assert_eq!(near.confirm(&token.id, &token.token).await.status, StatusCode::SEE_OTHER);
    case.rig.prefer(off).await;
    assert!(!case.is_trusted().await);
    assert!(near.get("/web/account").await.body.contains("Session authorized with Device Trust"));
}

#[tokio::test]
async fn without_a_second_factor_there_is_no_browser_elsewhere() {
    let case = case().await;
    case.rig.prefer(json!({"second_factor": "off", "device_trust": {"remote_browser": true}})).await;
    let mut browser = Browser { user_agent: SAFARI, ..case.rig.browser() };
    browser.sign_in("alice", "/web/account").await;
    let page = browser.get(PAGE).await.body;
    assert!(page.contains("asks for a second factor, and you have none"), "{page}");
}

#[tokio::test]
async fn a_device_that_is_locked_after_the_number_gives_nothing() {
    let mut case = case().await;
    let (id, code) = case.begins().await;
    let redeemed = case.redeem(&code).await.unwrap();
    let number = case.number(&id).await;
    case.matches(&redeemed, &number).await.unwrap();
    case.machine.speak(&case.alice.connection, &redeemed.link).await.unwrap();
    case.rig.lock(json!({"device": case.device})).await;
    case.finishes(&id).await.refused(StatusCode::FORBIDDEN, "device_locked");
    assert!(!case.is_trusted().await);
}

#[tokio::test]
async fn a_shorter_age_of_the_cluster_holds_for_browsers_elsewhere() {
    let trust = json!({"mode": "required", "remote_browser": true, "web_session_max_age": "10m"});
    let mut case = case_with(&["access"], trust).await;
    case.trusted().await;
    case.rig.clock.advance(599);
    assert!(case.is_trusted().await);
    case.rig.clock.advance(1);
    assert!(!case.is_trusted().await);
}
