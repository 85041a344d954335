//! What the device's client asks its user, before anything is done.

use gatehouse_model::{HandoffCode, Timestamp, browser_in_words, user_agent_os};

use super::{DeviceWeb, DeviceWebError, address_of, check_client, is_elsewhere};
use crate::entity::DeviceWebAttempt;
use crate::identity::RequestFacts;

/// A browser's session, as the person in front of the device is to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebQuestion {
    pub user: String,
    /// Such as "Firefox 128".
    pub browser: String,
    /// Such as "Linux".
    pub os: String,
    /// Of the browser, without a port.
    pub address: String,
    /// The device's client asks from another network than the browser's.
    pub other_network: bool,
    /// Of the device's client, without a port.
    pub client_address: String,
    /// The browser is on another machine: the number that it shows has to be typed.
    pub remote: bool,
    pub expires: Timestamp,
    /// A path of the console.
    pub redirect: String,
    pub correlation_id: String,
}

impl DeviceWeb {
    /// Who asks for a device, for whoever has the token. Spends nothing.
    ///
    /// # Errors
    /// The token is unknown, spent, expired or was tried too often; the session has ended; the client is too old.
    pub async fn describe(
        &self,
        id: &str,
        token: &str,
        facts: &RequestFacts,
    ) -> Result<WebQuestion, DeviceWebError> {
        check_client(&facts.user_agent)?;
        let attempt = self.presented(id, token).await?;
        self.usable(&attempt).await?;
        Ok(question(attempt, &facts.remote_address))
    }
}

pub(super) fn question(attempt: DeviceWebAttempt, from: &str) -> WebQuestion {
    WebQuestion {
        browser: browser_in_words(&attempt.user_agent),
        os: user_agent_os(&attempt.user_agent).map(|os| os.friendly().to_owned()).unwrap_or_default(),
        address: address_of(&attempt.remote_address),
        client_address: address_of(from),
        remote: attempt.remote.is_some(),
        other_network: is_elsewhere(&attempt, from),
        expires: attempt.expires,
        user: attempt.user,
        redirect: attempt.redirect,
        correlation_id: attempt.correlation_id,
    }
}

impl DeviceWebAttempt {
    /// Whether the caller may speak for it: the own sessions of one user.
    pub(super) fn check_user(&self, name: &str) -> Result<(), DeviceWebError> {
        if self.user == name { Ok(()) } else { Err(DeviceWebError::about(self, HandoffCode::OtherUser)) }
    }
}
