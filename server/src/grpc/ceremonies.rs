//! The ceremonies' streams: two messages each way, a limit on the time of each wait, and nothing left open when a
//! stream dies.

use std::time::Duration;

use gatehouse_domain::Failure;
use gatehouse_domain::ceremony::{
    AuthenticateAnswer, AuthenticateChallenge, AuthenticateInit, DeviceKey, EnrollAnswer, EnrollChallenge,
    EnrollInit,
};
use gatehouse_domain::device_web::WebInit;
use gatehouse_model::ErrorKind;
use gatehouse_proto::convert::{
    encrypted_credential, read_collected_data, read_ek_chain, read_platform_parameters,
    read_tpm_enroll_payload,
};
use gatehouse_proto::devicetrust as wire;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use wire::authenticate_device_request::Payload as AuthenticateRequest;
use wire::authenticate_device_response::Payload as AuthenticateResponse;
use wire::enroll_device_request::Payload as EnrollRequest;
use wire::enroll_device_response::Payload as EnrollResponse;

use super::caller::Caller;
use super::{Gateway, device_web, device_wire, status, unread};

/// How long a ceremony's stream may stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// For the first message.
    pub first_message: Duration,
    /// For a whole ceremony.
    pub whole: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { first_message: Duration::from_secs(10), whole: Duration::from_secs(60) }
    }
}

/// A ceremony's incoming half with its deadlines.
pub(super) struct Incoming<T> {
    stream: Streaming<T>,
    started: Instant,
}

impl<T> Incoming<T> {
    pub(super) fn new(stream: Streaming<T>) -> Self {
        Self { stream, started: Instant::now() }
    }

    pub(super) async fn next(&mut self, limit: Duration) -> Result<T, Stopped> {
        match tokio::time::timeout_at(self.started + limit, self.stream.message()).await {
            Err(_) => Err(Stopped::TimedOut),
            Ok(Ok(Some(message))) => Ok(message),
            Ok(Ok(None)) => Err(Stopped::Ended),
            Ok(Err(status)) => Err(Stopped::Broken(status)),
        }
    }
}

/// Why the next message did not come.
pub(super) enum Stopped {
    TimedOut,
    Ended,
    /// Malformed or too large a message, or a lost connection.
    Broken(Status),
}

impl Stopped {
    pub(super) fn status(self, caller: &Caller) -> Status {
        match self {
            Self::TimedOut => caller.status(Failure {
                kind: ErrorKind::RateLimited,
                code: "stream_timeout",
                hint: Some("start the ceremony again".to_owned()),
                error: "the ceremony took too long".into(),
            }),
            Self::Ended => caller.status(status::invalid("message_incomplete", "the stream ended too early")),
            Self::Broken(status) if status.code() == Code::Internal => {
                caller.status(unread::malformed(&status))
            }
            Self::Broken(status) if status.code() == Code::OutOfRange => {
                caller.status(unread::too_long(&status))
            }
            Self::Broken(status) => status,
        }
    }
}

pub(super) fn run_enrolment(
    gateway: Gateway,
    caller: Caller,
    stream: Streaming<wire::EnrollDeviceRequest>,
) -> ReceiverStream<Result<wire::EnrollDeviceResponse, Status>> {
    let (answers, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let last = enroll(&gateway, &caller, Incoming::new(stream), &answers).await;
        caller.note_refused(&gateway.services).await;
        // The other end may be gone; then nobody waits for this.
        let _ = answers.send(last).await;
    });
    ReceiverStream::new(receiver)
}

async fn enroll(
    gateway: &Gateway,
    caller: &Caller,
    mut incoming: Incoming<wire::EnrollDeviceRequest>,
    answers: &mpsc::Sender<Result<wire::EnrollDeviceResponse, Status>>,
) -> Result<wire::EnrollDeviceResponse, Status> {
    let enrolment = &gateway.services.enrolment;
    // Strangers are turned away before anything is read of them.
    let principal = caller.principal(&gateway.services).await?;
    principal.account().map_err(|error| caller.status(error))?;
    let first =
        incoming.next(gateway.limits.first_message).await.map_err(|stopped| stopped.status(caller))?;
    let init = read_enroll_init(first).map_err(|error| caller.status(error))?;
    if init.token.is_empty() {
        return enroll_announced(gateway, caller, incoming, answers, init).await;
    }
    let (challenge, pending) =
        enrolment.begin(&principal, init).await.map_err(|error| caller.status(error))?;
    let sent = answers.send(Ok(enroll_challenge(challenge))).await;
    let next = match sent {
        Ok(()) => incoming.next(gateway.limits.whole).await,
        Err(_) => Err(Stopped::Ended),
    };
    let outcome = async {
        let answer = next.map_err(|stopped| stopped.status(caller))?;
        let answer = read_enroll_answer(answer).map_err(|error| caller.status(error))?;
        // The certificate may have expired, a lock may have landed since the first message.
        let principal = caller.principal(&gateway.services).await?;
        Ok::<_, Status>((principal, answer))
    };
    match outcome.await {
        Ok((principal, answer)) => {
            let view =
                enrolment.finish(&principal, pending, answer).await.map_err(|error| caller.status(error))?;
            let success = wire::EnrollDeviceSuccess { device: Some(device_wire::device(view)) };
            Ok(wire::EnrollDeviceResponse { payload: Some(EnrollResponse::Success(success)) })
        }
        Err(status) => {
            let code = status::code_of(&status);
            let given_up = enrolment.abandon(&pending, code, status.message()).await;
            given_up.map_err(|error| caller.status(error))?;
            Err(status)
        }
    }
}

/// As [`enroll`], without a token: of a TPM that was announced. There is nothing to give up if the stream dies.
async fn enroll_announced(
    gateway: &Gateway,
    caller: &Caller,
    mut incoming: Incoming<wire::EnrollDeviceRequest>,
    answers: &mpsc::Sender<Result<wire::EnrollDeviceResponse, Status>>,
    init: EnrollInit,
) -> Result<wire::EnrollDeviceResponse, Status> {
    let enrolment = &gateway.services.announced_enrolment;
    let principal = caller.principal(&gateway.services).await?;
    let (challenge, pending) =
        enrolment.begin(&principal, init).await.map_err(|error| caller.status(error))?;
    if answers.send(Ok(enroll_challenge(challenge))).await.is_err() {
        return Err(Stopped::Ended.status(caller));
    }
    let answer = incoming.next(gateway.limits.whole).await.map_err(|stopped| stopped.status(caller))?;
    let answer = read_enroll_answer(answer).map_err(|error| caller.status(error))?;
    // The certificate may have expired, a lock may have landed since the first message.
    let principal = caller.principal(&gateway.services).await?;
    let view = enrolment.finish(&principal, pending, answer).await.map_err(|error| caller.status(error))?;
    let success = wire::EnrollDeviceSuccess { device: Some(device_wire::device(view)) };
    Ok(wire::EnrollDeviceResponse { payload: Some(EnrollResponse::Success(success)) })
}

fn read_enroll_init(message: wire::EnrollDeviceRequest) -> Result<EnrollInit, Failure> {
    let Some(EnrollRequest::Init(init)) = message.payload else {
        return Err(status::invalid("message_incomplete", "missing init"));
    };
    let data =
        init.device_data.ok_or_else(|| status::invalid("message_incomplete", "missing device_data"))?;
    let data = read_collected_data(data).map_err(|error| status::malformed(&error))?;
    if init.credential_id.is_empty() {
        return Err(status::invalid("message_incomplete", "missing credential_id"));
    }
    let key = match (init.macos, init.tpm) {
        (None, Some(mut tpm)) => {
            let intermediates = read_ek_chain(&mut tpm).map_err(|error| status::malformed(&error))?;
            let (ek, ak) = read_tpm_enroll_payload(tpm).map_err(|error| status::malformed(&error))?;
            DeviceKey::Tpm { ek, ak, intermediates }
        }
        (Some(macos), None) => DeviceKey::SecureEnclave { public_key_der: macos.public_key_der },
        _ => {
            return Err(status::invalid(
                "message_incomplete",
                "missing tpm or macos, of which one must be set",
            ));
        }
    };
    Ok(EnrollInit { token: init.token, credential_id: init.credential_id, data, key })
}

fn enroll_challenge(challenge: EnrollChallenge) -> wire::EnrollDeviceResponse {
    let payload = match challenge {
        EnrollChallenge::Tpm { credential, nonce } => {
            EnrollResponse::TpmChallenge(wire::TpmEnrollChallenge {
                encrypted_credential: Some(encrypted_credential(credential)),
                attestation_nonce: nonce.to_vec(),
            })
        }
        EnrollChallenge::SecureEnclave { challenge } => {
            EnrollResponse::MacosChallenge(wire::MacOsEnrollChallenge { challenge: challenge.to_vec() })
        }
    };
    wire::EnrollDeviceResponse { payload: Some(payload) }
}

fn read_enroll_answer(message: wire::EnrollDeviceRequest) -> Result<EnrollAnswer, Failure> {
    match message.payload {
        Some(EnrollRequest::TpmChallengeResponse(answer)) => {
            let platform = answer.platform_parameters.ok_or_else(missing_platform)?;
            Ok(EnrollAnswer::Tpm { solution: answer.solution, platform: read_platform_parameters(platform) })
        }
        Some(EnrollRequest::MacosChallengeResponse(answer)) => {
            Ok(EnrollAnswer::SecureEnclave { signature: answer.signature })
        }
        Some(EnrollRequest::Init(_)) | None => {
            Err(status::invalid("message_incomplete", "missing challenge response"))
        }
    }
}

pub(super) fn run_authentication(
    gateway: Gateway,
    caller: Caller,
    stream: Streaming<wire::AuthenticateDeviceRequest>,
) -> ReceiverStream<Result<wire::AuthenticateDeviceResponse, Status>> {
    let (answers, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let last = authenticate(&gateway, &caller, Incoming::new(stream), &answers).await;
        caller.note_refused(&gateway.services).await;
        let _ = answers.send(last).await;
    });
    ReceiverStream::new(receiver)
}

async fn authenticate(
    gateway: &Gateway,
    caller: &Caller,
    mut incoming: Incoming<wire::AuthenticateDeviceRequest>,
    answers: &mpsc::Sender<Result<wire::AuthenticateDeviceResponse, Status>>,
) -> Result<wire::AuthenticateDeviceResponse, Status> {
    let authentication = &gateway.services.authentication;
    let principal = caller.principal(&gateway.services).await?;
    principal.account().map_err(|error| caller.status(error))?;
    let first =
        incoming.next(gateway.limits.first_message).await.map_err(|stopped| stopped.status(caller))?;
    let init = match read_authenticate_init(first).map_err(|error| caller.status(error))? {
        Authenticate::Own(init) => init,
        Authenticate::Web(init) => {
            let token = device_web::authenticate(gateway, caller, init, &mut incoming, answers).await?;
            let payload = Some(AuthenticateResponse::ConfirmationToken(token));
            return Ok(wire::AuthenticateDeviceResponse { payload });
        }
    };
    let (challenge, pending) =
        authentication.begin(&principal, init).await.map_err(|error| caller.status(error))?;
    if answers.send(Ok(authenticate_challenge(challenge))).await.is_err() {
        return Err(Stopped::Ended.status(caller));
    }
    let answer = incoming.next(gateway.limits.whole).await.map_err(|stopped| stopped.status(caller))?;
    let answer = read_authenticate_answer(answer).map_err(|error| caller.status(error))?;
    let principal = caller.principal(&gateway.services).await?;
    let done =
        authentication.finish(&principal, pending, answer).await.map_err(|error| caller.status(error))?;
    let certificates = wire::UserCertificates {
        x509_der: done.certificates.x509_der,
        ssh_authorized_key: done.certificates.ssh_authorized_key.into_bytes(),
    };
    Ok(wire::AuthenticateDeviceResponse {
        payload: Some(AuthenticateResponse::UserCertificates(certificates)),
    })
}

/// For which session a device speaks.
enum Authenticate {
    /// The caller's own.
    Own(AuthenticateInit),
    /// A browser's.
    Web(WebInit),
}

fn read_authenticate_init(message: wire::AuthenticateDeviceRequest) -> Result<Authenticate, Failure> {
    let Some(AuthenticateRequest::Init(init)) = message.payload else {
        return Err(status::invalid("message_incomplete", "missing init"));
    };
    if init.device_web_token.is_some() {
        return device_web::read_init(init).map(Authenticate::Web);
    }
    let data =
        init.device_data.ok_or_else(|| status::invalid("message_incomplete", "missing device_data"))?;
    let data = read_collected_data(data).map_err(|error| status::malformed(&error))?;
    if init.credential_id.is_empty() {
        return Err(status::invalid("message_incomplete", "missing credential_id"));
    }
    let ssh_certificate =
        init.user_certificates.map(|certificates| certificates.ssh_authorized_key).unwrap_or_default();
    let ssh_certificate = String::from_utf8(ssh_certificate)
        .map_err(|_| status::invalid("ssh_certificate_invalid", "the SSH certificate is not text"))?;
    Ok(Authenticate::Own(AuthenticateInit { credential_id: init.credential_id, data, ssh_certificate }))
}

pub(super) fn authenticate_challenge(challenge: AuthenticateChallenge) -> wire::AuthenticateDeviceResponse {
    let payload = match challenge {
        AuthenticateChallenge::Tpm { nonce } => {
            AuthenticateResponse::TpmChallenge(wire::TpmAuthenticateDeviceChallenge {
                attestation_nonce: nonce.to_vec(),
            })
        }
        AuthenticateChallenge::SecureEnclave { challenge } => {
            AuthenticateResponse::Challenge(wire::AuthenticateDeviceChallenge {
                challenge: challenge.to_vec(),
            })
        }
    };
    wire::AuthenticateDeviceResponse { payload: Some(payload) }
}

pub(super) fn read_authenticate_answer(
    message: wire::AuthenticateDeviceRequest,
) -> Result<AuthenticateAnswer, Failure> {
    match message.payload {
        Some(AuthenticateRequest::TpmChallengeResponse(answer)) => {
            let platform = answer.platform_parameters.ok_or_else(missing_platform)?;
            Ok(AuthenticateAnswer::Tpm {
                platform: read_platform_parameters(platform),
                ssh_signature: answer.ssh_signature,
            })
        }
        Some(AuthenticateRequest::ChallengeResponse(answer)) => Ok(AuthenticateAnswer::SecureEnclave {
            signature: answer.signature,
            ssh_signature: answer.ssh_signature,
        }),
        Some(AuthenticateRequest::Init(_)) | None => {
            Err(status::invalid("message_incomplete", "missing challenge response"))
        }
    }
}

fn missing_platform() -> Failure {
    status::invalid("message_incomplete", "missing platform_parameters")
}
