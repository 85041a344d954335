//! A browser's session becomes trusted: it is handed to the device's own client, which proves the device, and comes back.
//!
//! Two tokens make the two ways. The first (in the link, or behind a typed code) says for which session a device speaks; it
//! is spent by the device's proof. The second brings the proof back and counts only with the cookie of that very session.
//! Whoever steals one of them has nothing: the first asks for one of the expected devices, the second for the cookie.

mod begin;
mod code;
mod confirm;
mod error;
mod prove;
mod question;
mod redirect;
mod remote;

use std::sync::Arc;

use gatehouse_model::{HandoffCode, Timestamp, own_client_version};
use subtle::ConstantTimeEq as _;

pub use begin::{Offer, Progress};
pub use error::{DeviceWebError, Refused};
pub use prove::{PendingWebAuthentication, WebInit};
pub use question::WebQuestion;
pub use redirect::{WEB_HOME, clean_redirect};
pub use remote::{REMOTE_SESSION_SECS, RemoteOffer};

use crate::audit::EventKind;
use crate::authz::{Attribution, Principal};
use crate::cluster::Preference;
use crate::entity::{Device, DeviceWebAttempt, SessionKind, Standing};
use crate::{Core, Decision as _, SecretToken};

/// For how long a link or a code is good, in seconds.
pub const WEB_TOKEN_SECS: i64 = 300;
/// For how long the way back to the browser is good, in seconds.
pub const CONFIRM_SECS: i64 = 60;
/// Attempts of one session that are kept: each open page has one.
const MAX_ATTEMPTS: i64 = 8;
/// Refused proofs of one attempt, at most.
const MAX_FAILURES: i64 = 5;
/// Clients of ours that are older do not ask the user what has to be asked.
const OLDEST_CLIENT: (u32, u32, u32) = (0, 1, 0);
/// Longest id that is looked for, in bytes.
const MAX_ID: usize = 64;

/// Hands browsers' sessions to devices and back.
pub struct DeviceWeb {
    core: Arc<Core>,
    preference: Preference,
}

impl DeviceWeb {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        Self { core, preference }
    }

    /// The attempt that a token is for. Whoever has the token may know of it; nobody else learns that there is one.
    async fn presented(&self, id: &str, token: &str) -> Result<DeviceWebAttempt, DeviceWebError> {
        let unknown = || DeviceWebError::of(HandoffCode::TokenUnknown);
        let token = SecretToken::read(token).ok_or_else(unknown)?;
        if id.len() > MAX_ID {
            return Err(unknown());
        }
        let attempt = self.core.look().await?.web_attempt(id).await?.ok_or_else(unknown)?;
        if bool::from(token.hash().ct_eq(&attempt.token_hash)) { Ok(attempt) } else { Err(unknown()) }
    }

    /// Whether a device may still speak for this attempt; the session that waits.
    async fn usable(&self, attempt: &DeviceWebAttempt) -> Result<Standing, DeviceWebError> {
        let now = self.core.now();
        let refused = |code| DeviceWebError::about(attempt, code);
        if attempt.proof.is_some() {
            return Err(refused(HandoffCode::TokenSpent));
        }
        if attempt.expires <= now {
            return Err(refused(HandoffCode::TokenExpired));
        }
        if attempt.failures >= MAX_FAILURES {
            return Err(refused(HandoffCode::TokenExhausted));
        }
        let key = crate::entity::SessionKey::Id(&attempt.session_id);
        let standing = self.core.look().await?.standing(key).await?;
        let standing = standing
            .filter(|standing| waits(standing, attempt, now))
            .ok_or_else(|| refused(HandoffCode::SessionOver))?;
        if standing.trusted_device(now).is_some() {
            return Err(refused(HandoffCode::AlreadyTrusted));
        }
        if attempt.remote.is_some() {
            let effective = self.preference.effective(self.core.look().await?.as_mut()).await?;
            remote::check_allowed(&effective, &standing).map_err(refused)?;
        }
        Ok(standing)
    }

    /// Writes a refusal into the audit log, with all that is known, under the attempt's correlation id.
    async fn note_refusal(
        &self,
        attempt: &DeviceWebAttempt,
        principal: &Principal,
        step: Step<'_>,
        error: &DeviceWebError,
    ) -> Result<(), DeviceWebError> {
        let DeviceWebError::Refused(refused) = error else { return Ok(()) };
        let Step { kind, device, credential_id, told } = step;
        let by = by(attempt, principal);
        let credential_id = gatehouse_model::clean_label(credential_id);
        let event = self.core.event(kind, &by);
        let event = match device {
            Some(device) => event.about_device(device, &credential_id).for_web_session(&attempt.session_id),
            None => event.about(credential_id),
        };
        let mut details = details(attempt, principal);
        if let Some(details) = details.as_object_mut() {
            details.insert("check".to_owned(), refused.check.clone().into());
        }
        let mut work = self.core.begin().await?;
        if told {
            work.refuse_web_attempt(&attempt.id, error.code()).await?;
        }
        work.append_event(&event.failed(kind, error.code(), error).with_details(details)).await?;
        Ok(work.commit().await?)
    }
}

/// What was refused.
struct Step<'a> {
    kind: EventKind,
    /// Where it is known.
    device: Option<&'a Device>,
    credential_id: &'a str,
    /// The page in the browser says it, too.
    told: bool,
}

/// Who acts in an attempt: its user, from wherever the call comes, in the browser's session.
fn by(attempt: &DeviceWebAttempt, principal: &Principal) -> Attribution {
    Attribution {
        user: attempt.user.clone(),
        user_kind: Some(1),
        session_id: attempt.session_id.clone(),
        request_id: attempt.correlation_id.clone(),
        remote_address: principal.attribution().remote_address,
        trusted_device: None,
    }
}

/// What the audit log says of an attempt.
fn details(attempt: &DeviceWebAttempt, principal: &Principal) -> serde_json::Value {
    let from = principal.attribution().remote_address;
    let mut details = serde_json::json!({
        "web_session_id": attempt.session_id,
        "expected_devices": attempt.expected_devices,
        "browser": gatehouse_model::user_agent_in_words(&attempt.user_agent),
        "browser_address": attempt.remote_address,
        "other_network": is_elsewhere(attempt, &from),
        "request": principal.request_id(),
    });
    if let (Some(details), Some(remote)) = (details.as_object_mut(), &attempt.remote) {
        details.insert("remote_browser".to_owned(), true.into());
        if let Some(asked_from) = &remote.asked_from {
            details.insert("code_typed_at".to_owned(), asked_from.clone().into());
        }
    }
    details
}

/// Without the port, which tells nobody anything.
fn address_of(remote_address: &str) -> String {
    remote_address.parse().map_or(remote_address.to_owned(), |address: std::net::SocketAddr| {
        address.ip().to_canonical().to_string()
    })
}

/// Shown and noted, never a reason to refuse: addresses prove nothing, and differ behind proxies and with two families.
fn is_elsewhere(attempt: &DeviceWebAttempt, from: &str) -> bool {
    crate::account::network(&attempt.remote_address) != crate::account::network(from)
}

/// The session is in force, a browser's, and still of the account that it was opened for.
fn waits(standing: &Standing, attempt: &DeviceWebAttempt, now: Timestamp) -> bool {
    let Standing { session, account, .. } = standing;
    !session.is_over(now)
        && session.kind == SessionKind::Web
        && session.user == attempt.user
        && account.as_ref().is_some_and(|account| account.created <= session.created)
}

/// Our own clients say their version; others are of the contract's making.
fn check_client(user_agent: &str) -> Result<(), DeviceWebError> {
    match own_client_version(user_agent) {
        Some(version) if version < OLDEST_CLIENT => Err(DeviceWebError::of(HandoffCode::ClientTooOld)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_clients_of_ours_are_told_so() {
        assert!(check_client("gatehouse/0.1.0 tonic/0.14").is_ok());
        assert!(check_client("grpc-go/1.60").is_ok());
        let error = check_client("gatehouse/0.0.9 tonic/0.14").unwrap_err();
        assert_eq!(error.code(), "client_too_old");
    }
}
