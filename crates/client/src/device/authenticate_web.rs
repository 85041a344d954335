//! Authentication on behalf of a browser's session: it ends in a confirmation token, never in certificates.

use gatehouse_model::CollectedData;
use gatehouse_proto::convert::{collected_data, platform_parameters};
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust::authenticate_device_response::Payload as Response;
use gatehouse_proto::devicetrust_public as public;
use gatehouse_proto::devicetrust_public::authenticate_device_request::Payload as PublicRequest;
use gatehouse_proto::devicetrust_public::authenticate_device_response::Payload as PublicResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::authenticate::{ceremony_error, converse, ended_early};
use super::key::DeviceKey;
use crate::connection::Connection;
use crate::error::{ClientError, Result};
use crate::web_link::WebToken;

/// Authenticates this device for a browser's session, as the user of the connection's certificate.
///
/// # Errors
/// As [`super::authenticate`].
pub(crate) async fn authenticate_for_browser(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    token: &WebToken,
) -> Result<wire::DeviceConfirmationToken> {
    let init = wire::AuthenticateDeviceInit {
        user_certificates: None,
        credential_id: key.credential_id(),
        device_data: Some(collected_data(data)),
        device_web_token: Some(web_token(token)),
    };
    match converse(connection, key, init).await? {
        Response::ConfirmationToken(confirmation) => Ok(confirmation),
        _ => Err(ClientError::unexpected("unexpected success payload from server")),
    }
}

/// The same for a caller without a certificate: the token says for whom, the device's key says by what.
///
/// # Errors
/// As [`super::authenticate`].
pub(crate) async fn authenticate_with_token(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    token: &WebToken,
) -> Result<wire::DeviceConfirmationToken> {
    let (sender, receiver) = mpsc::channel(1);
    // As in an enrolment: a send that fails is explained by the call's status.
    let send = async |payload| {
        let _ = sender.send(public::AuthenticateDeviceRequest { payload: Some(payload) }).await;
    };
    send(PublicRequest::Init(public::AuthenticateDeviceInit {
        credential_id: key.credential_id(),
        device_data: Some(collected_data(data)),
        device_web_token: Some(web_token(token)),
    }))
    .await;
    let mut answers = connection
        .devices_public()
        .authenticate_device(ReceiverStream::new(receiver))
        .await
        .map_err(ceremony_error)?
        .into_inner();

    let challenge = match answers.message().await.map_err(ceremony_error)?.map(|answer| answer.payload) {
        Some(Some(PublicResponse::TpmChallenge(challenge))) => challenge,
        Some(_) => return Err(ClientError::unexpected("unexpected challenge payload from server")),
        None => return Err(ClientError::device_trust_not_supported()),
    };
    if challenge.attestation_nonce.is_empty() {
        return Err(ClientError::unexpected("missing attestation_nonce in challenge from server"));
    }
    let parameters = key.attest(&challenge.attestation_nonce)?;
    send(PublicRequest::TpmChallengeResponse(wire::TpmAuthenticateDeviceChallengeResponse {
        platform_parameters: Some(platform_parameters(parameters)),
        ssh_signature: Vec::new(),
    }))
    .await;

    match answers.message().await.map_err(ceremony_error)?.map(|answer| answer.payload) {
        Some(Some(PublicResponse::ConfirmationToken(confirmation))) => Ok(confirmation),
        Some(_) => Err(ClientError::unexpected("unexpected success payload from server")),
        None => Err(ended_early()),
    }
}

fn web_token(token: &WebToken) -> wire::DeviceWebToken {
    wire::DeviceWebToken { id: token.id.clone(), token: token.token.to_string(), ..Default::default() }
}
