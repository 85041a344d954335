//! `Debug` of messages with secrets in them: the name and nothing else, so that no log can hold a token.

macro_rules! redact {
    ($($message:path),+ $(,)?) => {$(
        impl std::fmt::Debug for $message {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($message), " { .. }"))
            }
        }
    )+};
}

redact!(
    crate::devicetrust::DeviceEnrollToken,
    crate::devicetrust::DeviceWebToken,
    crate::devicetrust::DeviceConfirmationToken,
    crate::devicetrust::EnrollDeviceInit,
    crate::devicetrust::TpmEnrollChallengeResponse,
    crate::gatehouse::v1::BeginSignupRequest,
    crate::gatehouse::v1::BeginSignupResponse,
    crate::gatehouse::v1::FinishSignupRequest,
    crate::gatehouse::v1::FinishSignupResponse,
    crate::gatehouse::v1::LoginRequest,
    crate::gatehouse::v1::BeginBrowserLoginRequest,
    crate::gatehouse::v1::FinishBrowserLoginRequest,
    crate::gatehouse::v1::ConfirmSecondFactorRequest,
    crate::gatehouse::v1::CreateEnrollTokenResponse,
    crate::gatehouse::v1::UserLink,
    crate::gatehouse::v1::DescribeDeviceWebTokenRequest,
    crate::gatehouse::v1::RedeemDeviceCodeRequest,
    crate::gatehouse::v1::RedeemDeviceCodeResponse,
    crate::gatehouse::v1::MatchDeviceNumberRequest,
);

#[cfg(test)]
mod tests {
    #[test]
    fn secrets_do_not_reach_debug_output() {
        let token = crate::devicetrust::DeviceEnrollToken { token: "s3cret".to_owned(), expire_time: None };
        let device = crate::devicetrust::Device { enroll_token: Some(token), ..Default::default() };
        assert!(!format!("{device:?}").contains("s3cret"));
    }
}
