use gatehouse_domain::Decision as _;
use gatehouse_domain::device_web::{DeviceWebError, Offer, RemoteOffer};
use gatehouse_model::{HandoffCode, Timestamp, percent};

use crate::{ApiError, ConsoleContext};

/// The page on which a session is handed to the device.
pub(crate) const AUTHORIZE: &str = "/web/device/authorize";
/// The same for a device on another machine.
pub(crate) const AUTHORIZE_REMOTE: &str = "/web/device/authorize/remote";

/// What the page offers.
pub(crate) struct Handoff {
    /// Id of the attempt.
    pub(crate) id: String,
    /// Opens the device's client; holds the token, so it is shown on this page and nowhere else.
    pub(crate) link: String,
    /// To be typed where links do not open.
    pub(crate) code: String,
    pub(crate) until: Timestamp,
}

/// What the page is about.
pub(crate) enum HandoffPage {
    Offered(Handoff),
    /// The session is trusted: on to the place.
    Done,
    /// Nobody is there to click a link: what is asked for is another part of the page.
    Unattended,
    /// Nothing to hand over.
    NotPossible(ApiError),
}

/// Makes a link and a code for this session.
///
/// # Errors
/// Nobody is signed in; storage.
pub(crate) async fn handoff(console: &ConsoleContext, next: &str) -> Result<HandoffPage, ApiError> {
    if console.is_unattended {
        let is_trusted = console.principal.signed_in().is_some_and(|user| user.device.is_some());
        return Ok(if is_trusted { HandoffPage::Done } else { HandoffPage::Unattended });
    }
    let services = &console.services;
    match services.device_web.begin(&console.principal, next, &console.facts.user_agent).await {
        Ok(offer) => Ok(HandoffPage::Offered(shown(console, offer))),
        Err(DeviceWebError::Refused(refused)) if refused.code == HandoffCode::AlreadyTrusted => {
            Ok(HandoffPage::Done)
        }
        Err(error @ DeviceWebError::Refused(_)) => Ok(HandoffPage::NotPossible(not_possible(&error))),
        Err(error) => Err(console.refuse(error)),
    }
}

fn not_possible(error: &DeviceWebError) -> ApiError {
    ApiError {
        kind: error.kind(),
        code: error.code().to_owned(),
        message: error.to_string(),
        hint: error.hint(),
        request_id: String::new(),
    }
}

/// What is offered to a browser that is not on a device.
pub(crate) struct RemoteHandoff {
    /// Id of the attempt.
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) until: Timestamp,
}

/// As [`HandoffPage`].
pub(crate) enum RemotePage {
    Offered(RemoteHandoff),
    Done,
    Unattended,
    NotPossible(ApiError),
}

/// Makes a code for this session, to be typed on a device elsewhere.
///
/// # Errors
/// Nobody is signed in; storage.
pub(crate) async fn remote_handoff(console: &ConsoleContext, next: &str) -> Result<RemotePage, ApiError> {
    if console.is_unattended {
        let is_trusted = console.principal.signed_in().is_some_and(|user| user.device.is_some());
        return Ok(if is_trusted { RemotePage::Done } else { RemotePage::Unattended });
    }
    let device_web = &console.services.device_web;
    match device_web.begin_remote(&console.principal, next, &console.facts.user_agent).await {
        Ok(RemoteOffer { attempt, code }) => {
            Ok(RemotePage::Offered(RemoteHandoff { id: attempt.id, code, until: attempt.expires }))
        }
        Err(DeviceWebError::Refused(refused)) if refused.code == HandoffCode::AlreadyTrusted => {
            Ok(RemotePage::Done)
        }
        Err(error @ DeviceWebError::Refused(_)) => Ok(RemotePage::NotPossible(not_possible(&error))),
        Err(error) => Err(console.refuse(error)),
    }
}

/// The way to [`AUTHORIZE_REMOTE`], where the cluster allows browsers elsewhere.
pub(crate) async fn way_elsewhere(console: &ConsoleContext, next: &str) -> Option<String> {
    match console.services.device_web.allows_remote().await {
        Ok(allowed) => allowed.then(|| format!("{AUTHORIZE_REMOTE}?next={}", percent::encode_path(next))),
        Err(error) => {
            let _ = console.refuse(error);
            None
        }
    }
}

fn shown(console: &ConsoleContext, offer: Offer) -> Handoff {
    Handoff {
        link: deep_link(&offer, &console.public_address),
        id: offer.attempt.id,
        code: offer.code,
        until: offer.attempt.expires,
    }
}

/// The shape that the contract gives it.
fn deep_link(offer: &Offer, host: &str) -> String {
    let (scheme, attempt) = (&offer.scheme, &offer.attempt);
    let user = percent::encode(&attempt.user);
    let (id, token) = (percent::encode(&attempt.id), percent::encode(offer.token.reveal()));
    let redirect = percent::encode(&attempt.redirect);
    format!("{scheme}://{user}@{host}/authenticate_web_device?id={id}&token={token}&redirect_uri={redirect}")
}

/// The page, and from there on to a place.
pub(crate) fn authorize_and_go_to(next: &str) -> String {
    format!("{AUTHORIZE}?next={}", percent::encode_path(next))
}

/// Whether one of somebody's devices suits the browser, so that it can speak for the session; not, if that cannot be told.
pub(crate) async fn has_suitable_device(console: &ConsoleContext, user: &str) -> bool {
    let suits = console.services.device_web.suits(user, &console.facts.user_agent).await;
    suits.map_err(|error| console.refuse(error)).unwrap_or(false)
}

/// Whether a device of the viewer's could speak for the session, from this machine or from another one; not, if that cannot be
/// told.
pub(crate) async fn could_be_trusted(console: &ConsoleContext) -> bool {
    let could = console.services.device_web.could_trust(&console.principal, &console.facts.user_agent).await;
    could.map_err(|error| console.refuse(error)).unwrap_or(false)
}

/// Where somebody who has just signed in goes: by way of the page where one of the own devices suits the browser. That this
/// cannot be told is no reason not to let them in.
pub(crate) async fn after_sign_in(console: &ConsoleContext, user: &str, next: String) -> String {
    if has_suitable_device(console, user).await { authorize_and_go_to(&next) } else { next }
}
