use gatehouse_domain::account::NewUser;
use gatehouse_domain::authz::CreateUser;
use gatehouse_domain::entity::{SessionDevice, SessionKey};
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::resource::{DeviceTrustSpec, PreferenceSpec, UserSpec};
use gatehouse_model::{DeviceTrustMode, OsType, SecondFactor};
use gatehouse_server::http::Site;
use http::StatusCode;

use super::browser::{Browser, Cluster, PASSWORD, cluster, cluster_with};

const TRUSTED: &str = "Session authorized with Device Trust";
const MISSING: &str = "Session not authorized with Device Trust: access is restricted";

async fn required() -> Cluster {
    let preference = PreferenceSpec {
        second_factor: Some(SecondFactor::Off),
        device_trust: DeviceTrustSpec { mode: Some(DeviceTrustMode::Required), ..DeviceTrustSpec::default() },
    };
    cluster_with(preference, &Site::bare()).await
}

/// Gives the browser's session a device, as an authentication does.
pub(super) async fn trust(browser: &Browser<'_>, device_id: &str, asset_tag: &str) {
    let cookie = gatehouse_domain::SecretToken::read_cookie(browser.cookie.as_deref().unwrap()).unwrap();
    let mut work = browser.cluster.store.begin().await.unwrap();
    let session = work.standing(SessionKey::Cookie(&cookie.hash())).await.unwrap().unwrap().session;
    let device = SessionDevice {
        device_id: device_id.to_owned(),
        asset_tag: asset_tag.to_owned(),
        credential_id: "credential".to_owned(),
        since: browser.cluster.clock.now(),
        tier: None,
        until: None,
        confirmed_by: None,
    };
    assert!(work.set_session_device(&session.id, Some(&device)).await.unwrap());
    work.commit().await.unwrap();
}

#[tokio::test]
async fn under_required_the_inventory_waits_for_a_trusted_device() {
    let cluster = required().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "PF2ABC").await;

    let page = browser.get("/web/devices").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.holds("Access to resource requires a trusted device")
        .holds("<code>tsh device doctor</code>")
        .holds("trusted_device_required")
        .holds(r##"href="/web/account#devices""##)
        .holds(MISSING)
        .holds("shield--missing")
        .lacks("PF2ABC");

    let account = browser.get("/web/account").await;
    assert_eq!(account.status, StatusCode::OK, "the own account stays open");
    account.holds("My devices").holds("You have not enrolled a device yet").holds(MISSING);

    trust(&browser, &id, "PF2ABC").await;
    let page = browser.get("/web/devices").await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("PF2ABC").holds(TRUSTED).holds("shield--trusted").lacks(MISSING);

    let mut work = cluster.store.begin().await.unwrap();
    work.untrust_sessions_of_device(&id).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(browser.get("/web/devices").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_shield_is_there_before_the_content() {
    let cluster = required().await;
    let mut browser = cluster.admin().await;
    let page = browser.get("/web/account").await;
    let shield = page.body.find("shield--missing").unwrap();
    assert!(shield < page.body.find("<main").unwrap(), "in the header");
    // No browser needs a script to see it.
    assert!(!page.body[..shield].contains("leptos-island"));
}

#[tokio::test]
async fn who_may_not_list_devices_is_told_so() {
    let cluster = cluster().await;
    cluster.admin().await;
    let grant = cluster.host_admin().grant::<CreateUser>().unwrap();
    let spec = UserSpec { roles: vec!["access".to_owned()], ..UserSpec::default() };
    let new = NewUser { name: "alice".to_owned(), spec };
    let (_, link) = cluster.services.accounts.create(&grant, new, None).await.unwrap();
    let path = format!("/web/signup/{}", link.unwrap().token.reveal());
    let mut browser = cluster.browser();
    browser.get(&path).await.holds("Welcome to Gatehouse").holds("alice").lacks(r#"label for="user""#);
    let form = [("user", "root"), ("password", PASSWORD), ("password_again", PASSWORD)];
    browser.post(&path, &form).await;
    assert_eq!(browser.sign_in("alice", PASSWORD).await.location(), "/web/devices");

    assert_eq!(browser.get("/web/devices").await.location(), "/web/account", "no refusal as the first page");
    let page = browser.get("/web/devices?q=x").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.holds("Access denied: none of your roles allows").holds("alice");
    let account = browser.get("/web/account").await;
    account.holds("My devices").holds("access");
    // The certificate is of the server's own making: the command has what makes it work as it is copied.
    account.holds("tsh login --proxy=gate.example:3080 --user=alice --ca-pin=sha256:");
}
