use gatehouse_model::resource::{DeviceTrustSpec, PreferenceSpec};
use gatehouse_model::{DeviceTrustMode, EnrollStatus, OsType, SecondFactor};
use gatehouse_server::http::Site;
use http::StatusCode;

use super::browser::{Cluster, cluster, cluster_with};
use super::people::{hidden, invite, person};

/// Marks a device as enrolled and used by somebody.
async fn enrolled(cluster: &Cluster, tag: &str, user: &str) {
    use gatehouse_domain::ports::Clock as _;
    let id = cluster.register(OsType::Linux, tag).await;
    let mut work = cluster.store.begin().await.unwrap();
    let mut device = work.device(&id).await.unwrap().unwrap();
    device.enroll_status = EnrollStatus::Enrolled;
    work.update_device(&device).await.unwrap();
    work.add_device_user(&id, user, cluster.clock.now()).await.unwrap();
    work.commit().await.unwrap();
}

fn wish<'a>(mode: &'a str, revision: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("do", "save"), ("mode", mode), ("second_factor", "off"), ("revision", revision)]
}

#[tokio::test]
async fn each_value_says_where_it_comes_from_and_can_be_given_back() {
    let preference = PreferenceSpec {
        second_factor: Some(SecondFactor::Off),
        device_trust: DeviceTrustSpec { mode: Some(DeviceTrustMode::Optional), ..DeviceTrustSpec::default() },
    };
    let cluster = cluster_with(preference, &Site::bare()).await;
    let mut root = cluster.admin().await;
    let page = root.get("/web/settings").await;
    page.holds("from the configuration file").holds("default").lacks("dynamic value").lacks("without effect");
    page.holds("None is listed").lacks("Back to the configuration file");
    let revision = hidden(&page.body, "revision");
    let form = [wish("off", &revision), vec![("auto_enroll", "yes")]].concat();
    assert_eq!(root.post("/web/settings", &form).await.location(), "/web/settings");
    let page = root.get("/web/settings").await;
    page.holds("The settings have been saved")
        .holds("dynamic value")
        .holds("without effect")
        .holds("<code>device_trust.mode</code>")
        .holds("Last changed")
        .holds("Back to the configuration file")
        .holds("from the configuration file");
    // Stale: somebody else was faster.
    let page = root.post("/web/settings", &wish("optional", &revision)).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("changed meanwhile by root").holds("These values hold now");
    let revision = hidden(&page.body, "revision");
    let reset = [("do", "reset"), ("key", "device_trust.mode"), ("revision", &revision)];
    assert_eq!(root.post("/web/settings", &reset).await.location(), "/web/settings");
    root.get("/web/settings").await.lacks("without effect").holds("dynamic value");
    root.post("/web/settings", &[("do", "reset"), ("key", "x"), ("revision", &revision)])
        .await
        .holds("unknown_setting");
    root.post("/web/settings", &wish("sometimes", &revision)).await.holds("invalid_setting");
}

#[tokio::test]
async fn required_says_first_whom_it_locks_out_and_is_never_saved_without_an_admin_who_has_a_device() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for number in 0..60 {
        invite(&cluster, &format!("user{number:02}"), &["access"]).await;
    }
    let revision = hidden(&root.get("/web/settings").await.body, "revision");
    let page = root.post("/web/settings", &wish("required", &revision)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("This locks people out: look at whom, and confirm it")
        .holds("61 users have no enrolled device and would be locked out now")
        .holds("You are among them")
        .holds("user48")
        .lacks(r#"href="/web/users/user49""#)
        .holds("/web/settings/locked-out?mode=required")
        .holds("Save all the same");
    let page = root.get("/web/settings/locked-out?mode=required").await;
    page.holds("user48").lacks("user49").holds("after=user48");
    let page = root.get("/web/settings/locked-out?mode=required&after=user48").await;
    page.holds("user59").holds("First page").lacks("Next page");
    let confirmed = [wish("required", &revision), vec![("confirmed", "yes")]].concat();
    let page = root.post("/web/settings", &confirmed).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    page.holds("no_admin_with_device").holds("tsh device enroll --current-device").holds("tctl");
    root.get("/web/users").await.holds("root");

    enrolled(&cluster, "PF000001", "root").await;
    let page = root.post("/web/settings", &wish("required", &revision)).await;
    page.holds("60 users have no enrolled device")
        .holds("this session is not on it")
        .lacks("You are among them");
    assert_eq!(root.post("/web/settings", &confirmed).await.location(), "/web/settings");
    // Now the gate is closed for this session, which is on no device.
    for path in
        ["/web/settings", "/web/users", "/web/roles", "/web/locks", "/web/audit", "/web/audit/export.jsonl"]
    {
        let page = root.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        page.holds("trusted_device_required");
    }
    assert_eq!(root.get("/web/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_may_only_read_sees_values_and_no_form() {
    let cluster = cluster().await;
    cluster.admin().await;
    super::people::role(&cluster, "reader", &["*"], &["list", "read"]).await;
    let mut carol = person(&cluster, "carol", &["reader"]).await;
    carol.get("/web/settings").await.holds("optional: nobody is refused").lacks("<select").lacks("Save");
    carol.get("/web/users/carol").await.lacks("Roles and logins").lacks("Reset sign-in");
    carol.get("/web/roles/editor").await.holds("kind: role").lacks("<textarea");
    carol.get("/web/locks").await.holds("Nothing is locked").lacks("New lock");
}

#[tokio::test]
async fn attack_a_factor_that_no_administrator_has() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let revision = hidden(&root.get("/web/settings").await.body, "revision");
    for factor in ["on", "otp", "webauthn"] {
        let form = [("do", "save"), ("mode", "optional"), ("second_factor", factor), ("revision", &revision)];
        let page = root.post("/web/settings", &form).await;
        assert_eq!(page.status, StatusCode::PRECONDITION_FAILED, "{factor}");
        page.holds("no_admin_with_factor").holds("lock out every administrator");
    }
    let form = [("do", "save"), ("mode", "optional"), ("second_factor", "optional"), ("revision", &revision)];
    assert_eq!(root.post("/web/settings", &form).await.location(), "/web/settings");
    assert_eq!(
        cluster.browser().sign_in("root", super::browser::PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn browser_sessions_are_set_on_the_page_and_nothing_else_is_pinned() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let page = root.get("/web/settings").await;
    page.holds("Save browser sessions").lacks("dynamic value");
    let revision = hidden(&page.body, "revision");
    let save = |age: &'static str, scheme: &'static str, revision: String| {
        let fields = [
            ("do", "save-web".to_owned()),
            ("web_session_max_age", age.to_owned()),
            ("link_scheme", scheme.to_owned()),
            ("revision", revision),
        ];
        fields.map(|(name, value)| (name, value))
    };
    async fn post(
        root: &mut super::browser::Browser<'_>,
        fields: &[(&str, String)],
        remote: bool,
    ) -> super::browser::Page {
        let mut form: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if remote {
            form.push(("remote_browser", "yes"));
        }
        root.post("/web/settings", &form).await
    }
    for (age, scheme, wrong) in [
        ("4m", "gatehouse", "use 5m to 30d"),
        ("soon", "gatehouse", "soon"),
        ("8h", "https", "cannot be the scheme of links"),
    ] {
        let page = post(&mut root, &save(age, scheme, revision.clone()), true).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
        page.holds(wrong).holds("invalid_setting").holds(&format!("value=\"{age}\""));
    }
    let page = post(&mut root, &save("8h", "gatehouse", revision.clone()), true).await;
    assert_eq!(page.location(), "/web/settings", "{}", page.body);
    let document = cluster.services.preference.document().await.unwrap();
    let trust = &document.dynamic.device_trust;
    assert_eq!(trust.web_session_max_age.map(|age| age.secs()), Some(8 * 3600));
    assert_eq!((trust.remote_browser, &trust.link_scheme, trust.mode), (Some(true), &None, None));
    // Stale.
    let page = post(&mut root, &save("9h", "gatehouse", revision), false).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("device_trust.web_session_max_age").holds("<dd>8h").holds("<dd>on");
    let revision = hidden(&page.body, "revision");
    let page = post(&mut root, &save("", "acme-gate", revision), false).await;
    assert_eq!(page.location(), "/web/settings", "{}", page.body);
    let document = cluster.services.preference.document().await.unwrap();
    let trust = &document.dynamic.device_trust;
    assert_eq!((trust.web_session_max_age, trust.remote_browser), (None, Some(false)));
    assert_eq!(document.effective.link_scheme.as_str(), "acme-gate");
    // The other form keeps what it does not have.
    let revision = hidden(&root.get("/web/settings").await.body, "revision");
    root.post("/web/settings", &wish("off", &revision)).await;
    let document = cluster.services.preference.document().await.unwrap();
    assert_eq!(document.effective.link_scheme.as_str(), "acme-gate");
    let mut alice = cluster.person("alice", &["access"]).await;
    let page = alice.post("/web/settings", &[("do", "save-web"), ("link_scheme", "mine")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn how_devices_boot_and_get_in_is_set_by_itself() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let page = root.get("/web/settings").await;
    page.holds("Save boots and new devices").lacks("dynamic value");
    let revision = hidden(&page.body, "revision");
    let wrong =
        [("do", "save-boot"), ("boot_drift", "ignore"), ("ship_ahead", "yes"), ("revision", &revision)];
    let page = root.post("/web/settings", &wrong).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("Unknown policy for boots").holds("invalid_setting");
    let on = [("do", "save-boot"), ("boot_drift", "review"), ("ship_ahead", "yes"), ("revision", &revision)];
    assert_eq!(root.post("/web/settings", &on).await.location(), "/web/settings");
    let document = cluster.services.preference.document().await.unwrap();
    let trust = &document.dynamic.device_trust;
    // What was not changed is not pinned.
    assert_eq!(
        (trust.boot_drift, trust.ship_ahead, trust.ekcert_fetch_cas, trust.mode),
        (Some(gatehouse_model::BootDrift::Review), Some(true), None, None)
    );
    let stale =
        [("do", "save-boot"), ("boot_drift", "report"), ("ekcert_fetch_cas", "yes"), ("revision", &revision)];
    let page = root.post("/web/settings", &stale).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("device_trust.boot_drift").holds("<dd>review");
    let revision = hidden(&page.body, "revision");
    let again = [stale[0], stale[1], stale[2], ("revision", revision.as_str())];
    assert_eq!(root.post("/web/settings", &again).await.location(), "/web/settings");
    let effective = cluster.services.preference.current().await.unwrap();
    assert!(effective.ekcert_fetch_cas && !effective.ship_ahead);
    assert_eq!(effective.boot_drift, gatehouse_model::BootDrift::Report);
    // Who may not change them sees them.
    super::people::role(&cluster, "reader", &["cluster_auth_preference"], &["read"]).await;
    let mut alice = cluster.person("alice", &["reader"]).await;
    alice.get("/web/settings").await.holds("are fetched from TPM makers").lacks("Save boots");
    assert_eq!(alice.post("/web/settings", &on).await.status, StatusCode::FORBIDDEN);
    cluster.clock.advance(gatehouse_domain::authz::FRESH_FACTOR_SECS);
    assert!(root.post("/web/settings", &on).await.location().starts_with("/web/account/confirm"));
}
