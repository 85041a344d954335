use gatehouse_model::CollectedData;
use gatehouse_model::tpm::{EkMaterial, EncryptedCredential};
use gatehouse_proto::convert::{collected_data, platform_parameters, tpm_enroll_payload};
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust::enroll_device_request::Payload as Request;
use gatehouse_proto::devicetrust::enroll_device_response::Payload as Response;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::authenticate::ceremony_error;
use super::key::DeviceKey;
use crate::connection::Connection;
use crate::error::{ClientError, Result};

/// The secret that authorises one enrolment; never shown by `Debug`.
#[derive(Clone)]
pub struct EnrolmentToken(String);

impl EnrolmentToken {
    /// Takes a token as typed.
    ///
    /// # Errors
    /// Empty.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ClientError::usage("required flag --token not provided"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl EnrolmentToken {
    /// In place of a token, for a TPM that was announced to the server.
    #[must_use]
    pub const fn announced() -> Self {
        Self(String::new())
    }
}

impl std::fmt::Debug for EnrolmentToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentToken(..)")
    }
}

/// Enrols this device: proves that the AK lives in the TPM of the EK (credential activation) and that the platform
/// answers afresh (quotes over the server's nonce).
///
/// # Errors
/// The server refuses, knows no device trust, or ends early; the TPM refuses.
pub async fn enrol(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    token: &EnrolmentToken,
) -> Result<wire::Device> {
    let (ek, ak) = key.enrolment()?;
    // Beside a bare key they would serve nothing.
    let ek_chain = if matches!(ek, EkMaterial::Certificate(_)) { key.ek_chain() } else { Vec::new() };
    let init = wire::EnrollDeviceInit {
        token: token.0.clone(),
        credential_id: key.credential_id(),
        device_data: Some(collected_data(data)),
        macos: None,
        tpm: Some(wire::TpmEnrollPayload { ek_chain, ..tpm_enroll_payload(ek, ak) }),
    };
    let (sender, receiver) = mpsc::channel(1);
    // Nobody but the stream below takes messages: a send fails only when the call has ended, and then its status
    // says why.
    let send = async |payload| {
        let _ = sender.send(wire::EnrollDeviceRequest { payload: Some(payload) }).await;
    };
    send(Request::Init(init)).await;
    let mut answers = connection
        .devices()
        .enroll_device(ReceiverStream::new(receiver))
        .await
        .map_err(ceremony_error)?
        .into_inner();

    let challenge = match answers.message().await.map_err(ceremony_error)?.map(|answer| answer.payload) {
        Some(Some(Response::TpmChallenge(challenge))) => challenge,
        Some(Some(Response::Success(_))) => {
            return Err(ClientError::unexpected(
                "unexpected success payload from server: no challenge was sent",
            ));
        }
        Some(_) => return Err(ClientError::unexpected("unexpected challenge payload from server")),
        None => return Err(ClientError::device_trust_not_supported()),
    };
    let credential = challenge
        .encrypted_credential
        .ok_or_else(|| ClientError::unexpected("missing encrypted_credential in challenge from server"))?;
    if challenge.attestation_nonce.is_empty() {
        return Err(ClientError::unexpected("missing attestation_nonce in challenge from server"));
    }
    let parameters = key.attest(&challenge.attestation_nonce)?;
    let solution = key.activate(&EncryptedCredential {
        credential_blob: credential.credential_blob,
        secret: credential.secret,
    })?;
    send(Request::TpmChallengeResponse(wire::TpmEnrollChallengeResponse {
        solution,
        platform_parameters: Some(platform_parameters(parameters)),
    }))
    .await;

    match answers.message().await.map_err(ceremony_error)?.map(|answer| answer.payload) {
        Some(Some(Response::Success(success))) => {
            success.device.ok_or_else(|| ClientError::unexpected("the server sent no device"))
        }
        Some(_) => Err(ClientError::unexpected("unexpected success payload from server")),
        None => Err(ClientError::unexpected("the server ended the enrolment without an answer")),
    }
}
