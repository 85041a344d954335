//! Devices that speak for browsers' sessions.

use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust_public as public;
use public::authenticate_device_request::Payload as PublicRequest;
use public::authenticate_device_response::Payload as PublicResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use wire::authenticate_device_request::Payload as Request;
use wire::authenticate_device_response::Payload as Response;

use super::{Authenticating, Connection, Link, Machine};

impl Machine {
    pub(crate) fn web_init(&self, link: &Link) -> wire::AuthenticateDeviceInit {
        wire::AuthenticateDeviceInit {
            device_web_token: Some(wire::DeviceWebToken {
                id: link.id.clone(),
                token: link.token.clone(),
                ..wire::DeviceWebToken::default()
            }),
            ..self.authenticate_init("")
        }
    }

    /// Speaks for a session, with the certificate of the connection.
    pub(crate) async fn speak(
        &self,
        connection: &Connection,
        link: &Link,
    ) -> Result<wire::DeviceConfirmationToken, Status> {
        let (stream, nonce) = Authenticating::begin_tpm(connection, self.web_init(link)).await?;
        self.answer(stream, &nonce).await
    }

    pub(crate) async fn answer(
        &self,
        mut stream: Authenticating,
        nonce: &[u8],
    ) -> Result<wire::DeviceConfirmationToken, Status> {
        let answer = wire::TpmAuthenticateDeviceChallengeResponse {
            platform_parameters: Some(platform_parameters(self.quote(nonce))),
            ssh_signature: Vec::new(),
        };
        stream.send(Some(Request::TpmChallengeResponse(answer))).await;
        match stream.next().await? {
            Response::ConfirmationToken(token) => Ok(token),
            other => panic!("no confirmation token: {other:?}"),
        }
    }

    /// Speaks for a session with nothing but its token.
    pub(crate) async fn speak_as_stranger(
        &self,
        connection: &Connection,
        link: &Link,
    ) -> Result<wire::DeviceConfirmationToken, Status> {
        let (requests, receiver) = mpsc::channel(4);
        let mut answers = connection
            .public_devices()
            .authenticate_device(ReceiverStream::new(receiver))
            .await?
            .into_inner();
        let send = |payload| {
            let requests = requests.clone();
            async move {
                let _ = requests.send(public::AuthenticateDeviceRequest { payload: Some(payload) }).await;
            }
        };
        let init = self.web_init(link);
        send(PublicRequest::Init(public::AuthenticateDeviceInit {
            credential_id: init.credential_id,
            device_data: init.device_data,
            device_web_token: init.device_web_token,
        }))
        .await;
        let challenge = answers.message().await?.and_then(|answer| answer.payload);
        let Some(PublicResponse::TpmChallenge(challenge)) = challenge else {
            panic!("no TPM challenge: {challenge:?}");
        };
        send(PublicRequest::TpmChallengeResponse(wire::TpmAuthenticateDeviceChallengeResponse {
            platform_parameters: Some(platform_parameters(self.quote(&challenge.attestation_nonce))),
            ssh_signature: Vec::new(),
        }))
        .await;
        match answers.message().await?.and_then(|answer| answer.payload) {
            Some(PublicResponse::ConfirmationToken(token)) => Ok(token),
            other => panic!("no confirmation token: {other:?}"),
        }
    }
}
