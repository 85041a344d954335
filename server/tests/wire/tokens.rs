//! Enrolment tokens: what one is good for, and when no longer.

use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::devicetrust::enroll_device_request::Payload;
use tonic::Code::{FailedPrecondition, InvalidArgument, PermissionDenied};

use crate::rig::{Enrolling, Machine, Person, Rig, hint_of, refused};

struct Case {
    rig: Rig,
    alice: Person,
    machine: Machine,
    id: String,
    token: String,
}

async fn case() -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    Case { rig, alice, machine: Machine::new("PF000001"), id, token }
}

impl Case {
    async fn enrol(&self) -> Result<devices::Device, tonic::Status> {
        self.machine.enrol(&self.alice.connection, &self.token).await
    }

    async fn begin(&self) -> Result<(Enrolling, devices::TpmEnrollChallenge), tonic::Status> {
        Enrolling::begin_tpm(&self.alice.connection, self.machine.init(&self.token)).await
    }

    async fn state(&self) -> (String, i32) {
        let token = self.rig.tokens(&self.id).await.remove(0);
        (token.state, token.attempts)
    }
}

#[tokio::test]
async fn a_spent_token_is_refused() {
    let case = case().await;
    case.enrol().await.unwrap();
    let status = refused(case.enrol().await, PermissionDenied, "token_spent");
    assert_eq!(status.message(), "invalid device enrollment token: it has been used");
    assert!(hint_of(&status).contains("tctl devices enroll"));
    assert_eq!(case.state().await, ("spent".to_owned(), 1));
    let event = case.rig.events("device.enroll").await.remove(0);
    assert_eq!((&event["success"], &event["reason"]), (&false.into(), &"token_spent".into()));
    assert_eq!(event["device"]["device_id"], case.id.as_str());
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let case = case().await;
    case.rig.clock.advance(3599);
    let (stream, challenge) = case.begin().await.unwrap();
    case.rig.clock.advance(1);
    // Also when it expires between challenge and answer.
    let late = stream.finish_tpm(case.machine.solve(&challenge)).await;
    refused(late, PermissionDenied, "token_expired");
    refused(case.enrol().await, PermissionDenied, "token_expired");
    assert_eq!(case.state().await.0, "expired");
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn a_token_of_a_time_that_never_was_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    for (number, ahead) in [(1, 30 * 60), (2, 5000 * 86_400)] {
        rig.clock.advance(ahead);
        let tag = format!("PF00000{number}");
        let (_, token) = rig.register_linux(&tag).await;
        rig.clock.advance(-ahead);
        let outcome = Machine::new(&tag).enrol(&alice.connection, &token).await;
        match ahead {
            // Clocks of two servers may differ so much.
            ..3600 => drop(outcome.unwrap()),
            _ => drop(refused(outcome, PermissionDenied, "token_expired")),
        }
    }
}

#[tokio::test]
async fn a_tokens_life_is_the_admins_to_choose_within_bounds() {
    let case = case().await;
    let create = async |secs: i64| {
        let expires = case.rig.now().plus_secs(secs);
        let request = devices::CreateDeviceEnrollTokenRequest {
            device_id: case.id.clone(),
            expire_time: Some(prost_types::Timestamp { seconds: expires.secs(), nanos: 0 }),
            device_data: None,
        };
        case.rig.admin.devices().create_device_enroll_token(request).await
    };
    refused(create(-1).await, InvalidArgument, "invalid_expiry");
    refused(create(91 * 86_400).await, InvalidArgument, "invalid_expiry");
    let token = create(300).await.unwrap().into_inner().token;
    case.rig.clock.advance(301);
    let late = case.machine.enrol(&case.alice.connection, &token).await;
    refused(late, PermissionDenied, "token_expired");
}

#[tokio::test]
async fn a_revoked_token_is_refused() {
    let case = case().await;
    let (stream, challenge) = case.begin().await.unwrap();
    let token_id = case.rig.tokens(&case.id).await.remove(0).id;
    case.rig.revoke(&token_id).await;
    let late = stream.finish_tpm(case.machine.solve(&challenge)).await;
    refused(late, PermissionDenied, "token_revoked");
    refused(case.enrol().await, PermissionDenied, "token_revoked");
    case.rig.assert_untouched(&case.id).await;
    assert_eq!(case.rig.events("device.token.revoke").await[0]["target"], token_id.as_str());
}

#[tokio::test]
async fn a_foreign_token_is_as_good_as_none() {
    let case = case().await;
    case.rig.prefer(serde_json::json!({"device_trust": {"auto_enroll": true}})).await;
    let request = devices::CreateDeviceEnrollTokenRequest {
        device_data: Some(case.machine.data()),
        ..devices::CreateDeviceEnrollTokenRequest::default()
    };
    let devices = &mut case.alice.connection.devices();
    let token = devices.create_device_enroll_token(request).await.unwrap().into_inner().token;
    let mallory = case.rig.person("mallory", &["access"]).await;
    let stolen = case.machine.enrol(&mallory.connection, &token).await;
    let status = refused(stolen, PermissionDenied, "token_invalid");
    assert_eq!(status.message(), "invalid device enrollment token");
    case.rig.assert_untouched(&case.id).await;
    // It is not even counted, and its owner can still use it.
    assert_eq!(case.rig.tokens(&case.id).await[0].attempts, 0);
    case.machine.enrol(&case.alice.connection, &token).await.unwrap();
}

#[tokio::test]
async fn an_unknown_or_malformed_token_is_refused() {
    let case = case().await;
    let unknown = "A".repeat(43);
    for token in [unknown.as_str(), "x", " ", "\u{202e}", &"A".repeat(100_000)] {
        let outcome = case.machine.enrol(&case.alice.connection, token).await;
        refused(outcome, PermissionDenied, "token_invalid");
    }
    let outcome = case.machine.enrol(&case.alice.connection, "").await;
    refused(outcome, InvalidArgument, "message_incomplete");
}

#[tokio::test]
async fn a_token_of_a_deleted_device_is_refused() {
    let case = case().await;
    let (stream, challenge) = case.begin().await.unwrap();
    case.rig.delete_device(&case.id).await;
    let late = stream.finish_tpm(case.machine.solve(&challenge)).await;
    refused(late, PermissionDenied, "token_invalid");
    refused(case.enrol().await, PermissionDenied, "token_invalid");
}

#[tokio::test]
async fn a_token_opens_five_challenges() {
    let case = case().await;
    for attempt in 1..=5 {
        let (stream, challenge) = case.begin().await.unwrap();
        let mut answer = case.machine.solve(&challenge);
        answer.solution[0] ^= 1;
        refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
        assert_eq!(case.state().await.1, attempt);
    }
    refused(case.enrol().await, PermissionDenied, "token_exhausted");
    assert_eq!(case.state().await, ("exhausted".to_owned(), 5));
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn the_fifth_challenge_can_still_succeed() {
    let case = case().await;
    for _ in 0..4 {
        let (stream, challenge) = case.begin().await.unwrap();
        let mut answer = case.machine.solve(&challenge);
        answer.solution.clear();
        refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
    }
    case.enrol().await.unwrap();
    assert_eq!(case.state().await, ("spent".to_owned(), 5));
}

#[tokio::test]
async fn a_first_message_that_gets_no_challenge_is_not_counted() {
    let case = case().await;
    let mut init = case.machine.init(&case.token);
    init.credential_id = "another".to_owned();
    let outcome = Enrolling::begin_tpm(&case.alice.connection, init).await.map(|_| ());
    refused(outcome, InvalidArgument, "credential_id_mismatch");
    assert_eq!(case.state().await, ("active".to_owned(), 0));
}

#[tokio::test]
async fn a_token_is_busy_while_its_challenge_is_open() {
    let case = case().await;
    let (stream, challenge) = case.begin().await.unwrap();
    // The attempt is stored before the challenge is out.
    assert_eq!(case.state().await, ("active".to_owned(), 1));
    let second = case.begin().await.map(|_| ());
    let status = refused(second, FailedPrecondition, "token_busy");
    assert!(hint_of(&status).contains("try again"));
    assert_eq!(case.state().await.1, 1);
    stream.finish_tpm(case.machine.solve(&challenge)).await.unwrap();
}

#[tokio::test]
async fn a_challenge_that_nobody_closed_holds_its_token_for_a_minute() {
    let case = case().await;
    let (stream, challenge) = case.begin().await.unwrap();
    case.rig.clock.advance(61);
    // Another may go on; the first has lost its claim.
    let (second, answer) = case.begin().await.unwrap();
    let late = stream.finish_tpm(case.machine.solve(&challenge)).await;
    refused(late, FailedPrecondition, "token_busy");
    second.finish_tpm(case.machine.solve(&answer)).await.unwrap();
}

#[tokio::test]
async fn a_token_is_free_again_when_a_stream_dies() {
    let case = case().await;
    let (stream, _) = case.begin().await.unwrap();
    let status = refused(stream.hang_up().await, InvalidArgument, "message_incomplete");
    assert_eq!(status.message(), "the stream ended too early");
    // A stream that is dropped without a word: its end reaches the server on its own time.
    let (stream, _) = case.begin().await.unwrap();
    drop(stream);
    for _ in 0..200 {
        match case.enrol().await {
            Ok(_) => return assert_eq!(case.state().await, ("spent".to_owned(), 3)),
            Err(status) => {
                refused::<()>(Err(status), FailedPrecondition, "token_busy");
                tokio::task::yield_now().await;
            }
        }
    }
    panic!("the token stayed busy");
}

#[tokio::test]
async fn a_challenge_dies_with_its_stream() {
    let case = case().await;
    let (stream, old) = case.begin().await.unwrap();
    refused(stream.hang_up().await, InvalidArgument, "message_incomplete");
    let replayed = case.machine.solve(&old);
    let (stream, new) = case.begin().await.unwrap();
    assert_ne!(old.attestation_nonce, new.attestation_nonce);
    assert_ne!(old.encrypted_credential, new.encrypted_credential);
    refused(stream.finish_tpm(replayed).await, PermissionDenied, "activation_wrong");
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn a_challenge_is_answered_once() {
    let case = case().await;
    let (mut stream, challenge) = case.begin().await.unwrap();
    let answer = case.machine.solve(&challenge);
    let mut wrong = answer.clone();
    wrong.solution[0] ^= 1;
    stream.send(Some(Payload::TpmChallengeResponse(wrong))).await;
    stream.send(Some(Payload::TpmChallengeResponse(answer))).await;
    refused(stream.next().await, PermissionDenied, "activation_wrong");
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn of_two_enrolments_that_race_for_a_token_one_succeeds() {
    let case = case().await;
    let bob = case.rig.person("bob", &["access"]).await;
    for round in 0..5 {
        let tag = format!("PF1000{round:02}");
        let (id, token) = case.rig.register_linux(&tag).await;
        let (one, other) = (Machine::new(&tag), Machine::new(&tag));
        let (first, second) =
            tokio::join!(one.enrol(&case.alice.connection, &token), other.enrol(&bob.connection, &token));
        let (winner, loser) = if first.is_ok() { (first, second) } else { (second, first) };
        let (winner, loser) = (winner.unwrap(), loser.unwrap_err());
        let code = loser.metadata().get("gatehouse-code").unwrap().to_str().unwrap().to_owned();
        assert!(["token_busy", "token_spent"].contains(&code.as_str()), "{code}");
        assert_eq!(winner.id, id);
        let mut work = case.rig.store.read().await.unwrap();
        assert_eq!(work.credentials_of_device(&id).await.unwrap().len(), 1);
        assert_eq!(work.device_users(&id).await.unwrap(), [winner.owner]);
    }
}

#[tokio::test]
async fn of_two_open_challenges_of_a_token_one_can_succeed() {
    let case = case().await;
    let (first, one) = case.begin().await.unwrap();
    case.rig.clock.advance(61);
    let (second, other) = case.begin().await.unwrap();
    let (first, second) = tokio::join!(
        first.finish_tpm(case.machine.solve(&one)),
        second.finish_tpm(case.machine.solve(&other))
    );
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
    assert_eq!(case.rig.events("device.token.spent").await.len(), 1);
}
