//! One device in the console: everything about it, and what can be done.

use gatehouse_domain::account::NewUser;
use gatehouse_domain::authz::{CreateUser, Grant, UpdateDevice};
use gatehouse_domain::entity::{BootRecord, CollectedRecord, Counters, Credential, Evidence, RecordKind};
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::resource::UserSpec;
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters};
use gatehouse_model::{AttestationTier, CollectedData, EnrollStatus, OsType};
use gatehouse_testkit::soft_tpm::{EkKind, SoftTpm, SoftTpmCa};
use http::StatusCode;

use super::browser::{Browser, Cluster, PASSWORD, cluster};

/// Makes a device enrolled as a ceremony would: key, evidence, what was collected, how it booted.
async fn enrol(cluster: &Cluster, id: &str) {
    let now = cluster.clock.now();
    let mut work = cluster.store.begin().await.unwrap();
    let mut device = work.device(id).await.unwrap().unwrap();
    device.enroll_status = EnrollStatus::Enrolled;
    device.owner = Some("root".to_owned());
    device.anchor = Some([0xab; 32]);
    work.update_device(&device).await.unwrap();
    work.add_device_user(id, "root", now).await.unwrap();
    let credential = Credential {
        id: "credential-1".to_owned(),
        device_id: id.to_owned(),
        os_type: device.os_type,
        public_key_der: Vec::new(),
        tier: AttestationTier::TpmEkcert,
        ekcert_serial: "01".to_owned(),
        ak_public: vec![1],
        user: "root".to_owned(),
        created: now,
        last_used: now,
        counters: Some(Counters { reset_count: 1, restart_count: 1, clock: 1 }),
    };
    work.put_credential(&credential).await.unwrap();
    let tpm = SoftTpm::with_shared_key(EkKind::P256);
    let evidence = Evidence {
        id: "e1".to_owned(),
        device_id: id.to_owned(),
        user: "root".to_owned(),
        kind: RecordKind::Enroll,
        time: now,
        verdict: "success".to_owned(),
        credential_id: credential.id.clone(),
        nonce: vec![1; 32],
        ek_public: tpm.ek_spki(),
        ek_certificate: SoftTpmCa::new().issue(&tpm),
        ak: AttestationParameters::default(),
        platform: PlatformParameters::default(),
        intermediates: Vec::new(),
        basis: None,
        device_key: Vec::new(),
        signature: Vec::new(),
        tier: AttestationTier::TpmEkcert,
        findings: Vec::new(),
    };
    work.insert_evidence(&evidence).await.unwrap();
    for (time, version) in [(1, "12"), (2, "13")] {
        let mut data = CollectedData::new(now, device.os_type, device.asset_tag.as_str());
        data.record_time = Some(now.plus_secs(time));
        data.os_version = version.to_owned();
        let kind = if time == 1 { RecordKind::Enroll } else { RecordKind::Authenticate };
        work.add_collected(id, &CollectedRecord { kind, data }).await.unwrap();
    }
    let pcrs = (0..8).map(|index| Pcr { index, digest: vec![0x5a; 32], digest_alg: 5 }).collect();
    let boot = BootRecord {
        device_id: id.to_owned(),
        kind: RecordKind::Enroll,
        user: "root".to_owned(),
        time: now,
        since: now,
        fingerprint: [1; 32],
        platform: PlatformParameters { pcrs, ..PlatformParameters::default() },
    };
    work.note_boot(&boot).await.unwrap();
    work.commit().await.unwrap();
}

async fn enrolled(cluster: &Cluster) -> (String, String) {
    let id = cluster.register(OsType::Linux, "PF2ABC").await;
    enrol(cluster, &id).await;
    let path = format!("/web/devices/{id}");
    (id, path)
}

#[tokio::test]
async fn the_page_says_what_the_device_is_and_why_it_is_trusted_so_far() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("<h1>PF2ABC</h1>")
        .holds(&"ab".repeat(32))
        .holds("credential-1")
        .holds("TPM key, EK certificate not verified")
        .holds("Nobody checked who issued it")
        .holds("ECC P-256")
        .holds("TPM maker")
        .holds("No event log was sent")
        .holds(&"5a".repeat(32))
        .holds("<ins>13</ins>")
        .holds("<del>12</del>")
        .holds("Device added")
        .holds("/web/audit/")
        .holds(&format!("/web/audit?device={id}"))
        .holds(&format!("data-live=\"device:{id} locks\""));
}

#[tokio::test]
async fn a_device_without_anything_has_designed_states() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Macos, "C00AA0").await;
    let page = browser.get(&format!("/web/devices/{id}")).await;
    page.holds("No key is bound to this device")
        .holds("has not attested how it booted")
        .holds("has not told anything of itself yet")
        .holds("No token was made for this device")
        .holds("It has never authenticated")
        .lacks("Un-enrol");
}

#[tokio::test]
async fn an_unknown_and_a_deleted_device_have_a_page_with_a_way_back() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    browser.post(&path, &[("do", "delete"), ("confirm", "pf2abc")]).await;
    for path in [path.as_str(), "/web/devices/nonsense", "/web/devices/%3Cscript%3E"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.holds("There is no such device")
            .holds("To the devices")
            .holds("device_not_found")
            .lacks("<script>al");
    }
    let late = browser.post(&path, &[("do", "lock")]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    late.holds("There is no such device");
    assert!(cluster.store.read().await.unwrap().device(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn deleting_asks_for_the_tag() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    browser
        .get(&path)
        .await
        .holds("This cannot be taken back")
        .holds("Type <strong>PF2ABC</strong> to confirm");
    for typed in ["", "PF2AB", "yes"] {
        let page = browser.post(&path, &[("do", "delete"), ("confirm", typed)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        page.holds("not_confirmed").holds("nothing was deleted");
    }
    assert!(cluster.store.read().await.unwrap().device(&id).await.unwrap().is_some());
    let done = browser.post(&path, &[("do", "delete"), ("confirm", " pf2abc ")]).await;
    assert_eq!(done.location(), "/web/devices");
    browser.get("/web/devices").await.holds("Device PF2ABC deleted");
}

#[tokio::test]
async fn unenrolling_says_what_it_did_and_does_nothing_twice() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    browser.get(&path).await.holds("It stays in the inventory and can be enrolled again");
    assert_eq!(browser.post(&path, &[("do", "unenrol")]).await.location(), path);
    let page = browser.get(&path).await;
    page.holds("un-enrolled: its keys").holds("No key is bound").holds("has not attested how it booted");
    browser.post(&path, &[("do", "unenrol")]).await;
    browser.get(&path).await.holds("was not enrolled: nothing was changed");
    let device = cluster.store.read().await.unwrap().device(&id).await.unwrap().unwrap();
    assert_eq!((device.enroll_status, device.anchor), (EnrollStatus::NotEnrolled, None));
}

#[tokio::test]
async fn locking_takes_spans_times_and_a_message_and_unlocking_takes_it_back() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (_, path) = enrolled(&cluster).await;
    let lock = [("do", "lock"), ("for", "12h"), ("until", ""), ("message", "stolen <b>")];
    assert_eq!(browser.post(&path, &lock).await.location(), path);
    let page = browser.get(&path).await;
    page.holds("Device PF2ABC locked until")
        .holds("stolen &lt;b&gt;")
        .holds("locked")
        .holds("Takes the lock away");
    let ids: Vec<String> = {
        let mut work = cluster.store.read().await.unwrap();
        work.locks().await.unwrap().into_iter().map(|lock| lock.id).collect()
    };
    assert_eq!(browser.post(&path, &[("do", "unlock"), ("lock", &ids[0])]).await.location(), path);
    browser.get(&path).await.holds("unlocked").lacks("stolen &lt;b&gt;</");
    browser.post(&path, &[("do", "unlock"), ("lock", &ids[0])]).await;
    browser.get(&path).await.holds("had none of these locks any more");

    for (span, until, code) in [
        ("until", "", "invalid_time"),
        ("until", "2001-01-01T00:00", "lock_expired"),
        ("for ever", "", "invalid_duration"),
    ] {
        let form = [("do", "lock"), ("for", span), ("until", until), ("message", "kept")];
        let page = browser.post(&path, &form).await;
        page.holds(code).holds("value=\"kept\"");
    }
    let form = [("do", "lock"), ("for", "until"), ("until", "2999-01-01T00:00"), ("message", "")];
    browser.post(&path, &form).await;
    browser.get(&path).await.holds("2999-01-01 00:00 UTC");
}

#[tokio::test]
async fn counters_that_went_back_are_explained_and_accepted() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    browser.get(&path).await.lacks("Accept counters");
    let mut work = cluster.store.begin().await.unwrap();
    work.set_counter_alarm(&id, Some(cluster.clock.now())).await.unwrap();
    work.commit().await.unwrap();
    browser
        .get(&path)
        .await
        .holds("The counters of its TPM went back")
        .holds("somebody may have copied the machine");
    browser.post(&path, &[("do", "accept-counters")]).await;
    browser.get(&path).await.holds("The counters are accepted").lacks("went back\"");
}

#[tokio::test]
async fn devices_are_added_with_and_without_a_token_and_clear_errors() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    browser.get("/web/devices/add").await.holds("Add a device").holds("Choose…");
    let added =
        browser.post("/web/devices/add", &[("do", "add"), ("os", "linux"), ("asset_tag", "A-1")]).await;
    let path = added.location().to_owned();
    browser.get(&path).await.holds("Device A-1 registered").holds("<h1>A-1</h1>");

    let form = [
        ("do", "add"),
        ("os", "macos"),
        ("asset_tag", "A-1"),
        ("with_token", "yes"),
        ("lifetime", "8h"),
        ("note", "n"),
    ];
    let page = browser.post("/web/devices/add", &form).await;
    page.holds("Enrolment token for A-1").holds("tsh device enroll --token=").holds("Add another");

    for (os, tag, code) in [
        ("linux", "a-1", "device_exists"),
        ("linux", "Default string", "invalid_asset_tag"),
        ("linux", "", "invalid_asset_tag"),
        ("linux", "x\u{200b}y", "invalid_asset_tag"),
        ("", "KEEP-ME", "invalid_os_type"),
        ("beos", "KEEP-ME", "invalid_os_type"),
    ] {
        let form =
            [("do", "add"), ("os", os), ("asset_tag", tag), ("with_token", "yes"), ("note", "kept note")];
        let page = browser.post("/web/devices/add", &form).await;
        assert!(page.status.is_client_error(), "{tag}: {}", page.status);
        page.holds(code).holds("value=\"kept note\"").lacks("--token=").lacks("\u{200b}");
        if code == "invalid_os_type" {
            page.holds("value=\"KEEP-ME\"");
        }
    }
}

/// Signs up somebody with these roles.
async fn user<'a>(cluster: &'a Cluster, name: &str, role: &str) -> Browser<'a> {
    let grant = cluster.host_admin().grant::<CreateUser>().unwrap();
    let spec = UserSpec { roles: vec![role.to_owned()], ..UserSpec::default() };
    let new = NewUser { name: name.to_owned(), spec };
    let (_, link) = cluster.services.accounts.create(&grant, new, None).await.unwrap();
    let mut browser = cluster.browser();
    let form = [("password", PASSWORD), ("password_again", PASSWORD)];
    browser.post(&format!("/web/signup/{}", link.unwrap().token.reveal()), &form).await;
    browser.sign_in(name, PASSWORD).await;
    browser
}

#[tokio::test]
async fn who_may_not_is_shown_nothing_and_can_do_nothing() {
    let cluster = cluster().await;
    cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    let mut nobody = user(&cluster, "alice", "access").await;
    let page = nobody.get(&path).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.holds("not_allowed").lacks("PF2ABC");
    for form in [
        &[("do", "delete"), ("confirm", "PF2ABC")][..],
        &[("do", "unenrol")],
        &[("do", "lock")],
        &[("do", "token")],
        &[("do", "accept-counters")],
        &[("do", "accept-boot"), ("boot", "00")],
        &[("do", "nonsense")],
    ] {
        let page = nobody.post(&path, form).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{form:?}");
        page.lacks("PF2ABC");
    }
    for path in ["/web/tokens", "/web/devices/import", "/web/devices/ship-ahead"] {
        nobody.get(path).await.holds("not_allowed");
    }
    let mut admin = user(&cluster, "bob", "device-admin").await;
    let page = admin.get(&path).await;
    page.holds("None of your roles lets you read the audit log")
        .holds("Un-enrol")
        .holds("Delete")
        .lacks("Device added");
    let grant: Grant<UpdateDevice> = cluster.host_admin().grant().unwrap();
    assert!(cluster.services.devices.accept_counters(&grant, &id).await.is_ok());
}

#[tokio::test]
async fn a_boot_that_has_drifted_is_shown_and_accepted_once() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (id, path) = enrolled(&cluster).await;
    browser.get(&path).await.lacks("Accept boot").lacks("booted otherwise");
    let mut work = cluster.store.begin().await.unwrap();
    let good = work.boot(&id).await.unwrap().unwrap();
    let mut now = BootRecord { fingerprint: [2; 32], ..good.clone() };
    now.platform.pcrs[7].digest = vec![0xc3; 32];
    work.put_good_boot(&good).await.unwrap();
    work.note_boot(&now).await.unwrap();
    work.commit().await.unwrap();
    browser
        .get(&path)
        .await
        .holds("It booted otherwise than it did when it was good last")
        .holds("PCR 7: Secure Boot policy")
        .holds(&"5a".repeat(32))
        .holds(&"c3".repeat(32))
        .holds("Accept boot");
    let stale = browser.post(&path, &[("do", "accept-boot"), ("boot", &"01".repeat(32))]).await;
    stale.holds("boot_changed");
    let done = browser.post(&path, &[("do", "accept-boot"), ("boot", &"02".repeat(32))]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    browser
        .get(&path)
        .await
        .holds("The boot is accepted")
        .lacks("booted otherwise")
        .holds("Boot of a device accepted");
    let again = browser.post(&path, &[("do", "accept-boot"), ("boot", &"02".repeat(32))]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    browser.get(&path).await.holds("The boot was accepted before: nothing was changed.");
}
