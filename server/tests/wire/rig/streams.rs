//! The ceremonies' streams, one message at a time.

use gatehouse_proto::devicetrust as wire;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use wire::authenticate_device_request::Payload as AuthenticateRequest;
use wire::authenticate_device_response::Payload as AuthenticateResponse;
use wire::enroll_device_request::Payload as EnrollRequest;
use wire::enroll_device_response::Payload as EnrollResponse;

use super::Connection;

/// An enrolment's stream.
pub(crate) struct Enrolling {
    requests: mpsc::Sender<wire::EnrollDeviceRequest>,
    answers: Streaming<wire::EnrollDeviceResponse>,
}

impl Enrolling {
    pub(crate) async fn open(connection: &Connection) -> Result<Self, Status> {
        let (requests, receiver) = mpsc::channel(4);
        let answers = connection.devices().enroll_device(ReceiverStream::new(receiver)).await?.into_inner();
        Ok(Self { requests, answers })
    }

    /// The stream and the challenge to a first message.
    pub(crate) async fn begin(
        connection: &Connection,
        init: wire::EnrollDeviceInit,
    ) -> Result<(Self, EnrollResponse), Status> {
        let mut stream = Self::open(connection).await?;
        stream.send(Some(EnrollRequest::Init(init))).await;
        let challenge = stream.next().await?;
        Ok((stream, challenge))
    }

    /// As [`Self::begin`], for a TPM.
    pub(crate) async fn begin_tpm(
        connection: &Connection,
        init: wire::EnrollDeviceInit,
    ) -> Result<(Self, wire::TpmEnrollChallenge), Status> {
        match Self::begin(connection, init).await? {
            (stream, EnrollResponse::TpmChallenge(challenge)) => Ok((stream, challenge)),
            (_, other) => panic!("no TPM challenge: {other:?}"),
        }
    }

    pub(crate) async fn send(&self, payload: Option<EnrollRequest>) {
        let _ = self.requests.send(wire::EnrollDeviceRequest { payload }).await;
    }

    pub(crate) async fn next(&mut self) -> Result<EnrollResponse, Status> {
        match self.answers.message().await? {
            Some(answer) => Ok(answer.payload.expect("the server's message holds something")),
            None => Err(Status::unknown("the server ended the stream without a word")),
        }
    }

    pub(crate) async fn finish(mut self, answer: EnrollRequest) -> Result<wire::Device, Status> {
        self.send(Some(answer)).await;
        match self.next().await? {
            EnrollResponse::Success(success) => Ok(success.device.unwrap()),
            other => panic!("no success: {other:?}"),
        }
    }

    pub(crate) async fn finish_tpm(
        self,
        answer: wire::TpmEnrollChallengeResponse,
    ) -> Result<wire::Device, Status> {
        self.finish(EnrollRequest::TpmChallengeResponse(answer)).await
    }

    /// Says that no more messages come, and gives what the server makes of that.
    pub(crate) async fn hang_up(mut self) -> Result<EnrollResponse, Status> {
        let (closed, _) = mpsc::channel(1);
        self.requests = closed;
        self.next().await
    }
}

/// An authentication's stream.
pub(crate) struct Authenticating {
    requests: mpsc::Sender<wire::AuthenticateDeviceRequest>,
    answers: Streaming<wire::AuthenticateDeviceResponse>,
}

impl Authenticating {
    pub(crate) async fn open(connection: &Connection) -> Result<Self, Status> {
        let (requests, receiver) = mpsc::channel(4);
        let answers =
            connection.devices().authenticate_device(ReceiverStream::new(receiver)).await?.into_inner();
        Ok(Self { requests, answers })
    }

    pub(crate) async fn begin(
        connection: &Connection,
        init: wire::AuthenticateDeviceInit,
    ) -> Result<(Self, AuthenticateResponse), Status> {
        let mut stream = Self::open(connection).await?;
        stream.send(Some(AuthenticateRequest::Init(init))).await;
        let challenge = stream.next().await?;
        Ok((stream, challenge))
    }

    /// As [`Self::begin`], for a TPM: the nonce.
    pub(crate) async fn begin_tpm(
        connection: &Connection,
        init: wire::AuthenticateDeviceInit,
    ) -> Result<(Self, Vec<u8>), Status> {
        match Self::begin(connection, init).await? {
            (stream, AuthenticateResponse::TpmChallenge(challenge)) => {
                Ok((stream, challenge.attestation_nonce))
            }
            (_, other) => panic!("no TPM challenge: {other:?}"),
        }
    }

    pub(crate) async fn send(&self, payload: Option<AuthenticateRequest>) {
        let _ = self.requests.send(wire::AuthenticateDeviceRequest { payload }).await;
    }

    pub(crate) async fn next(&mut self) -> Result<AuthenticateResponse, Status> {
        match self.answers.message().await? {
            Some(answer) => Ok(answer.payload.expect("the server's message holds something")),
            None => Err(Status::unknown("the server ended the stream without a word")),
        }
    }

    pub(crate) async fn finish(
        mut self,
        answer: AuthenticateRequest,
    ) -> Result<wire::UserCertificates, Status> {
        self.send(Some(answer)).await;
        match self.next().await? {
            AuthenticateResponse::UserCertificates(certificates) => Ok(certificates),
            other => panic!("no certificates: {other:?}"),
        }
    }

    pub(crate) async fn finish_tpm(
        self,
        platform: wire::TpmPlatformParameters,
    ) -> Result<wire::UserCertificates, Status> {
        let answer = wire::TpmAuthenticateDeviceChallengeResponse {
            platform_parameters: Some(platform),
            ssh_signature: Vec::new(),
        };
        self.finish(AuthenticateRequest::TpmChallengeResponse(answer)).await
    }
}
