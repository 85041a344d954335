use gatehouse_model::{UserName, clean_label};
use gatehouse_proto::gatehouse::v1::{BeginSignupRequest, BeginSignupResponse, FinishSignupRequest};

use crate::address::ProxyAddress;
use crate::connection::Connection;
use crate::error::Result;

#[derive(Clone)]
/// An invitation or reset link: the server and the token, which is the last segment of the path.
pub struct SignupLink {
    pub server: ProxyAddress,
    token: String,
}

impl std::str::FromStr for SignupLink {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        // The link itself is a secret: it is not repeated in the message.
        let wrong =
            || "the link is not an invitation: it looks like https://host:port/web/signup/<token>".to_owned();
        let rest = text.trim().strip_prefix("https://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').ok_or_else(wrong)?;
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let token = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let plain =
            token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'));
        if token.is_empty() || token.len() > 512 || !plain {
            return Err(wrong());
        }
        Ok(Self { server: authority.parse().map_err(|_| wrong())?, token: token.to_owned() })
    }
}

/// Says whom a link is for and which secret to store; spends nothing.
///
/// # Errors
/// The link is unknown, used or too old.
pub async fn begin_signup(connection: &Connection, link: &SignupLink) -> Result<BeginSignupResponse> {
    let request = BeginSignupRequest { token: link.token.clone() };
    let mut answer = connection.auth().begin_signup(request).await?.into_inner();
    answer.user = clean_label(&answer.user);
    Ok(answer)
}

/// An account that is ready.
pub struct SignedUp {
    pub user: String,
    /// Shown once; none for an account without a second factor.
    pub recovery_codes: Vec<String>,
}

/// Spends the link: stores password and one-time-code secret. `chosen` is the name for the first admin, whose link names
/// nobody.
///
/// # Errors
/// The server refuses the password or the code, or the link was used in between.
pub async fn finish_signup(
    connection: &Connection,
    link: &SignupLink,
    chosen: Option<&UserName>,
    password: String,
    otp_code: String,
) -> Result<SignedUp> {
    let request = FinishSignupRequest {
        token: link.token.clone(),
        password,
        otp_code,
        user: chosen.map(ToString::to_string).unwrap_or_default(),
    };
    let answer = connection.auth().finish_signup(request).await?.into_inner();
    Ok(SignedUp {
        user: clean_label(&answer.user),
        recovery_codes: answer.recovery_codes.iter().map(|code| clean_label(code)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_give_server_and_token() {
        let link: SignupLink = "https://localhost:3080/web/signup/abc-DEF_1?x=1".parse().unwrap();
        assert_eq!((link.server.to_string().as_str(), link.token.as_str()), ("localhost:3080", "abc-DEF_1"));
        let link: SignupLink = "https://h/web/reset/t/".parse().unwrap();
        assert_eq!(link.token, "t");
        for bad in ["", "http://h/web/signup/t", "https://h", "https://h/", "https://h/a b", "t"] {
            assert!(bad.parse::<SignupLink>().is_err(), "{bad:?}");
        }
    }
}
