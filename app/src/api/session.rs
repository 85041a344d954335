use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::ApiError;

#[cfg(feature = "ssr")]
use {
    crate::{ConsoleContext, moment::moment},
    gatehouse_domain::account::{FactorAnswer, PasskeyAnswer, SecondFactorStep, SignIn, WebLogin},
    gatehouse_model::{AttestationTier, ConfirmedBy},
};

/// What the shield says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shield {
    /// The session is authorized with Device Trust.
    Trusted,
    /// It is not, and the cluster's mode or a role requires it.
    Missing,
    /// It is not, and nothing requires it.
    None,
}

/// The device that a session is trusted for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedDevice {
    pub id: String,
    pub asset_tag: String,
    /// How its key is vouched for, in words; empty where that is not known.
    pub tier: String,
    /// Since when the session is trusted for it.
    pub since: Option<Moment>,
    /// The browser is on another machine: a code was typed on the device.
    pub is_by_code: bool,
}

/// The person in front of the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    pub name: String,
    pub roles: Vec<String>,
    pub logins: Vec<String>,
    pub shield: Shield,
    pub device: Option<TrustedDevice>,
    /// When the session ends.
    pub expires: Moment,
}

/// What the sign-in page asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInForm {
    pub cluster_name: String,
    /// A passkey alone will do, in a browser that runs scripts.
    pub takes_passkeys: bool,
}

/// Who is signed in.
///
/// # Errors
/// Nobody is.
#[server(name = GetViewer, prefix = "/api", endpoint = "viewer")]
pub async fn viewer() -> Result<Viewer, ApiError> {
    let console = ConsoleContext::current()?;
    viewer_of(&console).ok_or_else(|| console.refuse(gatehouse_domain::authz::AuthzError::Anonymous))
}

/// What signing in asks for.
///
/// # Errors
/// Storage.
#[server(name = GetSignInForm, prefix = "/api", endpoint = "sign_in_form")]
pub async fn sign_in_form() -> Result<SignInForm, ApiError> {
    let console = ConsoleContext::current()?;
    let preference = console.services.preference.current().await.map_err(|error| console.refuse(error))?;
    Ok(SignInForm {
        cluster_name: console.services.status.cluster_name().to_owned(),
        takes_passkeys: preference.second_factor.allows_passkeys()
            && console.services.accounts.passkey_origin().is_some(),
    })
}

/// Checks name and password. A session that the browser had before ends with a new one.
///
/// # Errors
/// One answer for unknown users and wrong passwords; throttled; locked.
#[cfg(feature = "ssr")]
pub(crate) async fn log_in(console: &ConsoleContext, user: &str, password: &str) -> Result<SignIn, ApiError> {
    let step = console.services.accounts.sign_in(user, password, &console.facts).await;
    let step = step.map_err(|error| console.refuse(error))?;
    if matches!(step, SignIn::Done(_)) {
        end_session_before(console).await?;
    }
    Ok(step)
}

/// Proves the second factor of the sign-in that this browser began; answers with the session and its cookie.
///
/// # Errors
/// It is wrong; throttled; the sign-in took too long.
#[cfg(feature = "ssr")]
pub(crate) async fn finish_log_in(
    console: &ConsoleContext,
    answer: &FactorAnswer,
) -> Result<WebLogin, ApiError> {
    let login = console.services.accounts.finish_sign_in(&console.pending_sign_in, answer, &console.facts);
    let login = login.await.map_err(|error| console.refuse(error))?;
    end_session_before(console).await?;
    Ok(login)
}

/// Signs in by a passkey alone; answers with the session and its cookie.
///
/// # Errors
/// It is not accepted.
#[cfg(feature = "ssr")]
pub(crate) async fn log_in_by_passkey(
    console: &ConsoleContext,
    answer: &PasskeyAnswer,
) -> Result<WebLogin, ApiError> {
    let login = console.services.accounts.finish_passwordless(answer, &console.facts).await;
    let login = login.map_err(|error| console.refuse(error))?;
    end_session_before(console).await?;
    Ok(login)
}

/// Who is half signed in, and how the other half can be proven.
///
/// # Errors
/// The password was given too long ago, or never.
#[cfg(feature = "ssr")]
pub(crate) async fn second_factor_step(console: &ConsoleContext) -> Result<SecondFactorStep, ApiError> {
    let step = console.services.accounts.second_factor_step(&console.pending_sign_in).await;
    step.map_err(|error| console.refuse(error))
}

#[cfg(feature = "ssr")]
async fn end_session_before(console: &ConsoleContext) -> Result<(), ApiError> {
    if console.principal.signed_in().is_some() { log_out(console).await } else { Ok(()) }
}

/// Ends the browser's session.
///
/// # Errors
/// Nobody is signed in.
#[cfg(feature = "ssr")]
pub async fn log_out(console: &ConsoleContext) -> Result<(), ApiError> {
    console.services.sessions.logout(&console.principal).await.map_err(|error| console.refuse(error))
}

/// The viewer of the request that is being answered.
#[cfg(feature = "ssr")]
pub(crate) fn viewer_of(console: &ConsoleContext) -> Option<Viewer> {
    let user = console.principal.signed_in()?;
    let shield = if user.device.is_some() {
        Shield::Trusted
    } else if console.principal.lacks_required_device() {
        Shield::Missing
    } else {
        Shield::None
    };
    Some(Viewer {
        name: user.name.clone(),
        roles: user.roles.iter().map(|role| role.name.clone()).collect(),
        logins: user.logins.clone(),
        shield,
        device: user.device.as_ref().map(|device| TrustedDevice {
            id: device.device_id.clone(),
            asset_tag: device.asset_tag.clone(),
            tier: user.trust.and_then(|trust| trust.tier).map_or("", AttestationTier::friendly).to_owned(),
            since: user.trust.map(|trust| moment(trust.since)),
            is_by_code: user.trust.and_then(|trust| trust.confirmed_by) == Some(ConfirmedBy::Code),
        }),
        expires: moment(user.expires),
    })
}
