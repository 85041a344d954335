//! The browser's half before the device speaks: a link and a code, and how far it has come.

use gatehouse_model::{
    DeviceTrustMode, EnrollStatus, HandoffCode, OsType, Timestamp, clean_label, user_agent_os,
};
use sha2::{Digest as _, Sha256};

use super::remote::{asked_from, check_allowed};
use super::{DeviceWeb, DeviceWebError, MAX_ATTEMPTS, WEB_TOKEN_SECS, clean_redirect, details};
use crate::SecretToken;
use crate::account::{typed_letters, user_code};
use crate::audit::EventKind;
use crate::authz::Principal;
use crate::entity::{DeviceCursor, DeviceWebAttempt, Digest, SessionKey};
use crate::ports::{StoreError, UnitOfWork};

/// Devices of one user that are looked at.
const MAX_DEVICES: usize = 1000;
const PAGE: i64 = 100;

/// What the page in the browser shows; the token and the code are shown once.
#[derive(Debug)]
pub struct Offer {
    pub attempt: DeviceWebAttempt,
    pub token: SecretToken,
    /// To be typed where links do not open.
    pub code: String,
    /// Scheme of the link.
    pub scheme: String,
}

/// How far an attempt has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing has come from the device yet.
    Waiting { until: Timestamp },
    /// The code of a browser elsewhere was typed, and the number is to be.
    Number {
        number: i64,
        /// Where the code was typed, without a port.
        address: String,
        /// That is another network than the browser's.
        other_network: bool,
        until: Timestamp,
    },
    /// The number was typed, and the device has to prove itself.
    Matched,
    /// The device has proven itself, and the browser has to come back.
    Proven,
    /// The device has proven itself for a browser elsewhere, which takes that up by itself.
    ToTakeUp,
    /// The session is trusted.
    Confirmed,
    /// Refused for the reason of this code; another try may do.
    Refused { code: String, correlation_id: String },
    /// Nobody used it in time.
    Expired,
}

impl DeviceWeb {
    /// Whether a browser's session of this user is worth handing to a device: trust is not off, and the user has an enrolled
    /// device with the browser's system.
    ///
    /// # Errors
    /// Storage.
    pub async fn suits(&self, user: &str, user_agent: &str) -> Result<bool, StoreError> {
        let mut work = self.core.read().await?;
        if self.preference.effective(work.as_mut()).await?.mode == DeviceTrustMode::Off {
            return Ok(false);
        }
        let Some(os) = user_agent_os(user_agent) else { return Ok(false) };
        Ok(!expected(work.as_mut(), user, Some(os)).await?.is_empty())
    }

    /// Whether a device of the caller's could make this browser's session a trusted one: one on this machine, or, where cluster
    /// and roles allow browsers elsewhere, any other.
    ///
    /// # Errors
    /// Storage.
    pub async fn could_trust(&self, principal: &Principal, user_agent: &str) -> Result<bool, StoreError> {
        let Some(user) = principal.signed_in().filter(|user| user.cookie_hash.is_some()) else {
            return Ok(false);
        };
        if self.suits(&user.name, user_agent).await? {
            return Ok(true);
        }
        let mut work = self.core.read().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        if effective.mode == DeviceTrustMode::Off || !work.user_has_enrolled_device(&user.name).await? {
            return Ok(false);
        }
        let standing = work.standing(SessionKey::Id(&user.session_id)).await?;
        Ok(standing.is_some_and(|standing| check_allowed(&effective, &standing).is_ok()))
    }

    /// Makes a link and a code for the session that asks. What came before stays good: each open page has its own.
    ///
    /// # Errors
    /// Nobody is signed in with a browser; the session is trusted already; device trust is off; no device of the user's
    /// suits the browser.
    pub async fn begin(
        &self,
        principal: &Principal,
        redirect: &str,
        user_agent: &str,
    ) -> Result<Offer, DeviceWebError> {
        let (user, grant) = principal.account()?;
        if user.cookie_hash.is_none() {
            return Err(DeviceWebError::of(HandoffCode::OtherSession));
        }
        if user.device.is_some() {
            return Err(DeviceWebError::of(HandoffCode::AlreadyTrusted));
        }
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        if effective.mode == DeviceTrustMode::Off {
            return Err(DeviceWebError::of(HandoffCode::TrustOff));
        }
        let expected_devices = match user_agent_os(user_agent) {
            Some(os) => expected(work.as_mut(), &user.name, Some(os)).await?,
            None => Vec::new(),
        };
        if expected_devices.is_empty() {
            return Err(DeviceWebError::of(HandoffCode::NoDevice));
        }
        let token = SecretToken::generate(self.core.random.as_ref());
        let code = user_code(self.core.random.as_ref());
        let attempt = DeviceWebAttempt {
            id: SecretToken::generate_cookie(self.core.random.as_ref()).reveal().to_owned(),
            session_id: user.session_id.clone(),
            user: user.name.clone(),
            token_hash: token.hash(),
            code_hash: Some(code_hash(&code)),
            expected_devices,
            user_agent: clean_label(user_agent),
            remote_address: grant.by().remote_address.clone(),
            redirect: place_or_home(redirect),
            correlation_id: principal.request_id().to_owned(),
            created: now,
            expires: now.plus_secs(WEB_TOKEN_SECS).min(user.expires),
            failures: 0,
            refused: None,
            proof: None,
            remote: None,
            confirmed: None,
        };
        work.insert_web_attempt(&attempt).await?;
        work.trim_web_attempts(&attempt.session_id, MAX_ATTEMPTS).await?;
        let event = self.core.event(EventKind::DEVICE_WEB_TOKEN, grant.by()).about(&attempt.id);
        work.append_event(&event.with_details(details(&attempt, principal))).await?;
        work.commit().await?;
        Ok(Offer { attempt, token, code, scheme: effective.link_scheme.as_str().to_owned() })
    }

    /// How far an attempt of the own session has come.
    ///
    /// # Errors
    /// Nobody is signed in; the session has no such attempt.
    pub async fn progress(&self, principal: &Principal, id: &str) -> Result<Progress, DeviceWebError> {
        let (user, _) = principal.account()?;
        if user.device.is_some() {
            return Ok(Progress::Confirmed);
        }
        let attempt = self.core.look().await?.web_attempt(id).await?;
        let attempt = attempt.filter(|attempt| attempt.session_id == user.session_id);
        let attempt = attempt.ok_or_else(|| DeviceWebError::of(HandoffCode::TokenUnknown))?;
        let now = self.core.now();
        if let Some(code) = attempt.refused {
            return Ok(Progress::Refused { code, correlation_id: attempt.correlation_id });
        }
        Ok(match attempt.proof {
            Some(proof) if attempt.confirmed.is_none() && proof.confirm_expires > now => {
                if attempt.remote.is_some() { Progress::ToTakeUp } else { Progress::Proven }
            }
            // It was trusted, and is no more.
            Some(_) => Progress::Expired,
            None if attempt.expires > now => waiting(&attempt),
            None => Progress::Expired,
        })
    }
}

/// Before the device has proven anything.
fn waiting(attempt: &DeviceWebAttempt) -> Progress {
    let until = attempt.expires;
    match &attempt.remote {
        Some(remote) if remote.matched.is_some() => Progress::Matched,
        Some(remote) if attempt.code_hash.is_none() => {
            let (address, other_network) = asked_from(attempt);
            Progress::Number { number: remote.number, address, other_network, until }
        }
        _ => Progress::Waiting { until },
    }
}

/// The place that is gone on to: the one that was wished for, if it is one of the console.
pub(super) fn place_or_home(wished: &str) -> String {
    clean_redirect(wished).unwrap_or_else(|_| super::WEB_HOME.to_owned())
}

/// What is stored of a code.
pub(super) fn code_hash(typed: &str) -> Digest {
    Sha256::digest(typed_letters(typed).as_bytes()).into()
}

/// Ids of the user's enrolled devices, with this system if one is given.
pub(super) async fn expected(
    work: &mut dyn UnitOfWork,
    user: &str,
    os: Option<OsType>,
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let mut after: Option<DeviceCursor> = None;
    while found.len() < MAX_DEVICES {
        let page = work.devices_of_user(user, after.as_ref(), PAGE).await?;
        after = page.last().map(|last| DeviceCursor {
            tag: last.asset_tag.normalised(),
            os: last.os_type.number(),
            id: last.id.clone(),
        });
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        let suits = |device: &crate::entity::Device| {
            os.is_none_or(|os| device.os_type == os) && device.enroll_status == EnrollStatus::Enrolled
        };
        found.extend(page.into_iter().filter(suits).map(|device| device.id));
        if is_last {
            break;
        }
    }
    Ok(found)
}
