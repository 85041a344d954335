//! Bytes that are no messages, and messages that are too long.

use bytes::Bytes;
use gatehouse_domain::entity::AuditFilter;
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::devicetrust::enroll_device_request::Payload;
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use tokio::io::AsyncWriteExt as _;
use tonic::Code;

use crate::rig::{Enrolling, Machine, Person, Rig, plain_h2, refused};

const ENROLL: &str = "/teleport.devicetrust.v1.DeviceTrustService/EnrollDevice";
const AUTHENTICATE: &str = "/teleport.devicetrust.v1.DeviceTrustService/AuthenticateDevice";
const CREATE: &str = "/teleport.devicetrust.v1.DeviceTrustService/CreateDevice";
const LOGIN: &str = "/gatehouse.v1.AuthService/Login";

/// A message as gRPC frames it.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [[0].as_slice(), &length.to_be_bytes(), message].concat()
}

/// Sends bytes as the body of a call; gives its status and text. Every refusal carries a code of ours.
async fn call(rig: &Rig, person: &Person, path: &str, body: Vec<u8>) -> (Code, String) {
    let (code, text, ours) = answer(rig, person, path, body).await;
    assert!(!ours.is_empty() || code == Code::Unimplemented, "{path}: {code:?} {text}");
    (code, text)
}

async fn answer(rig: &Rig, person: &Person, path: &str, body: Vec<u8>) -> (Code, String, String) {
    let mut sender = plain_h2(&rig.target, Some(person.identity())).await;
    let request = http::Request::post(format!("https://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let mut fields = response.headers().clone();
    let body = response.into_body().collect().await.unwrap();
    fields.extend(body.trailers().cloned().unwrap_or_default());
    assert!(body.to_bytes().is_empty(), "nothing was granted");
    let text = |name: &str| fields.get(name).map(|value| value.to_str().unwrap().to_owned());
    let code = text("grpc-status").expect("a status").parse::<i32>().unwrap();
    let ours = text("gatehouse-code").unwrap_or_default();
    (Code::from(code), text("grpc-message").unwrap_or_default(), ours)
}

async fn rig() -> (Rig, Person) {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    (rig, alice)
}

#[tokio::test]
async fn rubbish_for_a_message_gets_an_error_and_the_server_lives() {
    let (rig, alice) = rig().await;
    let rubbish: [Vec<u8>; 7] = [
        vec![0xff; 64],
        vec![0x0a, 0x80],
        // A field that is longer than what is left, and one of 2^63 bytes.
        vec![0x0a, 0x7f, 1, 2, 3],
        vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        // Groups within groups.
        vec![0x0b; 100_000],
        // Text that is not UTF-8.
        vec![0x0a, 0x04, 0x0a, 0x02, 0xff, 0xfe],
        (0..=255).collect(),
    ];
    for path in [ENROLL, AUTHENTICATE] {
        for message in &rubbish {
            let (code, text) = call(&rig, &alice, path, framed(message)).await;
            assert_eq!(code, Code::InvalidArgument, "{path} {message:02x?}: {text}");
            assert!(!text.is_empty());
        }
    }
    for path in [CREATE, LOGIN] {
        for message in &rubbish {
            let (code, text) = call(&rig, &alice, path, framed(message)).await;
            assert_eq!(code, Code::InvalidArgument, "{path}: {text}");
            assert!(!text.is_empty());
        }
    }
    alice.who().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_leaves_an_event_and_not_without_end() {
    let (rig, alice) = rig().await;
    let (code, text, ours) = answer(&rig, &alice, CREATE, framed(&[0xff; 8])).await;
    assert_eq!((code, ours.as_str()), (Code::InvalidArgument, "message_malformed"), "{text}");
    let (.., ours) = answer(&rig, &alice, CREATE, framed(&[0; 70_000])).await;
    assert_eq!(ours, "message_too_long");
    let (.., ours) = answer(&rig, &alice, CREATE, Vec::new()).await;
    assert_eq!(ours, "message_malformed");
    let filter = AuditFilter { event: Some("request.refused".to_owned()), ..AuditFilter::default() };
    let noted = async || rig.store.read().await.unwrap().events(&filter, 1000).await.unwrap();
    let events = noted().await;
    let told: Vec<_> = events.iter().map(|stored| stored.event.reason.as_str()).collect();
    assert_eq!(told, ["message_malformed", "message_too_long", "message_malformed"]);
    for stored in &events {
        assert_eq!((stored.event.user.as_str(), stored.event.target.as_str()), ("alice", &CREATE[1..]));
        assert!(!stored.event.request_id.is_empty());
    }
    for _ in 0..70 {
        answer(&rig, &alice, CREATE, framed(&[0xff; 8])).await;
    }
    assert_eq!(noted().await.len(), 61, "by the cap of other refusals");
}

#[tokio::test]
async fn a_frame_that_breaks_off_gets_an_error() {
    let (rig, alice) = rig().await;
    let whole = framed(&[0x0a, 0x00]);
    let bodies = [
        Vec::new(),
        whole[..3].to_vec(),
        whole[..6].to_vec(),
        // It says that it is compressed, but not how; a flag that does not exist.
        [[1].as_slice(), &whole[1..]].concat(),
        [[9].as_slice(), &whole[1..]].concat(),
    ];
    for path in [ENROLL, AUTHENTICATE] {
        for body in &bodies {
            let (code, text) = call(&rig, &alice, path, body.clone()).await;
            assert!(matches!(code, Code::InvalidArgument | Code::Unimplemented), "{body:?}: {code:?} {text}");
        }
    }
    alice.who().await.unwrap();
}

#[tokio::test]
async fn a_first_message_that_is_cut_anywhere_opens_no_challenge() {
    let (rig, alice) = rig().await;
    let (id, token) = rig.register_linux("PF000001").await;
    let init = Machine::new("PF000001").init(&token);
    let whole = devices::EnrollDeviceRequest { payload: Some(Payload::Init(init)) }.encode_to_vec();
    for end in (0..whole.len()).step_by(11) {
        let (code, _) = call(&rig, &alice, ENROLL, framed(&whole[..end])).await;
        assert!(matches!(code, Code::InvalidArgument | Code::PermissionDenied), "cut at {end}: {code:?}");
    }
    rig.assert_untouched(&id).await;
    assert_eq!(rig.tokens(&id).await[0].attempts, 0);
}

#[tokio::test]
async fn a_message_over_4_mib_is_refused() {
    let (rig, alice) = rig().await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    // First message.
    let mut init = machine.init(&token);
    init.device_data.as_mut().unwrap().os_build = "x".repeat(4 * 1024 * 1024);
    let status = Enrolling::begin(&alice.connection, init).await.map(|_| ()).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(rig.tokens(&id).await[0].attempts, 0);
    // Answer: the challenge is lost, the token is free for the next.
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let mut answer = machine.solve(&challenge);
    answer.platform_parameters.as_mut().unwrap().event_log = vec![0; 4 * 1024 * 1024];
    let status = stream.finish_tpm(answer).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(status.message().contains("4194304"), "{}", status.message());
    rig.assert_untouched(&id).await;
    machine.enrol(&alice.connection, &token).await.unwrap();
}

#[tokio::test]
async fn a_call_of_one_message_takes_less() {
    let (_rig, alice) = rig().await;
    let request =
        gatehouse_proto::gatehouse::v1::LoginRequest { password: "x".repeat(100_000), ..Default::default() };
    let outcome = alice.connection.auth().login(request).await;
    let status = refused(outcome, Code::InvalidArgument, "message_too_long");
    assert!(status.message().contains("65536"), "{}", status.message());
}

#[tokio::test]
async fn a_length_that_is_only_claimed_allocates_nothing() {
    let (rig, alice) = rig().await;
    for length in [u32::MAX, 4 * 1024 * 1024 + 1] {
        let body = [[0].as_slice(), &length.to_be_bytes(), &[0; 16]].concat();
        let (code, _) = call(&rig, &alice, ENROLL, body).await;
        assert_eq!(code, Code::InvalidArgument);
    }
    alice.who().await.unwrap();
}

#[tokio::test]
async fn a_malformed_answer_frees_the_token() {
    let (rig, alice) = rig().await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let init = devices::EnrollDeviceRequest { payload: Some(Payload::Init(machine.init(&token))) };
    let body = [framed(&init.encode_to_vec()), framed(&[0xff; 20])].concat();
    // The body answers blindly, so the challenge goes out and is lost.
    let mut sender = plain_h2(&rig.target, Some(alice.identity())).await;
    let request = http::Request::post(format!("https://localhost{ENROLL}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    let status = body.trailers().unwrap().get("grpc-status").unwrap().to_str().unwrap().to_owned();
    assert_eq!(status, (Code::InvalidArgument as i32).to_string());
    assert_eq!(rig.tokens(&id).await[0].attempts, 1);
    rig.assert_untouched(&id).await;
    machine.enrol(&alice.connection, &token).await.unwrap();
}

#[tokio::test]
async fn messages_of_an_enrolment_out_of_order_are_refused() {
    let (rig, alice) = rig().await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let mut early = Enrolling::open(&alice.connection).await.unwrap();
    early.send(Some(Payload::TpmChallengeResponse(Default::default()))).await;
    refused(early.next().await, Code::InvalidArgument, "message_incomplete");
    let mut empty = Enrolling::open(&alice.connection).await.unwrap();
    empty.send(None).await;
    refused(empty.next().await, Code::InvalidArgument, "message_incomplete");
    let (twice, _) = Enrolling::begin(&alice.connection, machine.init(&token)).await.unwrap();
    let outcome = twice.finish(Payload::Init(machine.init(&token))).await;
    refused(outcome, Code::InvalidArgument, "message_incomplete");
    let (bare, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let mut answer = machine.solve(&challenge);
    answer.platform_parameters = None;
    refused(bare.finish_tpm(answer).await, Code::InvalidArgument, "message_incomplete");
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn a_connection_that_speaks_no_http_2_harms_nobody_else() {
    let (rig, alice) = rig().await;
    for rubbish in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xff; 10_000],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff".to_vec(),
    ] {
        let path = rig.data.join("admin.sock");
        let mut stream = tokio::net::UnixStream::connect(path).await.unwrap();
        let _ = stream.write_all(&rubbish).await;
    }
    alice.who().await.unwrap();
}
