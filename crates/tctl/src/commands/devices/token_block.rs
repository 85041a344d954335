//! An enrolment token as people pass it on.

use gatehouse_client::present::time_left;
use gatehouse_client::{ClientError, Result};
use gatehouse_model::Timestamp;
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::devicetrust::DeviceEnrollToken;
use serde::Serialize;

/// A token with the device that it is for.
#[derive(Serialize)]
pub(crate) struct TokenView {
    pub(crate) device: String,
    pub(crate) token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Timestamp>,
}

impl TokenView {
    pub(crate) fn new(device: &str, token: DeviceEnrollToken) -> Result<Self> {
        if token.token.is_empty() {
            return Err(ClientError::unexpected("the server sent no enrollment token"));
        }
        let expires = token.expire_time.as_ref().map(read_timestamp).transpose()?;
        Ok(Self { device: device.to_owned(), token: token.token, expires })
    }

    pub(crate) fn text(&self, now: Timestamp) -> String {
        let expiry = self
            .expires
            .map(|expires| format!("This token will expire in {}.\n", time_left(expires, now)))
            .unwrap_or_default();
        format!(
            "The enrollment token: {token}\n{expiry}\nRun the command below on device \"{device}\" to enroll it:\ntsh device enroll --token={token}\n",
            token = self.token,
            device = gatehouse_model::clean_label(&self.device),
        )
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_proto::convert::timestamp;

    use super::*;

    #[test]
    fn the_block_ends_with_the_command_to_run() {
        let now = Timestamp::from_micros(1_000_000_010_000);
        let token = DeviceEnrollToken {
            token: "AAAA".to_owned(),
            expire_time: Some(timestamp(Timestamp::from_secs(1_003_600))),
        };
        let text = TokenView::new("C00AA0AAAA0A", token).unwrap().text(now);
        insta::assert_snapshot!(text, @r#"
        The enrollment token: AAAA
        This token will expire in 1h0m0s.

        Run the command below on device "C00AA0AAAA0A" to enroll it:
        tsh device enroll --token=AAAA
        "#);
    }

    #[test]
    fn an_empty_token_is_never_printed() {
        assert!(TokenView::new("X", DeviceEnrollToken::default()).is_err());
    }
}
