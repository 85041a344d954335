//! A browser's session is handed to the device's client and comes back trusted.

use gatehouse_model::{AttestationTier, OsType};
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use http::{Method, StatusCode};
use serde_json::json;
use tonic::Code;

use crate::rig::{
    Authenticating, Browser, Connection, Link, Machine, Person, Rig, confirm_path, hint_of, refused,
};

/// Somebody at an enrolled machine, with a browser that has just signed in.
struct Case {
    rig: Rig,
    alice: Person,
    machine: Machine,
    device: String,
    browser: Browser,
    link: Link,
}

async fn case() -> Case {
    case_on(Rig::start().await).await
}

async fn case_on(rig: Rig) -> Case {
    let alice = rig.person("alice", &["access"]).await;
    let (machine, device) = rig.enrolled(&alice, "PF000001").await;
    let (mut browser, place) = rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    Case { rig, alice, machine, device, browser, link }
}

impl Case {
    async fn speak(&self) -> devices::DeviceConfirmationToken {
        self.machine.speak(&self.alice.connection, &self.link).await.unwrap()
    }

    async fn trusted(&mut self) {
        let token = self.speak().await;
        let page = self.browser.confirm(&token.id, &token.token).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    }

    async fn is_trusted(&mut self) -> bool {
        self.browser.get("/web/account").await.body.contains("Session authorized with Device Trust")
    }

    /// The device that a browser's session of alice's has in storage.
    async fn session_device(&self) -> Option<gatehouse_domain::entity::SessionDevice> {
        let mut work = self.rig.store.read().await.unwrap();
        let sessions = work.active_sessions(Some("alice"), None, self.rig.now(), 10).await.unwrap();
        let web = sessions.into_iter().filter(|session| session.user_agent.contains("Firefox"));
        web.filter_map(|session| session.device).next()
    }
}

#[tokio::test]
async fn a_session_is_handed_over_and_comes_back_to_the_place_that_was_wanted() {
    let mut case = case().await;
    let (_, place) = case.rig.signed_in("alice").await;
    assert_eq!(place, "/web/device/authorize?next=/web/account/security");
    let port = case.rig.target.address.port();
    let start = format!("gatehouse://alice@localhost:{port}/authenticate_web_device?id=");
    assert!(case.link.url.starts_with(&start), "{}", case.link.url);
    assert!(case.link.url.ends_with("&redirect_uri=%2Fweb%2Faccount%2Fsecurity"), "{}", case.link.url);
    assert!(!case.is_trusted().await);
    let before = case.browser.cookie.clone();

    let token = case.speak().await;
    assert!(!case.is_trusted().await, "not before the browser has come back");
    let page = case.browser.confirm(&token.id, &token.token).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/web/account/security"));
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_ne!(case.browser.cookie, before, "another cookie");
    assert!(case.is_trusted().await);
    let device = case.session_device().await.unwrap();
    assert_eq!((device.device_id.as_str(), device.asset_tag.as_str()), (case.device.as_str(), "PF000001"));
    assert_eq!((device.since, device.tier), (case.rig.now(), Some(AttestationTier::TpmEkpub)));
    // The page of the tab that began goes on by itself.
    let page = case.browser.get(&place).await;
    assert_eq!((page.status, page.location()), (StatusCode::FOUND, "/web/account/security"));
    let old = Browser { cookie: before, ..case.browser.clone() }.get("/web/account").await;
    assert_ne!(old.status, StatusCode::OK, "the cookie before counts for nothing");

    let created = &case.rig.events("device.webtoken.create").await[0];
    assert_eq!((created["code"].as_str(), created["user"].as_str()), (Some("TV008I"), Some("alice")));
    let proven = &case.rig.events("device.authenticate").await[0];
    let confirmed = &case.rig.events("device.authenticate.confirm").await[0];
    assert_eq!(confirmed["code"], "TV009I");
    for event in [proven, confirmed] {
        assert_eq!(event["device"]["web_authentication"], true, "{event}");
        assert_eq!(event["device"]["web_session_id"], event["session_id"]);
        assert_eq!(event["device"]["device_id"].as_str(), Some(case.device.as_str()));
        assert_eq!(event["details"]["other_network"], false);
        assert_eq!(event["details"]["expected_devices"], json!([case.device]));
    }
    // Whatever is done from now on says from which device.
    let body = "do=others&form_key=x".to_owned();
    let headers = [("sec-fetch-site", "same-origin")];
    case.browser.ask(Method::POST, "/web/logout", &headers, body).await;
    let out = &case.rig.events("user.logout").await[0];
    assert_eq!(out["trusted_device"]["device_id"].as_str(), Some(case.device.as_str()), "{out}");
    assert_eq!(out["trusted_device"]["tier"], "tpm_ekpub");
    assert!(out["trusted_device"]["since"].is_string(), "{out}");
}

#[tokio::test]
async fn the_question_tells_who_asks_from_where_and_spends_nothing() {
    let case = case().await;
    let stranger = case.rig.stranger().await;
    for _ in 0..2 {
        let request =
            wire::DescribeDeviceWebTokenRequest { id: case.link.id.clone(), token: case.link.token.clone() };
        let asked = stranger.device_web().describe_device_web_token(request).await.unwrap().into_inner();
        assert_eq!((asked.user.as_str(), asked.browser.as_str()), ("alice", "Firefox 128"));
        assert_eq!((asked.os.as_str(), asked.address.as_str()), ("Linux", "127.0.0.1"));
        assert_eq!((asked.other_network, asked.redirect_uri.as_str()), (false, "/web/account/security"));
        assert!(!asked.correlation_id.is_empty());
    }
    case.speak().await;
}

#[tokio::test]
async fn a_token_and_the_devices_key_are_enough_where_the_certificate_has_expired() {
    let mut case = case().await;
    let stranger = case.rig.stranger().await;
    let token = case.machine.speak_as_stranger(&stranger, &case.link).await.unwrap();
    let page = case.browser.confirm(&token.id, &token.token).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert!(case.is_trusted().await);
    assert_eq!(case.rig.events("device.authenticate").await[0]["details"]["without_certificate"], true);
    // The private service asks for one.
    let (mut browser, place) = case.rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    refused(case.machine.speak(&stranger, &link).await, Code::Unauthenticated, "not_logged_in");
}

#[tokio::test]
async fn a_token_that_is_replayed_in_either_direction_is_refused() {
    let mut case = case().await;
    let token = case.speak().await;
    let again = case.machine.speak(&case.alice.connection, &case.link).await;
    let status = refused(again, Code::FailedPrecondition, "token_spent");
    assert!(hint_of(&status).contains("get a new one"));
    let other = case.rig.stranger().await;
    let again = case.machine.speak_as_stranger(&other, &case.link).await;
    refused(again, Code::FailedPrecondition, "token_spent");
    // The way back does not lead there, nor the way there back.
    let turned = Link { token: token.token.clone(), ..case.link.clone() };
    refused(
        case.machine.speak(&case.alice.connection, &turned).await,
        Code::PermissionDenied,
        "token_unknown",
    );
    let page = case.browser.confirm(&case.link.id, &case.link.token).await;
    page.refused(StatusCode::FORBIDDEN, "token_unknown");
    assert!(!case.is_trusted().await);

    let page = case.browser.confirm(&token.id, &token.token).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "and the page was not told of others' replays");
    // Once trust has ended, the token does not bring it back.
    case.rig.lock(json!({"device": case.device})).await;
    assert!(!case.is_trusted().await);
    case.browser
        .confirm(&token.id, &token.token)
        .await
        .refused(StatusCode::PRECONDITION_FAILED, "token_spent");
    let replays = case.rig.events("device.authenticate").await;
    assert!(replays.iter().any(|event| event["reason"] == "token_spent"), "{replays:?}");
}

#[tokio::test]
async fn another_browser_gets_other_session_and_the_token_stays_unspent() {
    let mut case = case().await;
    let token = case.speak().await;
    let (mut other, _) = case.rig.signed_in("alice").await;
    other.confirm(&token.id, &token.token).await.refused(StatusCode::FORBIDDEN, "other_session");
    let page = case.rig.browser().confirm(&token.id, &token.token).await;
    page.refused(StatusCode::FORBIDDEN, "other_session");
    case.rig.person("bob", &["access"]).await;
    let (mut bob, _) = case.rig.signed_in("bob").await;
    bob.confirm(&token.id, &token.token).await.refused(StatusCode::FORBIDDEN, "other_session");
    let event = &case.rig.events("device.authenticate.confirm").await[0];
    assert_eq!((event["success"].as_bool(), event["reason"].as_str()), (Some(false), Some("other_session")));
    case.trusted_by(&token).await;
}

impl Case {
    async fn trusted_by(&mut self, token: &devices::DeviceConfirmationToken) {
        let page = self.browser.confirm(&token.id, &token.token).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        assert!(self.is_trusted().await);
    }
}

#[tokio::test]
async fn a_session_that_is_confirmed_twice_at_once_is_confirmed_once() {
    let mut case = case().await;
    let token = case.speak().await;
    let (mut one, mut two) = (case.browser.clone(), case.browser.clone());
    let path = confirm_path(&token.id, &token.token);
    let (first, second) = tokio::join!(one.get(&path), two.get(&path));
    let statuses = [first.status, second.status];
    assert!(statuses.contains(&StatusCode::SEE_OTHER), "{statuses:?}");
    for page in [&first, &second] {
        // Whoever comes second is sent on, or told to load the page again with the new cookie.
        assert!(matches!(page.status, StatusCode::SEE_OTHER | StatusCode::CONFLICT), "{}", page.body);
    }
    let confirmed = case.rig.events("device.authenticate.confirm").await;
    assert_eq!(confirmed.iter().filter(|event| event["success"] == true).count(), 1, "{confirmed:?}");
    let renewed = [one, two].into_iter().find(|browser| browser.cookie != case.browser.cookie);
    case.browser = renewed.unwrap();
    assert!(case.is_trusted().await);
    // Loading the address once more leads on and does nothing.
    let again = case.browser.get(&path).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, "/web/account/security"));
    assert_eq!(case.rig.events("device.authenticate.confirm").await.len(), confirmed.len());
}

#[tokio::test]
async fn what_is_no_persons_visit_spends_nothing() {
    let mut case = case().await;
    let token = case.speak().await;
    let path = confirm_path(&token.id, &token.token);
    for (method, headers) in [
        (Method::HEAD, &[][..]),
        (Method::GET, &[("sec-purpose", "prefetch")]),
        (Method::GET, &[("sec-purpose", "prefetch;prerender")]),
        (Method::GET, &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]),
        (Method::GET, &[("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")]),
        (Method::GET, &[("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")]),
    ] {
        let page = case.browser.ask(method, &path, headers, String::new()).await;
        assert_eq!(page.status, StatusCode::NO_CONTENT, "{headers:?}");
    }
    assert_eq!(case.session_device().await, None);
    let headers = [("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")];
    let page = case.browser.ask(Method::GET, &path, &headers, String::new()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(case.is_trusted().await);
}

#[tokio::test]
async fn a_redirect_leads_nowhere_else_and_one_that_is_refused_spends_nothing() {
    let mut case = case().await;
    let token = case.speak().await;
    let with = |redirect: &str| format!("{}&redirect_uri={redirect}", confirm_path(&token.id, &token.token));
    for bad in [
        "javascript%3Aalert(1)",
        "%2Fweb%2F%0D%0ASet-Cookie%3Ax%3Dy",
        "%5C%5Cevil.example",
        "%2Fweb%2F%255cx",
    ] {
        let page = case.browser.get(&with(bad)).await;
        page.refused(StatusCode::BAD_REQUEST, "redirect_invalid");
    }
    for (path, message) in [
        ("/webapi/devices/webconfirm?token=x", "Parameter id required"),
        ("/webapi/devices/webconfirm?id=x", "Parameter token required"),
        ("/webapi/devices/webconfirm?id=x&token=y&token=z", "Parameter token is repeated"),
    ] {
        let page = case.browser.get(path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.body.contains(message), "{}", page.body);
    }
    assert_eq!(case.session_device().await, None);
    let page = case.browser.get(&with("https%3A%2F%2Fevil.example%2Fweb%2Fdevices%3Fx%3Dy")).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/web/devices?x=y"));
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_takes_nobody_along() {
    let case = case().await;
    let end = |case: &Case| {
        let store = std::sync::Arc::clone(&case.rig.store);
        let now = case.rig.now();
        async move {
            let mut work = store.begin().await.unwrap();
            work.end_sessions_of_user("alice", None, now).await.unwrap();
            work.commit().await.unwrap();
        }
    };
    // Between the challenge and the answer, as a stranger, whose certificate does not end with it.
    let link = case.link.clone();
    let stranger = case.rig.stranger().await;
    let token = case.speak().await;
    end(&case).await;
    let mut browser = case.browser.clone();
    browser.confirm(&token.id, &token.token).await.refused(StatusCode::FORBIDDEN, "other_session");
    let (mut browser, place) = case.rig.signed_in("alice").await;
    let fresh = browser.link(&place).await;
    end(&case).await;
    let outcome = case.machine.speak_as_stranger(&stranger, &fresh).await;
    refused(outcome, Code::FailedPrecondition, "session_over");
    let outcome = case.machine.speak_as_stranger(&stranger, &link).await;
    refused(outcome, Code::FailedPrecondition, "token_spent");
}

#[tokio::test]
async fn a_device_that_is_locked_between_the_steps_is_refused_at_each() {
    let mut case = case().await;
    let lock = case.rig.lock(json!({"device": case.device})).await;
    let outcome = case.machine.speak(&case.alice.connection, &case.link).await;
    refused(outcome, Code::PermissionDenied, "device_locked");
    let state = format!("/web/device/authorize/state?attempt={}&next=/web/devices", case.link.id);
    let told = case.browser.get(&state).await;
    assert!(told.body.contains("device_locked") && told.body.contains("Get a new link"), "{}", told.body);
    case.rig.unlock(&lock).await;

    let init = case.machine.web_init(&case.link);
    let (stream, nonce) = Authenticating::begin_tpm(&case.alice.connection, init).await.unwrap();
    let lock = case.rig.lock(json!({"device": case.device})).await;
    refused(case.machine.answer(stream, &nonce).await, Code::PermissionDenied, "device_locked");
    case.rig.unlock(&lock).await;

    let token = case.speak().await;
    let lock = case.rig.lock(json!({"device": case.device})).await;
    let page = case.browser.confirm(&token.id, &token.token).await;
    page.refused(StatusCode::FORBIDDEN, "device_locked");
    assert!(!case.is_trusted().await);
    case.rig.unlock(&lock).await;
    case.trusted_by(&token).await;
    let reasons: Vec<_> = case.rig.events("device.authenticate").await;
    let locked = reasons.iter().filter(|event| event["reason"] == "device_locked").count();
    assert_eq!(locked, 2, "{reasons:?}");
}

#[tokio::test]
async fn a_lock_on_the_user_stops_it_too() {
    let case = case().await;
    case.rig.lock(json!({"user": "alice"})).await;
    let stranger = case.rig.stranger().await;
    let outcome = case.machine.speak_as_stranger(&stranger, &case.link).await;
    refused(outcome, Code::PermissionDenied, "user_locked");
}

#[tokio::test]
async fn a_role_whose_sessions_live_three_minutes_leaves_time_enough() {
    let rig = Rig::start().await;
    let role = json!({
        "kind": "role", "version": "v1", "metadata": {"name": "brief"},
        "spec": {"options": {"max_session_ttl": "3m"}},
    });
    rig.create("role", &role).await;
    // Enrolled before: a certificate of three minutes is over by the real clock, which TLS goes by.
    let alice = rig.person("alice", &["access"]).await;
    let (machine, device) = rig.enrolled(&alice, "PF000001").await;
    let mut work = rig.store.begin().await.unwrap();
    let mut user = work.user("alice").await.unwrap().unwrap();
    user.roles = vec!["brief".to_owned()];
    work.update_user(&user).await.unwrap();
    work.commit().await.unwrap();
    let (mut browser, place) = rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    let mut case = Case { rig, alice, machine, device, browser, link };
    case.rig.clock.advance(120);
    let stranger = case.rig.stranger().await;
    let token = case.machine.speak_as_stranger(&stranger, &case.link).await.unwrap();
    case.rig.clock.advance(50);
    case.trusted_by(&token).await;
    // The session lives no longer for it.
    case.rig.clock.advance(15);
    let page = case.browser.get("/web/account").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);

    let (mut browser, place) = case.rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    case.rig.clock.advance(181);
    let outcome = case.machine.speak_as_stranger(&stranger, &link).await;
    refused(outcome, Code::FailedPrecondition, "token_expired");
}

#[tokio::test]
async fn a_client_whose_clock_is_ten_minutes_off_is_no_worse_off() {
    let mut case = case().await;
    for skew in [-600, 600] {
        let (mut browser, place) = case.rig.signed_in("alice").await;
        let link = browser.link(&place).await;
        let mut init = case.machine.web_init(&link);
        let seconds = case.rig.now().secs() + skew;
        let time = Some(prost_types::Timestamp { seconds, nanos: 0 });
        init.device_data.as_mut().unwrap().collect_time = time;
        let (stream, nonce) = Authenticating::begin_tpm(&case.alice.connection, init).await.unwrap();
        let token = case.machine.answer(stream, &nonce).await.unwrap();
        case.browser = browser;
        case.trusted_by(&token).await;
    }
}

#[tokio::test]
async fn links_live_five_minutes_and_the_way_back_one() {
    let mut case = case().await;
    case.rig.clock.advance(299);
    let token = case.speak().await;
    case.rig.clock.advance(60);
    let page = case.browser.confirm(&token.id, &token.token).await;
    page.refused(StatusCode::PRECONDITION_FAILED, "token_expired");
    let (mut browser, place) = case.rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    case.rig.clock.advance(300);
    let outcome = case.machine.speak(&case.alice.connection, &link).await;
    refused(outcome, Code::FailedPrecondition, "token_expired");
    let state = format!("/web/device/authorize/state?attempt={}", link.id);
    let told = browser.get(&state).await.body;
    assert!(told.contains("has expired") && told.contains("Get a new link"), "{told}");
}

#[tokio::test]
async fn nobody_speaks_for_another_users_session() {
    let case = case().await;
    let bob = case.rig.person("bob", &["access"]).await;
    let (machine, _) = case.rig.enrolled(&bob, "PF000002").await;
    refused(machine.speak(&bob.connection, &case.link).await, Code::PermissionDenied, "other_user");
    // Nor with a stranger's name and another user's device.
    let stranger = case.rig.stranger().await;
    let outcome = machine.speak_as_stranger(&stranger, &case.link).await;
    refused(outcome, Code::NotFound, "device_not_enrolled");
    let unknown = Machine::new("PF000003");
    let outcome = unknown.speak_as_stranger(&stranger, &case.link).await;
    refused(outcome, Code::NotFound, "device_not_enrolled");
}

#[tokio::test]
async fn a_device_of_another_system_than_the_browsers_is_not_expected() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, device) = rig.enrolled(&alice, "PF000001").await;
    let (windows, other) =
        rig.enrolled_machine(&alice, Machine { os: OsType::Windows, ..Machine::new("PF000002") }).await;
    let (mut browser, place) = rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    let status =
        refused(windows.speak(&alice.connection, &link).await, Code::PermissionDenied, "device_not_expected");
    let id = status.metadata().get("gatehouse-request-id").unwrap().to_str().unwrap().to_owned();
    let trace = &rig.events("device.authenticate").await[0];
    assert_eq!(trace["request_id"].as_str(), Some(id.as_str()), "the reference finds the trace");
    assert_eq!(trace["device"]["device_id"].as_str(), Some(other.as_str()));
    assert_eq!(trace["details"]["expected_devices"], json!([device]));
    machine.speak(&alice.connection, &link).await.unwrap();
}

#[tokio::test]
async fn what_a_device_cannot_prove_is_refused_with_the_check_that_failed() {
    let case = case().await;
    for _ in 0..5 {
        let init = case.machine.web_init(&case.link);
        let (stream, _) = Authenticating::begin_tpm(&case.alice.connection, init).await.unwrap();
        let outcome = case.machine.answer(stream, &[7; 32]).await;
        let status = refused(outcome, Code::PermissionDenied, "attestation_failed");
        assert!(status.message().contains("quote_invalid"), "{}", status.message());
    }
    let trace = &case.rig.events("device.authenticate").await[0];
    assert!(trace["details"]["check"].as_str().unwrap().contains("quote_invalid"), "{trace}");
    // Nobody tries for ever.
    let outcome = case.machine.speak(&case.alice.connection, &case.link).await;
    refused(outcome, Code::FailedPrecondition, "token_exhausted");
}

#[tokio::test]
async fn a_code_replaces_the_link_once() {
    let mut case = case().await;
    let bob = case.rig.person("bob", &["access"]).await;
    let redeem = |connection: Connection, code: String| async move {
        let request = wire::RedeemDeviceCodeRequest { code };
        connection.device_web().redeem_device_code(request).await.map(tonic::Response::into_inner)
    };
    let outcome = redeem(bob.connection.clone(), case.link.code.clone()).await;
    refused(outcome, Code::PermissionDenied, "code_unknown");
    let stranger = case.rig.stranger().await;
    refused(redeem(stranger, case.link.code.clone()).await, Code::Unauthenticated, "not_logged_in");
    let typed = case.link.code.to_lowercase().replace('-', " ");
    let got = redeem(case.alice.connection.clone(), typed).await.unwrap();
    let asked = got.attempt.unwrap();
    assert_eq!((asked.user.as_str(), got.id.as_str()), ("alice", case.link.id.as_str()));
    let outcome = redeem(case.alice.connection.clone(), case.link.code.clone()).await;
    refused(outcome, Code::PermissionDenied, "code_unknown");
    let outcome = case.machine.speak(&case.alice.connection, &case.link).await;
    refused(outcome, Code::PermissionDenied, "token_unknown");
    case.link.token = got.token;
    let token = case.speak().await;
    case.trusted_by(&token).await;

    let (mut browser, place) = case.rig.signed_in("alice").await;
    let link = browser.link(&place).await;
    case.rig.clock.advance(300);
    let outcome = redeem(case.alice.connection.clone(), link.code).await;
    refused(outcome, Code::PermissionDenied, "code_unknown");
}

#[tokio::test]
async fn guessing_codes_is_throttled() {
    let case = case().await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        let request = wire::RedeemDeviceCodeRequest { code: "BBBB-BBBB".to_owned() };
        let status = case.alice.connection.device_web().redeem_device_code(request).await.unwrap_err();
        codes.push(status.code());
    }
    assert_eq!(codes[..5], [Code::PermissionDenied; 5]);
    assert!(codes.contains(&Code::ResourceExhausted), "{codes:?}");
}

#[tokio::test]
async fn no_caller_may_name_the_session_that_is_confirmed() {
    let case = case().await;
    let token = case.speak().await;
    let editor = case.rig.person("root", &["editor"]).await;
    let bot = case.rig.bot("robot", &["editor"]).await;
    for connection in [&case.alice.connection, &editor.connection, &bot.connection, &case.rig.admin] {
        let request = devices::ConfirmDeviceWebAuthenticationRequest {
            confirmation_token: Some(token.clone()),
            current_web_session_id: "any".to_owned(),
        };
        let outcome = connection.devices().confirm_device_web_authentication(request).await;
        refused(outcome, Code::PermissionDenied, "proxy_required");
    }
    assert_eq!(case.session_device().await, None);
}

#[tokio::test]
async fn whatever_ends_the_devices_trust_ends_that_of_its_sessions_at_once() {
    for what in ["lock", "unenrol", "delete", "hand over"] {
        let mut case = case().await;
        case.trusted().await;
        assert!(case.is_trusted().await, "{what}");
        let id = case.device.clone();
        let update = |device: devices::Device, paths: &[&str]| devices::UpdateDeviceRequest {
            device: Some(device),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
        };
        match what {
            "lock" => {
                case.rig.lock(json!({"device": id})).await;
            }
            "unenrol" => {
                let mut device = devices::Device { id, ..devices::Device::default() };
                device.set_enroll_status(devices::DeviceEnrollStatus::NotEnrolled);
                case.rig.admin.devices().update_device(update(device, &["enroll_status"])).await.unwrap();
            }
            "delete" => {
                let request = devices::DeleteDeviceRequest { device_id: id };
                case.rig.admin.devices().delete_device(request).await.unwrap();
            }
            _ => {
                case.rig.person("bob", &["access"]).await;
                let device = devices::Device { id, owner: "bob".to_owned(), ..devices::Device::default() };
                case.rig.admin.devices().update_device(update(device, &["owner"])).await.unwrap();
            }
        }
        assert_eq!(case.session_device().await, None, "{what}");
        let before = case.browser.cookie.clone();
        assert!(!case.is_trusted().await, "{what}");
        assert_ne!(case.browser.cookie, before, "{what}: the cookie follows the rights");
    }
}

#[tokio::test]
async fn trust_may_be_asked_for_anew_after_a_while() {
    let rig = Rig::start().await;
    let trust = json!({"mode": "required", "web_session_max_age": "8m"});
    rig.prefer(json!({"second_factor": "off", "device_trust": trust})).await;
    let mut case = case_on(rig).await;
    case.trusted().await;
    case.rig.clock.advance(479);
    assert!(case.is_trusted().await);
    case.rig.clock.advance(1);
    let page = case.browser.get("/web/account").await;
    assert!(page.body.contains("Session not authorized with Device Trust"), "{}", page.body);
    assert!(page.body.contains("/web/device/authorize?next=/web/account"), "{}", page.body);
    // The same session becomes trusted again.
    case.link = case.browser.link("/web/device/authorize?next=/web/account").await;
    let token = case.speak().await;
    case.trusted_by(&token).await;
}

#[tokio::test]
async fn a_shorter_age_counts_at_once_and_a_longer_one_for_the_next() {
    let mut case = case().await;
    let age = |age: serde_json::Value| json!({"second_factor": "off", "device_trust": {"web_session_max_age": age}});
    case.trusted().await;
    case.rig.clock.advance(1200);
    assert!(case.is_trusted().await);
    case.rig.prefer(age("30m".into())).await;
    assert!(case.is_trusted().await);
    case.rig.prefer(age("10m".into())).await;
    assert!(!case.is_trusted().await, "in the same commit");
    assert!(case.session_device().await.unwrap().until.unwrap() < case.rig.now());
    // Lengthened, it does not bring back what has ended.
    case.rig.prefer(age("2h".into())).await;
    assert!(!case.is_trusted().await);
    case.link = case.browser.link("/web/device/authorize?next=/web/account").await;
    let token = case.speak().await;
    case.trusted_by(&token).await;
    assert_eq!(case.session_device().await.unwrap().until, Some(case.rig.now().plus_secs(7200)));
}

#[tokio::test]
async fn sessions_that_no_device_can_speak_for_are_let_in_without_a_detour() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, place) = rig.signed_in("alice").await;
    assert_eq!(place, "/web/account/security", "no device");
    rig.enrolled(&alice, "PF000001").await;
    let phone = "Mozilla/5.0 (Linux; Android 14) Chrome/126.0.0.0 Mobile Safari/537.36";
    let mut browser = Browser { user_agent: phone, ..rig.browser() };
    assert_eq!(browser.sign_in("alice", "/web/devices").await, "/web/devices", "a phone");
    let page = browser.get("/web/device/authorize?next=/web/devices").await;
    assert!(
        page.body.contains("cannot be authorized") && page.body.contains("/web/devices"),
        "{}",
        page.body
    );
    rig.prefer(json!({"second_factor": "off", "device_trust": {"mode": "off"}})).await;
    let (_, place) = rig.signed_in("alice").await;
    assert_eq!(place, "/web/account/security", "off");
}

#[tokio::test]
async fn the_scheme_of_links_is_the_clusters_to_choose() {
    let rig = Rig::start().await;
    let trust = json!({"link_scheme": "acme-gate"});
    rig.prefer(json!({"second_factor": "off", "device_trust": trust})).await;
    let alice = rig.person("alice", &["access"]).await;
    rig.enrolled(&alice, "PF000001").await;
    let (mut browser, place) = rig.signed_in("alice").await;
    let page = browser.get(&place).await;
    assert!(page.body.contains("href=\"acme-gate://alice@"), "{}", page.body);
}

#[tokio::test]
async fn sessions_are_listed_with_their_device() {
    let mut case = case().await;
    case.trusted().await;
    let request = wire::ListSessionsRequest { user: "alice".to_owned(), ..Default::default() };
    let listed = case.rig.admin.sessions().list_sessions(request).await.unwrap().into_inner().sessions;
    let web = listed.iter().find(|session| session.kind == "web").unwrap();
    assert_eq!((web.device_id.as_str(), web.asset_tag.as_str()), (case.device.as_str(), "PF000001"));
    assert_eq!(web.device_tier, "tpm_ekpub");
    assert!(web.device_since.is_some());
}

#[tokio::test]
async fn who_has_no_device_that_could_speak_is_told_how_to_enrol_one() {
    const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15";
    const PAGE: &str = "/web/devices";
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    rig.enrolled(&alice, "PF000001").await;
    rig.person("bob", &["editor"]).await;
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    let offered = async |user: &str, user_agent| {
        let mut browser = Browser { user_agent, ..rig.browser() };
        browser.sign_in(user, "/web/account").await;
        let page = browser.get(PAGE).await.body;
        let (authorize, enrol) = (
            page.matches("Authorize this session").count(),
            page.matches("How to enrol this machine").count(),
        );
        assert_eq!(page.matches("/web/account#devices").count(), enrol, "{page}");
        assert_eq!(page.matches("/web/device/authorize?next=/web/devices").count(), authorize, "{page}");
        (authorize, enrol)
    };
    // In the menu, and on the page that is refused.
    let linux = rig.browser().user_agent;
    assert_eq!(offered("alice", linux).await, (2, 0));
    assert_eq!(offered("bob", linux).await, (0, 2));
    assert_eq!(offered("alice", MAC).await, (0, 2), "her device has another system");
    rig.prefer(json!({"device_trust": {"mode": "required", "remote_browser": true}})).await;
    assert_eq!(offered("alice", MAC).await, (2, 0), "her device may speak from elsewhere");
    assert_eq!(offered("bob", MAC).await, (0, 2));
}
