use gatehouse_model::{Timestamp, UserName, clean_label};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{LoginRequest, LoginResponse, PingResponse};

use crate::address::ProxyAddress;
use crate::connection::Connection;
use crate::error::{ClientError, Result};
use crate::home::{Home, Identity};
use crate::key::UserKey;
use crate::pin::Pin;
use crate::profile::Profile;

/// What a person types at login.
pub struct Credentials {
    pub password: String,
    /// Empty where the cluster asks for none.
    pub otp_code: String,
}

/// Whom to log in, where and for how long.
pub struct Login<'a> {
    pub proxy: ProxyAddress,
    pub user: UserName,
    /// Pin to keep in the profile.
    pub pin: Option<Pin>,
    /// Seconds; 0 for the server's default.
    pub ttl_seconds: i64,
    pub ping: &'a PingResponse,
}

/// Logs in with a new key and stores the login. The certificates say nothing of a device yet.
///
/// Gives the login, and whether the cluster or a role requires a trusted device.
///
/// # Errors
/// The server refuses, or the disk does.
pub async fn login(
    connection: &Connection,
    home: &Home,
    login: Login<'_>,
    credentials: Credentials,
) -> Result<(Identity, bool)> {
    let key = UserKey::generate(&format!("{}@{}", login.user, login.proxy.host()))?;
    let request = LoginRequest {
        user: login.user.to_string(),
        password: credentials.password,
        otp_code: credentials.otp_code,
        tls_public_key_der: key.public_spki_der(),
        ssh_public_key: key.public_openssh()?,
        ttl_seconds: login.ttl_seconds,
    };
    let answer = connection.auth().login(request).await?.into_inner();
    keep_login(home, login, key, answer)
}

/// Stores what the server answered to a login.
pub(crate) fn keep_login(
    home: &Home,
    login: Login<'_>,
    key: UserKey,
    answer: LoginResponse,
) -> Result<(Identity, bool)> {
    let certificates =
        answer.certificates.ok_or_else(|| ClientError::unexpected("the server sent no certificates"))?;
    let cluster =
        if answer.cluster_name.is_empty() { &login.ping.cluster_name } else { &answer.cluster_name };
    let profile =
        Profile { proxy: login.proxy, user: login.user, cluster: clean_label(cluster), pin: login.pin };
    let identity = home.save_login(profile, key, &certificates)?;
    if let Some(until) = answer.valid_until.as_ref().map(read_timestamp).transpose()? {
        check_same_end(identity.x509.not_after, until)?;
    }
    Ok((identity, answer.trusted_device_required))
}

/// The answer's word and the certificate's must not differ by more than rounding.
fn check_same_end(certificate: Timestamp, said: Timestamp) -> Result<()> {
    if said.secs_since(certificate).abs() > 1 {
        return Err(ClientError::unexpected("the server's certificate ends at another time than it says"));
    }
    Ok(())
}
