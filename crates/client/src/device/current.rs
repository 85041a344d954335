use gatehouse_model::{CollectedData, ErrorKind};
use gatehouse_proto::devicetrust::{CreateDeviceEnrollTokenRequest, CreateDeviceRequest, Device};

use super::enroll::{EnrolmentToken, enrol};
use super::key::DeviceKey;
use super::lookup::{DeviceName, find_all};
use crate::connection::Connection;
use crate::error::{ClientError, Result};
use crate::second_factor::{SecondFactorPrompt, confirm_when_asked};

/// How far an admin's enrolment of the own device came.
pub struct SelfEnrolment {
    /// The device, once there is one.
    pub device: Option<Device>,
    pub registered: bool,
    pub enrolled: bool,
    /// Why it went no further. What was done before stays done.
    pub failure: Option<ClientError>,
}

impl SelfEnrolment {
    /// `enrolled`, `registered` or `registered and enrolled`; `None` if nothing was done.
    #[must_use]
    pub const fn action(&self) -> Option<&'static str> {
        match (self.registered, self.enrolled) {
            (true, true) => Some("registered and enrolled"),
            (true, false) => Some("registered"),
            (false, true) => Some("enrolled"),
            (false, false) => None,
        }
    }
}

/// Registers this device if it is not registered yet, and enrols it: for users who may do both.
pub async fn enrol_current(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    prompt: &mut dyn SecondFactorPrompt,
) -> SelfEnrolment {
    let mut outcome = SelfEnrolment { device: None, registered: false, enrolled: false, failure: None };
    if let Err(error) = run(connection, key, data, prompt, &mut outcome).await {
        outcome.failure = Some(error);
    }
    outcome
}

async fn run(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    prompt: &mut dyn SecondFactorPrompt,
    outcome: &mut SelfEnrolment,
) -> Result<()> {
    let name = DeviceName::Exact(data.os_type, data.serial_number.clone());
    let found = confirm_when_asked(connection, prompt, async || find_all(connection, &name).await)
        .await
        .map_err(|error| reworded(error, "list devices"))?;
    let token = if let Some(device) = found.into_iter().next() {
        let request = CreateDeviceEnrollTokenRequest {
            device_id: device.id.clone(),
            device_data: None,
            expire_time: None,
        };
        outcome.device = Some(device);
        confirm_when_asked(connection, prompt, async || {
            Ok(connection.devices().create_device_enroll_token(request.clone()).await?.into_inner())
        })
        .await
        .map_err(|error| reworded(error, MAKING_TOKENS))?
        .token
    } else {
        let request = CreateDeviceRequest {
            device: Some(Device {
                os_type: data.os_type.number(),
                asset_tag: data.serial_number.clone(),
                ..Device::default()
            }),
            create_enroll_token: true,
            create_as_resource: false,
            enroll_token_expire_time: None,
        };
        let mut device = confirm_when_asked(connection, prompt, async || {
            Ok(connection.devices().create_device(request.clone()).await?.into_inner())
        })
        .await
        .map_err(|error| reworded(error, "register devices"))?;
        outcome.registered = true;
        let token = device.enroll_token.take();
        outcome.device = Some(device);
        token.map(|token| token.token).unwrap_or_default()
    };
    if token.is_empty() {
        return Err(ClientError::unexpected("the server sent no enrollment token"));
    }
    let token = EnrolmentToken::new(&token)?;
    // A token survives an attempt that the server stopped to ask for the second factor.
    let device = match enrol(connection, key, data, &token).await {
        Err(error) if error.code == "second_factor_required" => {
            let mut first = Some(error);
            confirm_when_asked(connection, prompt, async || match first.take() {
                Some(error) => Err(error),
                None => enrol(connection, key, data, &token).await,
            })
            .await?
        }
        other => other?,
    };
    outcome.enrolled = true;
    outcome.device = Some(device);
    Ok(())
}

const MAKING_TOKENS: &str = "create device enrollment tokens";

/// A refusal for lack of rights names what is lacking and who can help. A refusal for want of trust is left as it is.
fn reworded(error: ClientError, doing: &str) -> ClientError {
    if error.kind != ErrorKind::PermissionDenied || error.code == "trusted_device_required" {
        return error;
    }
    // Registering asks for a token in the same breath, and that may be what is lacking.
    let doing = if error.message.contains("\"create_enroll_token\"") { MAKING_TOKENS } else { doing };
    ClientError {
        message: format!(
            "User does not have permissions to {doing}. Contact your cluster device administrator."
        ),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_what_is_lacking() {
        let denied = ClientError::new(ErrorKind::PermissionDenied, "denied", "no");
        assert_eq!(
            reworded(denied, "list devices").message,
            "User does not have permissions to list devices. Contact your cluster device administrator."
        );
        let no_tokens = "access denied: none of your roles allows \"create_enroll_token\" on \"device\"";
        let denied = ClientError::new(ErrorKind::PermissionDenied, "denied", no_tokens);
        assert_eq!(
            reworded(denied, "register devices").message,
            "User does not have permissions to create device enrollment tokens. Contact your cluster device administrator."
        );
        let other = ClientError::new(ErrorKind::Conflict, "x", "as it is");
        assert_eq!(reworded(other, "list devices").message, "as it is");
    }

    #[test]
    fn outcomes_have_their_words() {
        let words = |registered, enrolled| {
            SelfEnrolment { device: None, registered, enrolled, failure: None }.action()
        };
        assert_eq!(words(true, true), Some("registered and enrolled"));
        assert_eq!(words(true, false), Some("registered"));
        assert_eq!(words(false, true), Some("enrolled"));
        assert_eq!(words(false, false), None);
    }
}
