//! Expiry, locks and endings take effect at the next message, and trust ends at once.

use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::gatehouse::v1 as wire;
use serde_json::json;
use tonic::Code::{FailedPrecondition, NotFound, PermissionDenied, Unauthenticated};

use crate::rig::{Authenticating, Enrolling, Machine, Person, Rig, hint_of, refused};

const LIFE_SECS: i64 = 12 * 3600;

/// An enrolment and an authentication whose challenges are out.
struct UnderWay {
    rig: Rig,
    alice: Person,
    enrolled: (Machine, String),
    enrolling: (Enrolling, gatehouse_proto::devicetrust::TpmEnrollChallenge),
    fresh: (Machine, String),
    authenticating: (Authenticating, Vec<u8>),
}

async fn under_way() -> UnderWay {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let enrolled = rig.enrolled(&alice, "PF000001").await;
    let (id, token) = rig.register_linux("PF000002").await;
    let fresh = Machine::new("PF000002");
    let enrolling = Enrolling::begin_tpm(&alice.connection, fresh.init(&token)).await.unwrap();
    let init = enrolled.0.authenticate_init(&alice.ssh);
    let authenticating = Authenticating::begin_tpm(&alice.connection, init).await.unwrap();
    UnderWay { rig, alice, enrolled, enrolling, fresh: (fresh, id), authenticating }
}

impl UnderWay {
    /// Both ceremonies end so, and leave nothing.
    async fn both_end(self, code: tonic::Code, stable: &str) -> (Rig, Person, Machine) {
        let Self { rig, alice, enrolled, enrolling, fresh, authenticating } = self;
        let outcome = enrolling.0.finish_tpm(fresh.0.solve(&enrolling.1)).await;
        refused(outcome, code, stable);
        let quote = platform_parameters(enrolled.0.quote(&authenticating.1));
        refused(authenticating.0.finish_tpm(quote).await, code, stable);
        rig.assert_untouched(&fresh.1).await;
        let mut work = rig.store.read().await.unwrap();
        let session = work.session(&alice.session_id).await.unwrap().unwrap();
        assert_eq!(session.device, None);
        drop(work);
        // The token of the enrolment is not held.
        assert_eq!(rig.tokens(&fresh.1).await[0].attempts, 1);
        (rig, alice, enrolled.0)
    }
}

#[tokio::test]
async fn a_certificate_that_expires_in_the_middle_of_a_stream() {
    let case = under_way().await;
    case.rig.clock.advance(LIFE_SECS);
    let (_, alice, _) = case.both_end(Unauthenticated, "certificate_expired").await;
    let status = refused(alice.who().await, Unauthenticated, "certificate_expired");
    assert!(hint_of(&status).contains("tsh login"));
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_stream() {
    let case = under_way().await;
    let request = wire::EndSessionRequest { id: case.alice.session_id.clone() };
    case.rig.admin.sessions().end_session(request).await.unwrap();
    let (_, alice, _) = case.both_end(Unauthenticated, "session_ended").await;
    refused(alice.who().await, Unauthenticated, "session_ended");
}

#[tokio::test]
async fn a_logout_in_the_middle_of_a_stream() {
    let case = under_way().await;
    case.alice.connection.account().logout(()).await.unwrap();
    case.both_end(Unauthenticated, "session_ended").await;
}

#[tokio::test]
async fn a_lock_on_the_user_that_lands_in_the_middle_of_a_stream() {
    let case = under_way().await;
    let lock = case.rig.lock(json!({"user": "alice"})).await;
    let (rig, alice, machine) = case.both_end(PermissionDenied, "locked").await;
    refused(alice.who().await, PermissionDenied, "locked");
    refused(rig.login("alice", "").await.map(|_| ()), PermissionDenied, "locked");
    rig.unlock(&lock).await;
    machine.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn a_lock_on_a_role_that_lands_in_the_middle_of_a_stream() {
    let case = under_way().await;
    case.rig.lock(json!({"role": "access"})).await;
    case.both_end(PermissionDenied, "locked").await;
}

#[tokio::test]
async fn a_user_who_is_deleted_in_the_middle_of_a_stream() {
    let case = under_way().await;
    let request = wire::DeleteResourceRequest { kind: "user".to_owned(), name: "alice".to_owned() };
    case.rig.admin.resources().delete_resource(request).await.unwrap();
    case.both_end(Unauthenticated, "session_ended").await;
}

#[tokio::test]
async fn a_locked_device_neither_enrols_nor_authenticates() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let token = rig.token(&id).await;
    let lock = rig.lock(json!({"device": id})).await;
    refused(machine.authenticate(&alice).await, PermissionDenied, "device_locked");
    refused(machine.enrol(&alice.connection, &token).await, PermissionDenied, "device_locked");
    // The user is not locked.
    alice.who().await.unwrap();
    let event = rig.events("device.authenticate").await.remove(0);
    assert_eq!((&event["success"], &event["reason"]), (&false.into(), &"device_locked".into()));
    rig.unlock(&lock).await;
    machine.enrol(&alice.connection, &token).await.unwrap();
    machine.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn a_lock_ends_when_its_time_is_up() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let document = json!({
        "kind": "lock", "version": "v1", "metadata": {},
        "spec": {"target": {"device": id}, "expires": rig.now().plus_secs(60)},
    });
    rig.create("lock", &document).await;
    refused(machine.authenticate(&alice).await, PermissionDenied, "device_locked");
    rig.clock.advance(61);
    machine.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn a_lock_on_the_device_that_lands_between_challenge_and_answer() {
    let case = under_way().await;
    let UnderWay { rig, enrolled, enrolling, fresh, authenticating, .. } = case;
    rig.lock(json!({"device": enrolled.1})).await;
    rig.lock(json!({"device": fresh.1})).await;
    let outcome = enrolling.0.finish_tpm(fresh.0.solve(&enrolling.1)).await;
    refused(outcome, PermissionDenied, "device_locked");
    let quote = platform_parameters(enrolled.0.quote(&authenticating.1));
    refused(authenticating.0.finish_tpm(quote).await, PermissionDenied, "device_locked");
    rig.assert_untouched(&fresh.1).await;
}

#[tokio::test]
async fn a_device_that_is_unenrolled_between_challenge_and_answer() {
    let UnderWay { rig, alice, enrolled, authenticating, .. } = under_way().await;
    rig.unenrol(&enrolled.1).await;
    let quote = platform_parameters(enrolled.0.quote(&authenticating.1));
    refused(authenticating.0.finish_tpm(quote).await, FailedPrecondition, "device_changed");
    refused(enrolled.0.authenticate(&alice).await, NotFound, "device_not_enrolled");
}

#[tokio::test]
async fn a_device_that_is_deleted_between_challenge_and_answer() {
    let UnderWay { rig, alice, enrolled, authenticating, .. } = under_way().await;
    rig.delete_device(&enrolled.1).await;
    let quote = platform_parameters(enrolled.0.quote(&authenticating.1));
    refused(authenticating.0.finish_tpm(quote).await, FailedPrecondition, "device_changed");
    refused(enrolled.0.authenticate(&alice).await, NotFound, "device_not_enrolled");
    // A late answer does not bring it back.
    let found = gatehouse_proto::devicetrust::FindDevicesRequest { id_or_tag: "PF000001".to_owned() };
    assert!(rig.admin.devices().find_devices(found).await.unwrap().into_inner().devices.is_empty());
}

#[tokio::test]
async fn a_device_that_is_enrolled_anew_between_challenge_and_answer() {
    let UnderWay { rig, alice, enrolled, authenticating, .. } = under_way().await;
    rig.unenrol(&enrolled.1).await;
    let token = rig.token(&enrolled.1).await;
    Machine::new("PF000001").enrol(&alice.connection, &token).await.unwrap();
    let quote = platform_parameters(enrolled.0.quote(&authenticating.1));
    refused(authenticating.0.finish_tpm(quote).await, FailedPrecondition, "device_changed");
}

#[tokio::test]
async fn trust_ends_at_once_when_the_device_is_locked() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (trusted, machine, id) = rig.on_trusted_device(&alice, "PF000001").await;
    let lock = rig.lock(json!({"device": id})).await;
    // The augmented certificate names a locked device: no call passes with it, on an open connection either.
    refused(trusted.who().await, PermissionDenied, "locked");
    alice.who().await.unwrap();
    rig.unlock(&lock).await;
    // The trust does not come back by itself.
    assert_eq!(trusted.who().await.unwrap().device_id, "");
    let certificates = machine.authenticate(&alice).await.unwrap();
    assert_eq!(rig.trusted(&alice, certificates).await.who().await.unwrap().device_id, id);
}

#[tokio::test]
async fn trust_ends_at_once_when_the_device_is_unenrolled_or_deleted() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let (trusted, _, id) = rig.on_trusted_device(&alice, "PF000001").await;
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    trusted.list_devices().await.unwrap();
    rig.unenrol(&id).await;
    assert_eq!(trusted.who().await.unwrap().device_id, "");
    refused(trusted.list_devices().await, PermissionDenied, "trusted_device_required");

    let bob = rig.person("bob", &["editor"]).await;
    let (trusted, _, id) = rig.on_trusted_device(&bob, "PF000002").await;
    trusted.list_devices().await.unwrap();
    rig.delete_device(&id).await;
    assert_eq!(trusted.who().await.unwrap().device_id, "");
    refused(trusted.list_devices().await, PermissionDenied, "trusted_device_required");
}

#[tokio::test]
async fn an_augmented_certificate_lives_no_longer_than_the_login() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    rig.clock.advance(3600);
    let (trusted, _, _) = rig.on_trusted_device(&alice, "PF000001").await;
    rig.clock.advance(LIFE_SECS - 3600);
    refused(trusted.who().await, Unauthenticated, "certificate_expired");
}

#[tokio::test]
async fn a_role_that_is_taken_away_counts_no_longer() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    alice.list_devices().await.unwrap();
    let document = json!({
        "kind": "user", "version": "v1", "metadata": {"name": "alice"}, "spec": {"roles": ["access"]},
    });
    let request = wire::UpdateResourceRequest {
        kind: "user".to_owned(),
        json: document.to_string(),
        revision: String::new(),
    };
    rig.admin.resources().update_resource(request).await.unwrap();
    refused(alice.list_devices().await, PermissionDenied, "not_allowed");
}

#[tokio::test]
async fn a_namesake_of_a_deleted_user_inherits_neither_session_nor_device() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let request = wire::DeleteResourceRequest { kind: "user".to_owned(), name: "alice".to_owned() };
    rig.admin.resources().delete_resource(request).await.unwrap();
    refused(alice.who().await, Unauthenticated, "session_ended");
    let namesake = rig.person("alice", &["editor"]).await;
    namesake.who().await.unwrap();
    refused(alice.who().await, Unauthenticated, "session_ended");
    refused(machine.authenticate(&namesake).await, NotFound, "device_not_enrolled");
    let mut work = rig.store.read().await.unwrap();
    assert!(work.device_users(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_ended_session_takes_its_augmented_certificate_along() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (trusted, _, _) = rig.on_trusted_device(&alice, "PF000001").await;
    alice.connection.account().logout(()).await.unwrap();
    refused(trusted.who().await, Unauthenticated, "session_ended");
}
