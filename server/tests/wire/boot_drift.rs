//! Devices that boot otherwise than they did when they were good last.

use gatehouse_proto::gatehouse::v1 as wire;
use serde_json::json;
use tonic::Code::{Aborted, AlreadyExists, FailedPrecondition, PermissionDenied};

use crate::rig::{Machine, Person, Rig, hint_of, refused};

struct Case {
    rig: Rig,
    alice: Person,
    machine: Machine,
    id: String,
}

async fn case(policy: &str) -> Case {
    let rig = Rig::start().await;
    rig.prefer(json!({"device_trust": {"boot_drift": policy}})).await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    Case { rig, alice, machine, id }
}

impl Case {
    async fn report(&self) -> wire::BootReport {
        let request = wire::DescribeBootRequest { device_id: self.id.clone() };
        self.rig.admin.device_evidence().describe_boot(request).await.unwrap().into_inner()
    }

    async fn accept(&self, fingerprint: Vec<u8>) -> Result<(), tonic::Status> {
        let request = wire::AcceptBootRequest { device_id: self.id.clone(), fingerprint };
        self.rig.admin.device_evidence().accept_boot(request).await.map(|_| ())
    }

    /// A login of its own: a session is made trusted once.
    async fn authenticate(&self) -> Result<(), tonic::Status> {
        let alice = self.rig.login("alice", "").await.unwrap();
        self.machine.authenticate(&alice).await.map(|_| ())
    }
}

#[tokio::test]
async fn drift_is_reported_and_audited_and_ends_with_the_good_boot() {
    let mut case = case("report").await;
    case.authenticate().await.unwrap();
    assert!(case.report().await.good);
    case.machine.pcrs.insert(4, [9; 32]);
    case.authenticate().await.unwrap();
    case.authenticate().await.unwrap();
    let report = case.report().await;
    assert!(!report.good && report.good_time.is_some());
    let [change] = report.changes.as_slice() else { panic!("one change: {report:?}") };
    assert_eq!((change.what.as_str(), change.pcr, change.after.as_str()), ("pcr", 4, &*"09".repeat(32)));
    let events = case.rig.events("device.boot.drift").await;
    assert_eq!(events.len(), 1, "told once");
    assert_eq!(events[0]["details"]["changes"][0]["pcr"], 4);
    assert_eq!(events[0]["device"]["asset_tag"], "PF000001");
    // Nobody has to accept what is as it was.
    case.machine.pcrs.clear();
    case.authenticate().await.unwrap();
    assert!(case.report().await.good);
    refused(case.accept(case.report().await.fingerprint).await, FailedPrecondition, "boot_good");
}

#[tokio::test]
async fn what_grows_while_a_system_runs_is_no_drift() {
    let mut case = case("review").await;
    for byte in 0..3 {
        case.machine.pcrs.insert(10, [byte; 32]);
        case.machine.pcrs.insert(16, [byte; 32]);
        case.authenticate().await.unwrap();
    }
    assert!(case.report().await.good);
    assert!(case.rig.events("device.boot.drift").await.is_empty());
}

#[tokio::test]
async fn review_holds_the_trust_until_the_very_boot_is_accepted() {
    let mut case = case("review").await;
    case.machine.pcrs.insert(7, [1; 32]);
    let status = refused(case.authenticate().await, PermissionDenied, "boot_drift");
    assert!(hint_of(&status).contains("tctl devices boot"));
    assert_eq!(case.alice.who().await.unwrap().device_id, "");
    let seen = case.report().await.fingerprint;
    // It boots yet otherwise before the administrator has decided: that is another question.
    case.machine.pcrs.insert(7, [2; 32]);
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    let outcome = case.accept(seen).await.unwrap_err();
    assert!(matches!(outcome.code(), Aborted | AlreadyExists | FailedPrecondition), "{outcome:?}");
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    case.accept(case.report().await.fingerprint).await.unwrap();
    case.authenticate().await.unwrap();
    assert_eq!(case.rig.events("device.boot.accept").await.len(), 1);
    // The old one is the drift now.
    case.machine.pcrs.clear();
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
}

#[tokio::test]
async fn enrolling_again_does_not_wash_drift_away() {
    let mut case = case("review").await;
    case.machine.pcrs.insert(0, [1; 32]);
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    let token = case.rig.token(&case.id).await;
    case.machine.enrol(&case.alice.connection, &token).await.unwrap();
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    // Un-enrolled, everything begins anew.
    case.rig.unenrol(&case.id).await;
    let token = case.rig.token(&case.id).await;
    case.machine.enrol(&case.alice.connection, &token).await.unwrap();
    case.authenticate().await.unwrap();
}

#[tokio::test]
async fn an_administrator_is_asked_once_and_the_answer_counts() {
    let mut case = case("review").await;
    case.machine.pcrs.insert(4, [1; 32]);
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    let created = case.rig.events("review.create").await;
    assert_eq!(created.len(), 1);
    assert_eq!(created[0]["details"]["reason"], "boot_drift");
    let id = created[0]["target"].as_str().unwrap().to_owned();
    let evidence_id =
        case.report().await.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let decide = wire::DecideReviewRequest { id, evidence_id };
    case.rig.admin.reviews().accept_review(decide).await.unwrap();
    case.authenticate().await.unwrap();
    assert!(case.report().await.good);
}

#[tokio::test]
async fn only_who_may_change_devices_accepts_a_boot() {
    let mut case = case("report").await;
    case.machine.pcrs.insert(4, [1; 32]);
    case.authenticate().await.unwrap();
    let fingerprint = case.report().await.fingerprint;
    let request = wire::AcceptBootRequest { device_id: case.id.clone(), fingerprint };
    let outcome = case.alice.connection.device_evidence().accept_boot(request).await;
    refused(outcome, PermissionDenied, "not_allowed");
}

#[tokio::test]
async fn a_boot_that_was_refused_says_so_and_names_the_way_out() {
    let mut case = case("review").await;
    case.rig.person("carol", &["editor"]).await;
    let (mut browser, _) = case.rig.signed_in("carol").await;
    let page = format!("/web/devices/{}", case.id);
    assert!(!browser.get(&page).await.body.contains("/web/reviews/"));
    case.machine.pcrs.insert(4, [1; 32]);
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    let id = case.rig.events("review.create").await[0]["target"].as_str().unwrap().to_owned();
    let link = format!("href=\"/web/reviews/{id}\"");
    for path in [page.as_str(), "/web/users/alice"] {
        let page = browser.get(path).await.body;
        assert!(page.contains(&link) && page.contains("Booted otherwise than before"), "{page}");
    }
    let seen = case.report().await.fingerprint;
    let evidence_id = seen.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let decide = wire::DecideReviewRequest { id: id.clone(), evidence_id };
    case.rig.admin.reviews().refuse_review(decide.clone()).await.unwrap();

    let status = refused(case.authenticate().await, PermissionDenied, "boot_refused");
    assert!(hint_of(&status).contains("tctl devices boot --accept"), "{status:?}");
    let again = case.rig.admin.reviews().accept_review(decide).await.map(|_| ());
    let status = refused(again, AlreadyExists, "review_decided");
    assert!(hint_of(&status).contains("tctl devices boot --accept"), "{status:?}");
    let review = browser.get(&format!("/web/reviews/{id}")).await.body;
    assert!(review.contains(&format!("href=\"{page}#boot-title\"")), "{review}");
    let device = browser.get(&page).await.body;
    assert!(device.contains(&link) && device.contains("refused"), "{device}");
    let user = browser.get("/web/users/alice").await.body;
    assert!(!user.contains("/web/reviews/"), "nothing waits: {user}");

    // Another boot is another question; the way out is what it says.
    case.rig.clock.advance(1);
    case.machine.pcrs.insert(4, [2; 32]);
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    case.machine.pcrs.insert(4, [1; 32]);
    refused(case.authenticate().await, PermissionDenied, "boot_drift");
    case.accept(seen).await.unwrap();
    case.authenticate().await.unwrap();
}
