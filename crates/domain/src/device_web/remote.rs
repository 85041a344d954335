//! A browser on another machine than the device, where the cluster allows it (`device_trust.remote_browser`).
//!
//! No cookie of this browser ever comes near the device, so nothing but a person ties the two together, and that is what
//! device-code phishing lives on: somebody signs in as a user, and has the user type the code. So there is more to it than
//! to a browser on the device. The second factor is proven once more, for this, by the browser that is to be trusted. The
//! browser shows a number only after its code was typed, and it must be typed in turn: what was sent around before is worth
//! nothing, and one wrong number ends it. Both networks are shown at both ends. And the session lasts an hour.

use gatehouse_model::{ConfirmedBy, DeviceTrustMode, HandoffCode, Timestamp};

use super::begin::{code_hash, expected, place_or_home};
use super::{
    DeviceWeb, DeviceWebError, MAX_ATTEMPTS, MAX_FAILURES, MAX_ID, Step, WEB_TOKEN_SECS, address_of, by,
    check_client, details, is_elsewhere,
};
use crate::account::{factors_of, user_code};
use crate::audit::EventKind;
use crate::authz::{FRESH_FACTOR_SECS, Principal};
use crate::cluster::Effective;
use crate::entity::{DeviceWebAttempt, RemoteBrowser, Role, SessionDevice, SessionKey, Standing};
use crate::identity::RequestFacts;
use crate::ports::Random;
use crate::{Decision as _, SecretToken};

/// For how long a session lasts that was confirmed by a code, in seconds.
pub const REMOTE_SESSION_SECS: i64 = 3600;
/// What must be left of a factor's freshness when a code is shown, in seconds.
const MIN_FRESH_SECS: i64 = 60;

/// What the page of a browser elsewhere shows; the code is shown once.
#[derive(Debug)]
pub struct RemoteOffer {
    pub attempt: DeviceWebAttempt,
    pub code: String,
}

impl Role {
    /// Whether it refuses browsers on other machines than the device.
    #[must_use]
    pub fn refuses_remote_browser(&self) -> bool {
        self.spec.options.remote_browser == Some(false)
    }
}

impl SessionDevice {
    /// Whether the account's roles have a say in whether it counts: [`Standing::trusted_device`].
    #[must_use]
    pub fn depends_on_roles(&self) -> bool {
        self.confirmed_by == Some(ConfirmedBy::Code)
    }
}

impl Standing {
    /// Whether a role refuses browsers on other machines than the device; of one that is gone nobody knows.
    #[must_use]
    pub fn refuses_remote_browser(&self) -> bool {
        let is_known = |name: &String| self.roles.iter().any(|role| role.name == *name);
        let all_are_known = self.account.as_ref().is_none_or(|account| account.roles.iter().all(is_known));
        !all_are_known || self.roles.iter().any(Role::refuses_remote_browser)
    }

    /// The device that the session is trusted for at this moment, by the roles of this moment.
    #[must_use]
    pub fn trusted_device(&self, now: Timestamp) -> Option<&SessionDevice> {
        let device = self.session.trusted_device(now)?;
        let is_refused = device.depends_on_roles() && self.refuses_remote_browser();
        (!is_refused).then_some(device)
    }
}

impl DeviceWeb {
    /// Whether browsers elsewhere can be authorized at all.
    ///
    /// # Errors
    /// Storage.
    pub async fn allows_remote(&self) -> Result<bool, crate::ports::StoreError> {
        let mut work = self.core.look().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        Ok(effective.remote_browser && effective.mode != DeviceTrustMode::Off)
    }

    /// Makes a code for the session that asks, to be typed on a device elsewhere.
    ///
    /// # Errors
    /// Nobody is signed in with a browser; the session is trusted already; it is not allowed here, or a role refuses it;
    /// there is no second factor, or it was not proven once more after signing in; no device is enrolled.
    pub async fn begin_remote(
        &self,
        principal: &Principal,
        redirect: &str,
        user_agent: &str,
    ) -> Result<RemoteOffer, DeviceWebError> {
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
        let standing = work.standing(SessionKey::Id(&user.session_id)).await?;
        let standing = standing.ok_or_else(|| DeviceWebError::of(HandoffCode::OtherSession))?;
        check_allowed(&effective, &standing).map_err(DeviceWebError::of)?;
        let expected_devices = expected(work.as_mut(), &user.name, None).await?;
        if expected_devices.is_empty() {
            return Err(DeviceWebError::of(HandoffCode::NoEnrolledDevice));
        }
        let factors = factors_of(&self.core, work.as_mut(), effective.second_factor, &user.name).await?;
        if !factors.can_prove_one() {
            return Err(DeviceWebError::of(HandoffCode::FactorMissing));
        }
        // Whoever lures somebody into signing in has their factor once; this asks for it a second time.
        let fresh_until = standing.session.factor_time.plus_secs(FRESH_FACTOR_SECS);
        if standing.session.factor_time <= standing.session.created
            || fresh_until < now.plus_secs(MIN_FRESH_SECS)
        {
            return Err(DeviceWebError::of(HandoffCode::FactorStale));
        }
        let code = user_code(self.core.random.as_ref());
        let attempt = DeviceWebAttempt {
            id: SecretToken::generate_cookie(self.core.random.as_ref()).reveal().to_owned(),
            session_id: user.session_id.clone(),
            user: user.name.clone(),
            // There is no link: nobody knows this one.
            token_hash: SecretToken::generate(self.core.random.as_ref()).hash(),
            code_hash: Some(code_hash(&code)),
            expected_devices,
            user_agent: gatehouse_model::clean_label(user_agent),
            remote_address: grant.by().remote_address.clone(),
            redirect: place_or_home(redirect),
            correlation_id: principal.request_id().to_owned(),
            created: now,
            expires: now.plus_secs(WEB_TOKEN_SECS).min(fresh_until).min(user.expires),
            failures: 0,
            refused: None,
            proof: None,
            remote: Some(RemoteBrowser {
                number: two_digits(self.core.random.as_ref()),
                asked_from: None,
                matched: None,
            }),
            confirmed: None,
        };
        work.insert_web_attempt(&attempt).await?;
        work.trim_web_attempts(&attempt.session_id, MAX_ATTEMPTS).await?;
        let event = self.core.event(EventKind::DEVICE_WEB_TOKEN, grant.by()).about(&attempt.id);
        work.append_event(&event.with_details(details(&attempt, principal))).await?;
        work.commit().await?;
        Ok(RemoteOffer { attempt, code })
    }

    /// Takes the number that was typed on the device. There is one try: a wrong number ends the attempt.
    ///
    /// # Errors
    /// Nobody is logged in; the token is unknown, spent or expired, or another user's; the number is wrong; browsers
    /// elsewhere are not allowed any more.
    pub async fn match_number(
        &self,
        principal: &Principal,
        id: &str,
        token: &str,
        typed: &str,
        facts: &RequestFacts,
    ) -> Result<(), DeviceWebError> {
        let (user, _) = principal.account()?;
        check_client(&facts.user_agent)?;
        let attempt = self.presented(id, token).await?;
        let matched = match attempt.check_user(&user.name) {
            Ok(()) => self.take_number(principal, &attempt, typed).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &matched {
            if error.code() == HandoffCode::NumberWrong.as_str() {
                self.void(&attempt, principal, error).await?;
            } else {
                // Whoever replays a token does not get to write on the page of its owner.
                let told = error.code() != HandoffCode::TokenSpent.as_str();
                let kind = EventKind::DEVICE_WEB_NUMBER;
                let step = Step { kind, device: None, credential_id: &attempt.id, told };
                self.note_refusal(&attempt, principal, step, error).await?;
            }
        }
        matched
    }

    async fn take_number(
        &self,
        principal: &Principal,
        attempt: &DeviceWebAttempt,
        typed: &str,
    ) -> Result<(), DeviceWebError> {
        let refused = |code| DeviceWebError::about(attempt, code);
        self.usable(attempt).await?;
        let remote = attempt.remote.as_ref().ok_or_else(|| refused(HandoffCode::TokenUnknown))?;
        if remote.matched.is_some() {
            return Err(refused(HandoffCode::TokenSpent));
        }
        let number = read_number(typed).ok_or_else(|| refused(HandoffCode::NumberWrong))?;
        let mut work = self.core.begin().await?;
        if !work.match_web_number(&attempt.id, number, self.core.now()).await? {
            return Err(refused(HandoffCode::NumberWrong));
        }
        let event = self.core.event(EventKind::DEVICE_WEB_NUMBER, &by(attempt, principal)).about(&attempt.id);
        work.append_event(&event.with_details(details(attempt, principal))).await?;
        Ok(work.commit().await?)
    }

    /// Ends an attempt for good, and says so at both ends and in the audit log.
    async fn void(
        &self,
        attempt: &DeviceWebAttempt,
        principal: &Principal,
        error: &DeviceWebError,
    ) -> Result<(), DeviceWebError> {
        let kind = EventKind::DEVICE_WEB_NUMBER;
        let mut work = self.core.begin().await?;
        work.void_web_attempt(&attempt.id, error.code(), MAX_FAILURES).await?;
        let event = self.core.event(kind, &by(attempt, principal)).about(&attempt.id);
        let event = event.failed(kind, error.code(), error).with_details(details(attempt, principal));
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }

    /// Makes the session that asks trusted, if its code and its number were typed on a device that has proven itself since.
    /// Its cookie is renewed, and its end is set. Answers with the place that the user was going to.
    ///
    /// # Errors
    /// Any [`DeviceWebError`]; what is another session's is unknown.
    pub async fn confirm_remote(&self, principal: &Principal, id: &str) -> Result<String, DeviceWebError> {
        let unknown = || DeviceWebError::of(HandoffCode::TokenUnknown);
        let Some(user) = principal.signed_in().filter(|user| user.cookie_hash.is_some()) else {
            return Err(DeviceWebError::of(HandoffCode::OtherSession));
        };
        if id.len() > MAX_ID {
            return Err(unknown());
        }
        let attempt = self.core.look().await?.web_attempt(id).await?;
        let attempt = attempt
            .filter(|attempt| attempt.session_id == user.session_id && attempt.remote.is_some())
            .ok_or_else(unknown)?;
        let proof = attempt.proof.clone().ok_or_else(unknown)?;
        self.settle(principal, user, &attempt, &proof, None).await
    }
}

/// Whether browsers elsewhere may be authorized for this session now.
pub(super) fn check_allowed(effective: &Effective, standing: &Standing) -> Result<(), HandoffCode> {
    if !effective.remote_browser {
        return Err(HandoffCode::RemoteOff);
    }
    if standing.refuses_remote_browser() { Err(HandoffCode::RemoteRefused) } else { Ok(()) }
}

/// Where the code was typed, as the browser shows it: without the port, and whether it is another network.
pub(super) fn asked_from(attempt: &DeviceWebAttempt) -> (String, bool) {
    let from = attempt.remote.as_ref().and_then(|remote| remote.asked_from.as_deref()).unwrap_or_default();
    (address_of(from), is_elsewhere(attempt, from))
}

/// From 10 to 99: no leading zero that could be left out.
fn two_digits(random: &dyn Random) -> i64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    10 + i64::try_from(u64::from_be_bytes(bytes) % 90).unwrap_or_default()
}

fn read_number(typed: &str) -> Option<i64> {
    let typed = typed.trim();
    let is_plain = typed.len() == 2 && typed.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| typed.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn numbers_have_two_digits_and_nothing_else_is_read_as_one() {
        assert!((0..=255).all(|byte| (10..=99).contains(&two_digits(&Fixed(byte)))));
        assert_eq!(read_number(" 42\n"), Some(42));
        for bad in ["", "4", "042", "+4", "4 2", "٤٢", "4a", "-1"] {
            assert_eq!(read_number(bad), None, "{bad}");
        }
    }
}
