use gatehouse_model::{ErrorKind, Timestamp};

use crate::address::ProxyAddress;
use crate::connection::Connection;
use crate::error::{ClientError, Result};
use crate::home::{Home, Identity};
use crate::tls::ServerTrust;

/// A login with an open connection that proves it.
pub struct Session {
    pub identity: Identity,
    pub connection: Connection,
}

impl Session {
    /// Opens the login of `host` (profile name), or the current one.
    ///
    /// # Errors
    /// Nobody is logged in, the certificate has expired (which is found without dialling), or the connection fails.
    pub async fn open(home: &Home, host: Option<&str>, now: Timestamp) -> Result<Self> {
        Self::connect(load(home, host)?, now).await
    }

    /// Opens the login to this very server; the profile of a host holds the login to one of its ports.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_at(home: &Home, proxy: &ProxyAddress, now: Timestamp) -> Result<Self> {
        let profile = home.profile(Some(&proxy.profile_name()))?.filter(|profile| profile.proxy == *proxy);
        let Some(profile) = profile else { return Err(not_logged_in(Some(&proxy.to_string()))) };
        let identity = home.identity(profile)?.ok_or_else(|| not_logged_in(Some(&proxy.to_string())))?;
        Self::connect(identity, now).await
    }

    /// Connects with a login.
    ///
    /// # Errors
    /// The certificate has expired (which is found without dialling), or the connection fails.
    pub async fn connect(identity: Identity, now: Timestamp) -> Result<Self> {
        check_expiry(&identity, now)?;
        let trust = ServerTrust::of_profile(identity.profile.pin);
        let connection = Connection::tls(&identity.profile.proxy, trust, Some(&identity)).await?;
        Ok(Self { identity, connection })
    }
}

/// Loads the login of a host, or the current one, without dialling.
///
/// # Errors
/// Nobody is logged in, or a file is damaged.
pub(crate) fn load(home: &Home, host: Option<&str>) -> Result<Identity> {
    let profile = home.profile(host)?.ok_or_else(|| not_logged_in(host))?;
    home.identity(profile)?.ok_or_else(|| not_logged_in(host))
}

fn not_logged_in(host: Option<&str>) -> ClientError {
    let message = host.map_or_else(|| "Not logged in".to_owned(), |host| format!("Not logged in to {host}"));
    ClientError::new(ErrorKind::Unauthenticated, "not_logged_in", message)
        .with_hint(format!("run `tsh login --proxy={} --user=<name>`", host.unwrap_or("<host:port>")))
}

fn check_expiry(identity: &Identity, now: Timestamp) -> Result<()> {
    if identity.x509.not_after > now {
        return Ok(());
    }
    let (proxy, user) = (&identity.profile.proxy, &identity.profile.user);
    Err(ClientError::new(ErrorKind::Unauthenticated, "certificate_expired", "Your certificate has expired")
        .with_hint(format!("run `tsh login --proxy={proxy} --user={user}`")))
}

impl Home {
    /// Loads the login of a host (profile name), or the current one, without dialling.
    ///
    /// # Errors
    /// Nobody is logged in, or a file is damaged.
    pub fn load(&self, host: Option<&str>) -> Result<Identity> {
        load(self, host)
    }
}
