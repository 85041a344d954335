use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::ApiError;

#[cfg(feature = "ssr")]
use {
    crate::{ConsoleContext, clear_session_cookie, moment::moment, session_cookie},
    axum::http::{HeaderValue, header::SET_COOKIE},
    gatehouse_domain::SecretToken,
    gatehouse_domain::account::LoginRequest,
    leptos_axum::ResponseOptions,
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
    /// A one-time code beside the password.
    pub wants_code: bool,
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
        wants_code: preference.second_factor.is_required(),
    })
}

/// Signs in; the answer sets the session's cookie.
///
/// # Errors
/// One answer for unknown users, wrong passwords and wrong codes; throttled; locked.
#[server(prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(user: String, password: String, code: String) -> Result<(), ApiError> {
    let console = ConsoleContext::current()?;
    let cookie = log_in(&console, &LoginRequest { user, password, code }).await?;
    set_cookie(&session_cookie(&cookie));
    Ok(())
}

/// Signs out: the session ends, and the answer clears its cookie.
///
/// # Errors
/// Nobody is signed in.
#[server(prefix = "/api", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), ApiError> {
    let console = ConsoleContext::current()?;
    log_out(&console).await?;
    set_cookie(&clear_session_cookie());
    Ok(())
}

/// What [`sign_in`] does; answers with the new cookie. A session that the browser had before ends.
///
/// # Errors
/// As [`sign_in`].
#[cfg(feature = "ssr")]
pub async fn log_in(console: &ConsoleContext, request: &LoginRequest) -> Result<SecretToken, ApiError> {
    let login = console.services.accounts.web_login(request, &console.facts).await;
    let cookie = login.map_err(|error| console.refuse(error))?.cookie;
    if console.principal.signed_in().is_some() {
        log_out(console).await?;
    }
    Ok(cookie)
}

/// What [`sign_out`] does.
///
/// # Errors
/// As [`sign_out`].
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
        }),
        expires: moment(user.expires),
    })
}

#[cfg(feature = "ssr")]
fn set_cookie(cookie: &str) {
    if let (Some(answer), Ok(mut value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        value.set_sensitive(true);
        answer.append_header(SET_COOKIE, value);
    }
}
