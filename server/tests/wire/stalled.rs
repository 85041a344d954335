//! Streams that stall are ended, and hold nothing.

use std::time::Duration;

use gatehouse_model::DeviceTrustMode::Optional;
use gatehouse_server::grpc::StreamLimits;
use tonic::Code::ResourceExhausted;

use crate::rig::{Authenticating, Enrolling, Machine, Rig, mode, refused};

/// Long enough never to be reached here.
const AGES: Duration = Duration::from_secs(300);
const SHORT: Duration = Duration::from_millis(250);

async fn rig(first_message: Duration, whole: Duration) -> Rig {
    Rig::with_limits(mode(Optional), StreamLimits { first_message, whole }).await
}

#[test]
fn the_limits_are_10_and_60_seconds() {
    let limits = StreamLimits::default();
    assert_eq!((limits.first_message.as_secs(), limits.whole.as_secs()), (10, 60));
}

#[tokio::test]
async fn a_stream_without_first_message_is_ended() {
    let rig = rig(SHORT, AGES).await;
    let alice = rig.person("alice", &["access"]).await;
    let mut enrolling = Enrolling::open(&alice.connection).await.unwrap();
    let status = refused(enrolling.next().await, ResourceExhausted, "stream_timeout");
    assert_eq!(status.message(), "the ceremony took too long");
    let mut authenticating = Authenticating::open(&alice.connection).await.unwrap();
    refused(authenticating.next().await, ResourceExhausted, "stream_timeout");
}

#[tokio::test]
async fn an_enrolment_whose_answer_does_not_come_is_ended_and_frees_its_token() {
    let rig = rig(AGES, SHORT).await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let (mut stream, _) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    refused(stream.next().await, ResourceExhausted, "stream_timeout");
    let info = rig.tokens(&id).await.remove(0);
    assert_eq!((info.state.as_str(), info.attempts), ("active", 1));
    let mut work = rig.store.read().await.unwrap();
    assert_eq!(work.enroll_token(&info.id).await.unwrap().unwrap().open_challenge, None);
    drop(work);
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn an_authentication_whose_answer_does_not_come_is_ended() {
    let rig = rig(AGES, SHORT).await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, _) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    // The short limit may cut the enrolment off on a busy machine; it is no part of this test.
    for _ in 0..20 {
        if machine.enrol(&alice.connection, &rig.token(&id).await).await.is_ok() {
            break;
        }
    }
    let init = machine.authenticate_init("");
    let (mut stream, _) = Authenticating::begin_tpm(&alice.connection, init).await.unwrap();
    refused(stream.next().await, ResourceExhausted, "stream_timeout");
    assert_eq!(alice.who().await.unwrap().device_id, "");
}
