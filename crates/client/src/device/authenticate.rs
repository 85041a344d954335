use gatehouse_model::{CollectedData, ErrorKind};
use gatehouse_proto::convert::{collected_data, platform_parameters};
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust::authenticate_device_request::Payload as Request;
use gatehouse_proto::devicetrust::authenticate_device_response::Payload as Response;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::key::DeviceKey;
use crate::connection::Connection;
use crate::error::{ClientError, Result};

/// Authenticates this device. `ssh_line` is the login's SSH certificate; the X.509 one is that of the connection.
/// Gives the certificates that name the device.
///
/// The keys of TLS and SSH are the same, so no signature by the SSH key is sent.
///
/// # Errors
/// The server refuses, knows no device trust, or ends early; the TPM refuses.
pub async fn authenticate(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    ssh_line: &str,
) -> Result<wire::UserCertificates> {
    let init = wire::AuthenticateDeviceInit {
        user_certificates: Some(wire::UserCertificates {
            x509_der: Vec::new(),
            ssh_authorized_key: ssh_line.trim().as_bytes().to_vec(),
        }),
        credential_id: key.credential_id(),
        device_data: Some(collected_data(data)),
        device_web_token: None,
    };
    match converse(connection, key, init).await? {
        Response::UserCertificates(certificates) => Ok(certificates),
        _ => Err(ClientError::unexpected("unexpected success payload from server")),
    }
}

/// The messages of an authentication up to its last answer.
pub(super) async fn converse(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    init: wire::AuthenticateDeviceInit,
) -> Result<Response> {
    let (sender, receiver) = mpsc::channel(1);
    // As in an enrolment: a send that fails is explained by the call's status.
    let send = async |payload| {
        let _ = sender.send(wire::AuthenticateDeviceRequest { payload: Some(payload) }).await;
    };
    send(Request::Init(init)).await;
    let mut answers = connection
        .devices()
        .authenticate_device(ReceiverStream::new(receiver))
        .await
        .map_err(ceremony_error)?
        .into_inner();

    let challenge = match answers.message().await.map_err(ceremony_error)?.map(|answer| answer.payload) {
        Some(Some(Response::TpmChallenge(challenge))) => challenge,
        Some(_) => return Err(ClientError::unexpected("unexpected challenge payload from server")),
        None => return Err(ClientError::device_trust_not_supported()),
    };
    if challenge.attestation_nonce.is_empty() {
        return Err(ClientError::unexpected("missing attestation_nonce in challenge from server"));
    }
    let parameters = key.attest(&challenge.attestation_nonce)?;
    send(Request::TpmChallengeResponse(wire::TpmAuthenticateDeviceChallengeResponse {
        platform_parameters: Some(platform_parameters(parameters)),
        ssh_signature: Vec::new(),
    }))
    .await;

    match answers.message().await.map_err(ceremony_error)?.map(|answer| answer.payload) {
        Some(Some(last)) => Ok(last),
        Some(None) => Err(ClientError::unexpected("unexpected success payload from server")),
        None => Err(ended_early()),
    }
}

pub(super) fn ended_early() -> ClientError {
    ClientError::unexpected("the server ended the device authentication without an answer")
}

/// A status of a ceremony. `Unimplemented` gets words of its own: it must not pass for a quiet success.
pub(super) fn ceremony_error(status: tonic::Status) -> ClientError {
    let error = ClientError::from(status);
    if error.kind == ErrorKind::Unimplemented { ClientError::device_trust_not_supported() } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unimplemented_is_said() {
        let error = ceremony_error(tonic::Status::unimplemented(""));
        assert_eq!(error.message, "device trust not supported by remote cluster");
        assert_eq!(error.exit_code(), 1);
    }
}
