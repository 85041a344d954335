//! A browser's session that this device speaks for: from the link or the code of the page to the address that the browser
//! opens at the end.

use gatehouse_model::{CollectedData, ErrorKind, HandoffCode, Timestamp, UserName, clean_label, percent};
use gatehouse_proto::devicetrust::DeviceConfirmationToken;
use gatehouse_proto::gatehouse::v1::{
    DescribeDeviceWebTokenRequest, DeviceWebAttempt, MatchDeviceNumberRequest, RedeemDeviceCodeRequest,
};

use crate::address::ProxyAddress;
use crate::connection::Connection;
use crate::device::{DeviceKey, authenticate_for_browser, authenticate_with_token};
use crate::error::{ClientError, Result};
use crate::home::{Home, Identity};
use crate::profile::Profile;
use crate::session::Session;
use crate::tls::ServerTrust;
use crate::web_link::{WebLink, WebToken};

/// The confirmation endpoint of the contract.
const CONFIRM_PATH: &str = "/webapi/devices/webconfirm";
/// Longest short code that is sent, in characters; the page shows fewer.
const MAX_CODE: usize = 32;

/// What the person must know before they say yes. Everything is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAttempt {
    pub user: UserName,
    /// Such as `Firefox`; empty if it did not say.
    pub browser: String,
    /// Such as `Linux`; empty if it did not say.
    pub os: String,
    /// Of the browser, as the server sees it.
    pub address: String,
    /// This machine reaches the server from another network than the browser.
    pub other_network: bool,
    /// Of this machine, as the server sees it; empty if it did not say.
    pub client_address: String,
    /// The browser is on another machine: the number that it shows has to be typed here.
    pub is_remote: bool,
    /// Finds the attempt in the audit log.
    pub correlation_id: String,
}

/// A session that waits for this device.
pub struct WebHandoff {
    pub attempt: WebAttempt,
    profile: Profile,
    /// Proves the login; without one, the token alone says for whom this device speaks.
    identity: Option<Identity>,
    token: WebToken,
    redirect_uri: Option<String>,
}

impl WebHandoff {
    /// Takes up a link. Only the server of a profile is dialled, with what the profile knows of it; a certificate that has
    /// expired is left out, since token and device key say who calls.
    ///
    /// # Errors
    /// There is no login for the link's server or it is another user's; the server refuses.
    pub async fn of_link(home: &Home, link: WebLink, now: Timestamp) -> Result<Self> {
        let profile = profile_of(home, &link)?;
        let identity = home.identity(profile.clone()).ok().flatten();
        let mut identity = identity.filter(|identity| identity.x509.not_after > now);
        let connection = connect(&profile, identity.as_ref()).await?;
        let mut described = describe(&connection, &link.token).await;
        // By the server's clock it may have expired, or its session may have ended.
        if identity.is_some() && described.as_ref().is_err_and(is_stranger) {
            identity = None;
            described = describe(&connect(&profile, None).await?, &link.token).await;
        }
        let attempt = read_attempt(described?)?;
        check_user(&profile, &attempt.user)?;
        let WebLink { token, redirect_uri, .. } = link;
        Ok(Self { attempt, profile, identity, token, redirect_uri })
    }

    /// Takes up the short code of the page. This needs a login: the code says too little of who may use it.
    ///
    /// # Errors
    /// Nobody is logged in, the certificate has expired, or the server refuses.
    pub async fn of_code(home: &Home, host: Option<&str>, code: &str, now: Timestamp) -> Result<Self> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if code.is_empty()
            || code.len() > MAX_CODE
            || !code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(ClientError::handoff(HandoffCode::CodeUnknown, ""));
        }
        let Session { identity, connection } = Session::open(home, host, now).await?;
        let answer = connection.device_web().redeem_device_code(RedeemDeviceCodeRequest { code }).await;
        let answer = answer.map_err(explain)?.into_inner();
        let wire = answer
            .attempt
            .ok_or_else(|| ClientError::unexpected("the server told nothing of the session"))?;
        let redirect_uri = Some(wire.redirect_uri.clone()).filter(|place| !place.is_empty());
        let attempt = read_attempt(wire)?;
        check_user(&identity.profile, &attempt.user)?;
        let token = WebToken::new(answer.id, answer.token).ok_or_else(malformed)?;
        let profile = identity.profile.clone();
        Ok(Self { attempt, profile, identity: Some(identity), token, redirect_uri })
    }

    #[must_use]
    pub fn proxy(&self) -> &ProxyAddress {
        &self.profile.proxy
    }

    /// Says which number the browser on another machine shows. There is one try.
    ///
    /// # Errors
    /// It shows another; the server refuses.
    pub async fn match_number(&self, number: &str) -> Result<()> {
        let connection = connect(&self.profile, self.identity.as_ref()).await?;
        let request = MatchDeviceNumberRequest {
            id: self.token.id.clone(),
            token: self.token.token.to_string(),
            number: number.to_owned(),
        };
        connection.device_web().match_device_number(request).await.map(drop).map_err(explain)
    }

    /// Proves this device to the server, on a connection of its own: a person may have thought for minutes, which no idle
    /// connection survives for sure. Gives the address that the browser must open within a minute; a browser on another
    /// machine goes on by itself, and has no use for it.
    ///
    /// # Errors
    /// The server or the TPM refuses.
    pub async fn prove(self, key: &mut dyn DeviceKey, data: &CollectedData) -> Result<String> {
        let proven = self.authenticate(key, data).await.map_err(|error| ClientError {
            request_id: Some(self.attempt.correlation_id.clone())
                .filter(|id| !id.is_empty())
                .or(error.request_id),
            ..error
        })?;
        let confirmation = WebToken::new(proven.id, proven.token).ok_or_else(malformed)?;
        Ok(confirmation_url(&self.profile.proxy, &confirmation, self.redirect_uri.as_deref()))
    }

    async fn authenticate(
        &self,
        key: &mut dyn DeviceKey,
        data: &CollectedData,
    ) -> Result<DeviceConfirmationToken> {
        if let Some(identity) = &self.identity {
            let connection = connect(&self.profile, Some(identity)).await?;
            match authenticate_for_browser(&connection, key, data, &self.token).await {
                Err(error) if is_stranger(&error) => {}
                other => return other,
            }
        }
        let connection = connect(&self.profile, None).await?;
        authenticate_with_token(&connection, key, data, &self.token).await
    }
}

async fn connect(profile: &Profile, identity: Option<&Identity>) -> Result<Connection> {
    Connection::tls(&profile.proxy, ServerTrust::of_profile(profile.pin), identity).await
}

/// The server does not take the certificate for anybody's.
fn is_stranger(error: &ClientError) -> bool {
    error.kind == ErrorKind::Unauthenticated
}

fn confirmation_url(proxy: &ProxyAddress, token: &WebToken, redirect_uri: Option<&str>) -> String {
    let mut url = format!("{}{CONFIRM_PATH}?id={}&token={}", proxy.url(), token.id, *token.token);
    if let Some(place) = redirect_uri {
        url.push_str("&redirect_uri=");
        url.push_str(&percent::encode(place));
    }
    url
}

/// The login that a link is for.
fn profile_of(home: &Home, link: &WebLink) -> Result<Profile> {
    let known = home.profile(Some(&link.proxy.profile_name()))?;
    let profile = known.filter(|profile| link.is_of(profile)).ok_or_else(|| {
        let user = link.user.as_ref().map_or("<name>", UserName::as_str);
        ClientError::handoff(HandoffCode::ServerUnknown, &link.proxy.to_string()).with_hint(format!(
            "log in once with `tsh login --proxy={} --user={user}`, if you know that server; otherwise somebody may have sent you the link",
            link.proxy
        ))
    })?;
    if let Some(user) = &link.user {
        check_user(&profile, user)?;
    }
    Ok(profile)
}

fn check_user(profile: &Profile, user: &UserName) -> Result<()> {
    if profile.user == *user {
        return Ok(());
    }
    let detail = format!("{user}, not {}", profile.user);
    Err(ClientError::handoff(HandoffCode::OtherUser, &detail).with_hint(format!(
        "sign in to the browser as {}, or log in with `tsh login --proxy={} --user={user}`",
        profile.user, profile.proxy
    )))
}

async fn describe(connection: &Connection, token: &WebToken) -> Result<DeviceWebAttempt> {
    let request = DescribeDeviceWebTokenRequest { id: token.id.clone(), token: token.token.to_string() };
    let answer = connection.device_web().describe_device_web_token(request).await;
    Ok(answer.map_err(explain)?.into_inner())
}

fn read_attempt(wire: DeviceWebAttempt) -> Result<WebAttempt> {
    let user = UserName::try_from(wire.user.as_str())
        .map_err(|_| ClientError::unexpected("the server names an impossible user"))?;
    Ok(WebAttempt {
        user,
        browser: clean_label(&wire.browser),
        os: clean_label(&wire.os),
        address: clean_label(&wire.address),
        other_network: wire.other_network,
        client_address: clean_label(&wire.client_address),
        is_remote: wire.remote,
        correlation_id: clean_label(&wire.correlation_id),
    })
}

fn malformed() -> ClientError {
    ClientError::unexpected("the server sent something else than a token")
}

fn explain(status: tonic::Status) -> ClientError {
    if status.code() == tonic::Code::Unimplemented {
        return ClientError::new(
            ErrorKind::Unimplemented,
            "web_handoff_not_supported",
            "this server knows no hand-off from a browser",
        )
        .with_hint("ask the administrator to update the server");
    }
    status.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_gets_every_part_encoded_once() {
        let token = WebToken::new("0b0c".to_owned(), "abc_-".to_owned()).unwrap();
        let proxy = "gate.example:3080".parse().unwrap();
        assert_eq!(
            confirmation_url(&proxy, &token, Some("/web/devices?q=a b&x=ä#y")),
            "https://gate.example:3080/webapi/devices/webconfirm?id=0b0c&token=abc_-&redirect_uri=%2Fweb%2Fdevices%3Fq%3Da%20b%26x%3D%C3%A4%23y"
        );
        assert_eq!(
            confirmation_url(&"[::1]:443".parse().unwrap(), &token, None),
            "https://[::1]:443/webapi/devices/webconfirm?id=0b0c&token=abc_-"
        );
    }

    #[test]
    fn tokens_of_a_server_hold_nothing_that_an_address_could_trip_over() {
        for bad in ["", "a&b", "a b", "a\n", "$(id)", "a%20"] {
            assert_eq!(WebToken::new(bad.to_owned(), "x".to_owned()), None, "{bad:?}");
            assert_eq!(WebToken::new("x".to_owned(), bad.to_owned()), None, "{bad:?}");
        }
    }
}
