//! A device speaks for a browser's session: with the user's certificate on the private service, or with nothing but the
//! session's token on the public one.

use gatehouse_domain::Failure;
use gatehouse_domain::device_web::{DeviceWebError, WebInit, WebQuestion};
use gatehouse_proto::convert::{read_collected_data, timestamp};
use gatehouse_proto::devicetrust as private;
use gatehouse_proto::devicetrust_public as public;
use gatehouse_proto::gatehouse::v1 as wire;
use private::authenticate_device_request::Payload as PrivateRequest;
use private::authenticate_device_response::Payload as PrivateResponse;
use public::authenticate_device_request::Payload as PublicRequest;
use public::authenticate_device_response::Payload as PublicResponse;
use public::device_trust_service_server::DeviceTrustService as PublicDeviceTrustService;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use wire::device_web_service_server::DeviceWebService;

use super::caller::Caller;
use super::ceremonies::{self, Incoming, Stopped};
use super::{Gateway, status};

/// What the edge does with a failure of the hand-off: it carries the reference by which an administrator finds the whole
/// attempt, where one is known.
fn refused(caller: &Caller, error: DeviceWebError) -> Status {
    match error.correlation_id().map(str::to_owned) {
        Some(id) => status::of(&Failure::from(error), &id),
        None => caller.status(error),
    }
}

/// The first message of a stream that has a web token.
pub(super) fn read_init(init: private::AuthenticateDeviceInit) -> Result<WebInit, Failure> {
    let token = init.device_web_token.unwrap_or_default();
    let missing = |what| status::invalid("message_incomplete", format!("missing {what}"));
    let data = init.device_data.ok_or_else(|| missing("device_data"))?;
    let data = read_collected_data(data).map_err(|error| status::malformed(&error))?;
    if token.id.is_empty() || token.token.is_empty() {
        return Err(missing("id and token of device_web_token"));
    }
    if init.credential_id.is_empty() {
        return Err(missing("credential_id"));
    }
    // What else the contract's token says is the server's own knowledge; certificates do not count here.
    Ok(WebInit { id: token.id, token: token.token, credential_id: init.credential_id, data })
}

/// What a stream with a web token goes through after its first message.
pub(super) async fn authenticate<M, A>(
    gateway: &Gateway,
    caller: &Caller,
    init: WebInit,
    incoming: &mut Incoming<M>,
    answers: &mpsc::Sender<Result<A, Status>>,
) -> Result<private::DeviceConfirmationToken, Status>
where
    M: IntoPrivate,
    A: FromPrivate,
{
    let device_web = &gateway.services.device_web;
    let principal = caller.principal(&gateway.services).await?;
    let begun = device_web.begin_authentication(&principal, init, &caller.facts().user_agent).await;
    let (challenge, pending) = begun.map_err(|error| refused(caller, error))?;
    let challenge = A::from_private(ceremonies::authenticate_challenge(challenge))
        .ok_or_else(|| Status::internal("a challenge of another kind"))?;
    if answers.send(Ok(challenge)).await.is_err() {
        return Err(Stopped::Ended.status(caller));
    }
    let answer = incoming.next(gateway.limits.whole).await.map_err(|stopped| stopped.status(caller))?;
    let answer = ceremonies::read_authenticate_answer(answer.into_private());
    let answer = answer.map_err(|error| caller.status(error))?;
    let principal = caller.principal(&gateway.services).await?;
    let done = device_web.finish_authentication(&principal, pending, &answer).await;
    let (id, token) = done.map_err(|error| refused(caller, error))?;
    Ok(private::DeviceConfirmationToken { id, token: token.reveal().to_owned() })
}

/// A message of a device, in the form of the private service.
pub(super) trait IntoPrivate {
    fn into_private(self) -> private::AuthenticateDeviceRequest;
}

/// A message to a device, of that of the private service.
pub(super) trait FromPrivate: Sized {
    /// `None` for what the service cannot say.
    fn from_private(message: private::AuthenticateDeviceResponse) -> Option<Self>;
}

impl IntoPrivate for private::AuthenticateDeviceRequest {
    fn into_private(self) -> private::AuthenticateDeviceRequest {
        self
    }
}

impl FromPrivate for private::AuthenticateDeviceResponse {
    fn from_private(message: private::AuthenticateDeviceResponse) -> Option<Self> {
        Some(message)
    }
}

impl IntoPrivate for public::AuthenticateDeviceRequest {
    fn into_private(self) -> private::AuthenticateDeviceRequest {
        let payload = self.payload.map(|payload| match payload {
            PublicRequest::Init(init) => PrivateRequest::Init(private::AuthenticateDeviceInit {
                user_certificates: None,
                credential_id: init.credential_id,
                device_data: init.device_data,
                device_web_token: init.device_web_token,
            }),
            PublicRequest::ChallengeResponse(answer) => {
                PrivateRequest::ChallengeResponse(private::AuthenticateDeviceChallengeResponse {
                    signature: answer.signature,
                    ssh_signature: Vec::new(),
                })
            }
            PublicRequest::TpmChallengeResponse(answer) => PrivateRequest::TpmChallengeResponse(answer),
        });
        private::AuthenticateDeviceRequest { payload }
    }
}

impl FromPrivate for public::AuthenticateDeviceResponse {
    fn from_private(message: private::AuthenticateDeviceResponse) -> Option<Self> {
        let payload = match message.payload? {
            PrivateResponse::Challenge(challenge) => {
                PublicResponse::Challenge(public::AuthenticateDeviceChallenge {
                    challenge: challenge.challenge,
                })
            }
            PrivateResponse::TpmChallenge(challenge) => PublicResponse::TpmChallenge(challenge),
            PrivateResponse::ConfirmationToken(token) => PublicResponse::ConfirmationToken(token),
            PrivateResponse::UserCertificates(_) => return None,
        };
        Some(Self { payload: Some(payload) })
    }
}

/// Whoever has a session's token may speak for it, if a device's key answers: a certificate is not asked for.
#[tonic::async_trait]
impl PublicDeviceTrustService for Gateway {
    type AuthenticateDeviceStream = ReceiverStream<Result<public::AuthenticateDeviceResponse, Status>>;

    async fn authenticate_device(
        &self,
        request: Request<Streaming<public::AuthenticateDeviceRequest>>,
    ) -> Result<Response<Self::AuthenticateDeviceStream>, Status> {
        let caller = Caller::of(&request)?;
        let (gateway, stream) = (self.clone(), request.into_inner());
        let (answers, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let last = authenticate_stranger(&gateway, &caller, Incoming::new(stream), &answers).await;
            // The other end may be gone; then nobody waits for this.
            let _ = answers.send(last).await;
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

async fn authenticate_stranger(
    gateway: &Gateway,
    caller: &Caller,
    mut incoming: Incoming<public::AuthenticateDeviceRequest>,
    answers: &mpsc::Sender<Result<public::AuthenticateDeviceResponse, Status>>,
) -> Result<public::AuthenticateDeviceResponse, Status> {
    let first = incoming.next(gateway.limits.first_message).await;
    let first = first.map_err(|stopped| stopped.status(caller))?.into_private();
    let Some(PrivateRequest::Init(init)) = first.payload else {
        return Err(caller.status(status::invalid("message_incomplete", "missing init")));
    };
    let init = read_init(init).map_err(|error| caller.status(error))?;
    let token = authenticate(gateway, caller, init, &mut incoming, answers).await?;
    Ok(public::AuthenticateDeviceResponse { payload: Some(PublicResponse::ConfirmationToken(token)) })
}

#[tonic::async_trait]
impl DeviceWebService for Gateway {
    async fn describe_device_web_token(
        &self,
        request: Request<wire::DescribeDeviceWebTokenRequest>,
    ) -> Result<Response<wire::DeviceWebAttempt>, Status> {
        let caller = Caller::of(&request)?;
        let wire::DescribeDeviceWebTokenRequest { id, token } = request.into_inner();
        let asked = self.services.device_web.describe(&id, &token, &caller.facts()).await;
        asked.map(|asked| Response::new(attempt(asked))).map_err(|error| refused(&caller, error))
    }

    async fn redeem_device_code(
        &self,
        request: Request<wire::RedeemDeviceCodeRequest>,
    ) -> Result<Response<wire::RedeemDeviceCodeResponse>, Status> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let code = request.into_inner().code;
        let redeemed = self.services.device_web.redeem_code(&principal, &code, &caller.facts()).await;
        let (found, token, asked) = redeemed.map_err(|error| refused(&caller, error))?;
        Ok(Response::new(wire::RedeemDeviceCodeResponse {
            id: found.id,
            token: token.reveal().to_owned(),
            attempt: Some(attempt(asked)),
        }))
    }

    async fn match_device_number(
        &self,
        request: Request<wire::MatchDeviceNumberRequest>,
    ) -> Result<Response<()>, Status> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let wire::MatchDeviceNumberRequest { id, token, number } = request.into_inner();
        let device_web = &self.services.device_web;
        let matched = device_web.match_number(&principal, &id, &token, &number, &caller.facts()).await;
        matched.map(Response::new).map_err(|error| refused(&caller, error))
    }
}

fn attempt(asked: WebQuestion) -> wire::DeviceWebAttempt {
    wire::DeviceWebAttempt {
        user: asked.user,
        browser: asked.browser,
        os: asked.os,
        address: asked.address,
        other_network: asked.other_network,
        expires: Some(timestamp(asked.expires)),
        redirect_uri: asked.redirect,
        correlation_id: asked.correlation_id,
        remote: asked.remote,
        client_address: asked.client_address,
    }
}
