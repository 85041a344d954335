use gatehouse_client::device::enrol_current;
use gatehouse_client::{Result, SecondFactorPrompt};
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust::enroll_device_response::Payload as Answer;

use crate::fake_key::{FakeKey, collected};
use crate::fake_server::{Script, connect, refusal};

/// Answers with a code and counts how often it was asked.
#[derive(Default)]
struct Person {
    asked: usize,
}

impl SecondFactorPrompt for Person {
    fn otp_code(&mut self) -> Result<String> {
        self.asked += 1;
        Ok("123456".to_owned())
    }

    fn password(&mut self) -> Result<String> {
        panic!("the cluster has a second factor")
    }
}

fn ceremony() -> Vec<std::result::Result<Answer, tonic::Status>> {
    vec![
        Ok(Answer::TpmChallenge(wire::TpmEnrollChallenge {
            encrypted_credential: Some(wire::TpmEncryptedCredential::default()),
            attestation_nonce: vec![9; 32],
        })),
        Ok(Answer::Success(wire::EnrollDeviceSuccess { device: Some(wire::Device::default()) })),
    ]
}

#[tokio::test]
async fn a_fresh_second_factor_is_asked_for_once() {
    let script = Script { wants_second_factor: true, enrol: ceremony().into(), ..Script::default() };
    let (connection, server, _folder) = connect(script).await;
    let mut person = Person::default();
    let outcome = enrol_current(&connection, &mut FakeKey, &collected(), &mut person).await;
    assert_eq!((outcome.action(), person.asked), (Some("registered and enrolled"), 1));
    server.with(|script| assert_eq!(script.confirmed[0].otp_code, "123456"));
}

#[tokio::test]
async fn an_enrolment_that_wants_it_is_started_again() {
    let wants = refusal(tonic::Code::Unauthenticated, "second_factor_required", "prove it");
    let enrol = std::iter::once(Err(wants)).chain(ceremony()).collect();
    let (connection, server, _folder) = connect(Script { enrol, ..Script::default() }).await;
    let mut person = Person::default();
    let outcome = enrol_current(&connection, &mut FakeKey, &collected(), &mut person).await;
    assert_eq!((outcome.action(), person.asked), (Some("registered and enrolled"), 1));
    server.with(|script| assert_eq!(script.enrol_messages.len(), 3));
}

#[tokio::test]
async fn what_was_registered_stays_told_when_the_enrolment_fails() {
    let locked = refusal(tonic::Code::PermissionDenied, "device_locked", "locked");
    let script = Script { enrol: vec![Err(locked)].into(), ..Script::default() };
    let (connection, _server, _folder) = connect(script).await;
    let outcome = enrol_current(&connection, &mut FakeKey, &collected(), &mut Person::default()).await;
    assert_eq!(outcome.action(), Some("registered"));
    assert_eq!(outcome.device.unwrap().asset_tag, "PF0001");
    assert_eq!(outcome.failure.unwrap().code, "device_locked");
}

#[tokio::test]
async fn a_registered_device_is_enrolled_only() {
    let here = wire::Device { os_type: 1, asset_tag: "pf0001".to_owned(), ..Default::default() };
    let elsewhere = wire::Device { os_type: 3, ..here.clone() };
    let script = Script { registered: vec![elsewhere, here], enrol: ceremony().into(), ..Script::default() };
    let (connection, _server, _folder) = connect(script).await;
    let outcome = enrol_current(&connection, &mut FakeKey, &collected(), &mut Person::default()).await;
    assert_eq!(outcome.action(), Some("enrolled"));
}

#[tokio::test]
async fn missing_rights_are_told_in_the_contracts_words() {
    let denied = refusal(tonic::Code::PermissionDenied, "not_allowed", "no");
    let script = Script { refuse_register: Some(denied), ..Script::default() };
    let (connection, _server, _folder) = connect(script).await;
    let outcome = enrol_current(&connection, &mut FakeKey, &collected(), &mut Person::default()).await;
    assert_eq!(outcome.action(), None);
    assert_eq!(
        outcome.failure.unwrap().message,
        "User does not have permissions to register devices. Contact your cluster device administrator."
    );
}
