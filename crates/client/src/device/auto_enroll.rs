use gatehouse_model::{CollectedData, ErrorKind};
use gatehouse_proto::convert::collected_data;
use gatehouse_proto::devicetrust::{CreateDeviceEnrollTokenRequest, Device};

use super::authenticate::ceremony_error;
use super::enroll::{EnrolmentToken, enrol};
use super::key::DeviceKey;
use crate::connection::Connection;
use crate::error::{ClientError, Result};

/// Variables by which a user opts out; the first is the one that clients of this contract always had.
const OPT_OUT: [&str; 2] = ["TELEPORT_DEVICE_AUTO_ENROLL_DISABLED", "GATEHOUSE_DEVICE_AUTO_ENROLL_DISABLED"];

/// Whether the environment opts out of auto-enrolment.
#[must_use]
pub fn auto_enroll_disabled() -> bool {
    OPT_OUT.iter().any(|name| std::env::var(name).is_ok_and(|value| says_yes(&value)))
}

fn says_yes(value: &str) -> bool {
    matches!(value.trim(), "1" | "t" | "T" | "true" | "TRUE" | "True" | "yes")
}

/// Enrols a registered device without an admin's token, where the cluster allows it.
///
/// # Errors
/// The server refuses (the device is not registered, belongs to somebody else, ...), or the ceremony fails.
pub async fn auto_enrol(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
) -> Result<Device> {
    let request = CreateDeviceEnrollTokenRequest {
        device_id: String::new(),
        device_data: Some(collected_data(data)),
        expire_time: None,
    };
    let token = connection
        .devices()
        .create_device_enroll_token(request)
        .await
        .map_err(ceremony_error)?
        .into_inner()
        .token;
    if token.is_empty() {
        return Err(ClientError::new(ErrorKind::Internal, "unexpected_answer", "the server sent no token"));
    }
    enrol(connection, key, data, &EnrolmentToken::new(&token)?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opting_out_reads_as_a_bool() {
        assert!(says_yes("1") && says_yes("true") && says_yes(" yes "));
        assert!(!says_yes("") && !says_yes("0") && !says_yes("false") && !says_yes("maybe"));
    }
}
