use gatehouse_client::device::{EnrolmentToken, authenticate, enrol};
use gatehouse_client::{ClientError, Connection};
use gatehouse_model::ErrorKind;
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust::authenticate_device_response::Payload as AuthenticateAnswer;
use gatehouse_proto::devicetrust::enroll_device_response::Payload as EnrolAnswer;
use tonic::Status;

use crate::fake_key::{FakeKey, collected};
use crate::fake_server::{Script, connect, refusal};

fn challenge() -> EnrolAnswer {
    EnrolAnswer::TpmChallenge(wire::TpmEnrollChallenge {
        encrypted_credential: Some(wire::TpmEncryptedCredential {
            credential_blob: vec![7; 8],
            secret: vec![8; 8],
        }),
        attestation_nonce: vec![9; 32],
    })
}

fn success() -> EnrolAnswer {
    EnrolAnswer::Success(wire::EnrollDeviceSuccess {
        device: Some(wire::Device { asset_tag: "PF0001".to_owned(), ..Default::default() }),
    })
}

fn enrolling(answers: Vec<Result<EnrolAnswer, Status>>) -> Script {
    Script { enrol: answers.into(), ..Script::default() }
}

async fn enrol_with(connection: &Connection) -> Result<wire::Device, ClientError> {
    enrol(connection, &mut FakeKey, &collected(), &EnrolmentToken::new("token").unwrap()).await
}

#[tokio::test]
async fn an_enrolment_answers_the_challenge() {
    let (connection, server, _folder) = connect(enrolling(vec![Ok(challenge()), Ok(success())])).await;
    assert_eq!(enrol_with(&connection).await.unwrap().asset_tag, "PF0001");
    server.with(|script| {
        let [first, second] = script.enrol_messages.as_slice() else { panic!("two messages") };
        let Some(wire::enroll_device_request::Payload::Init(init)) = &first.payload else { panic!("init") };
        assert_eq!((init.token.as_str(), init.credential_id.as_str()), ("token", "credential"));
        assert!(init.tpm.is_some() && init.macos.is_none());
        let Some(wire::enroll_device_request::Payload::TpmChallengeResponse(answer)) = &second.payload else {
            panic!("answer")
        };
        assert_eq!(answer.solution, [7; 8]);
        assert_eq!(answer.platform_parameters.as_ref().unwrap().quotes[0].quote, [9; 32]);
    });
}

#[tokio::test]
async fn a_server_without_device_trust_is_never_a_quiet_success() {
    // Unimplemented, and a stream that ends at once, as servers of the contract do.
    for answers in [vec![Err(Status::unimplemented(""))], vec![]] {
        let (connection, _server, _folder) = connect(enrolling(answers)).await;
        let error = enrol_with(&connection).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unimplemented);
        assert_eq!(error.message, "device trust not supported by remote cluster");
    }
}

#[tokio::test]
async fn answers_out_of_turn_are_refused() {
    let no_nonce = EnrolAnswer::TpmChallenge(wire::TpmEnrollChallenge {
        encrypted_credential: Some(wire::TpmEncryptedCredential::default()),
        attestation_nonce: Vec::new(),
    });
    let no_credential = EnrolAnswer::TpmChallenge(wire::TpmEnrollChallenge {
        encrypted_credential: None,
        attestation_nonce: vec![9; 32],
    });
    for (answers, word) in [
        (vec![Ok(success())], "no challenge was sent"),
        (vec![Ok(no_nonce)], "missing attestation_nonce"),
        (vec![Ok(no_credential)], "missing encrypted_credential"),
        (vec![Ok(challenge())], "ended the enrolment"),
        (vec![Ok(challenge()), Ok(challenge())], "unexpected success payload"),
    ] {
        let (connection, _server, _folder) = connect(enrolling(answers)).await;
        let error = enrol_with(&connection).await.unwrap_err();
        assert!(error.message.contains(word), "{}", error.message);
        assert_eq!(error.exit_code(), 2);
    }
}

#[tokio::test]
async fn a_refusal_keeps_its_code() {
    let spent = refusal(tonic::Code::FailedPrecondition, "token_spent", "it has been used");
    let (connection, _server, _folder) = connect(enrolling(vec![Err(spent)])).await;
    let error = enrol_with(&connection).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("token_spent", "it has been used"));
}

#[tokio::test]
async fn an_authentication_brings_new_certificates() {
    let nonce = AuthenticateAnswer::TpmChallenge(wire::TpmAuthenticateDeviceChallenge {
        attestation_nonce: vec![5; 32],
    });
    let certificates = wire::UserCertificates { x509_der: vec![1], ssh_authorized_key: vec![2] };
    let done = AuthenticateAnswer::UserCertificates(certificates.clone());
    let script = Script { authenticate: vec![Ok(nonce), Ok(done)].into(), ..Script::default() };
    let (connection, server, _folder) = connect(script).await;
    let got = authenticate(&connection, &mut FakeKey, &collected(), "ssh-line\n").await.unwrap();
    assert_eq!(got, certificates);
    server.with(|script| {
        let Some(wire::authenticate_device_request::Payload::Init(init)) =
            &script.authenticate_messages[0].payload
        else {
            panic!("init")
        };
        let sent = init.user_certificates.as_ref().unwrap();
        assert_eq!((sent.x509_der.len(), sent.ssh_authorized_key.as_slice()), (0, b"ssh-line".as_slice()));
    });
}
