//! A device speaks for a browser's session.

use gatehouse_model::{CollectedData, DeviceTrustMode, EnrollStatus, HandoffCode};

use super::{CONFIRM_SECS, DeviceWeb, DeviceWebError, Step, by, check_client, details};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::Principal;
use crate::ceremony::{
    Asked, AuthenticateAnswer, AuthenticateChallenge, CeremonyError, Speaker, Used, check_data,
};
use crate::entity::{BoundCredential, Device, DeviceWebAttempt, DeviceWebProof};

/// First message of a device that speaks for a browser's session.
#[derive(Clone)]
pub struct WebInit {
    pub id: String,
    pub token: String,
    pub credential_id: String,
    pub data: CollectedData,
}

/// A device's authentication for a browser's session, whose challenge is out.
pub struct PendingWebAuthentication {
    attempt: DeviceWebAttempt,
    asked: Asked,
}

/// For a browser elsewhere, a token is not enough: its number was typed, by somebody who is logged in.
fn check_remote(attempt: &DeviceWebAttempt, principal: &Principal) -> Result<(), DeviceWebError> {
    let Some(remote) = &attempt.remote else { return Ok(()) };
    principal.account()?;
    match remote.matched {
        Some(_) => Ok(()),
        None => Err(DeviceWebError::about(attempt, HandoffCode::NumberMissing)),
    }
}

/// A refusal, with the device that it is about where that is known.
struct Stopped {
    device: Option<Device>,
    error: DeviceWebError,
    /// The page in the browser says it, too.
    told: bool,
}

impl DeviceWeb {
    /// Judges the first message. The token says for whom the device speaks; a caller who is logged in must be the same
    /// user, and one who is not needs nothing else, for the device's key will have to sign.
    ///
    /// # Errors
    /// Any [`DeviceWebError`]; one answer for unknown credentials, other users' devices and devices that are not enrolled.
    pub async fn begin_authentication(
        &self,
        principal: &Principal,
        init: WebInit,
        user_agent: &str,
    ) -> Result<(AuthenticateChallenge, PendingWebAuthentication), DeviceWebError> {
        check_client(user_agent)?;
        let attempt = self.presented(&init.id, &init.token).await?;
        match self.look_up(&attempt, principal, &init).await {
            Ok(asked) => {
                let challenge = asked.challenge();
                Ok((challenge, PendingWebAuthentication { attempt, asked }))
            }
            Err(Stopped { device, error, told }) => {
                let step = Step {
                    kind: EventKind::DEVICE_AUTHENTICATE,
                    device: device.as_ref(),
                    credential_id: &init.credential_id,
                    told,
                };
                self.note_refusal(&attempt, principal, step, &error).await?;
                Err(error)
            }
        }
    }

    async fn look_up(
        &self,
        attempt: &DeviceWebAttempt,
        principal: &Principal,
        init: &WebInit,
    ) -> Result<Asked, Stopped> {
        let now = self.core.now();
        // Whoever replays a token does not get to write on the page of its owner.
        let quiet = |error| Stopped { device: None, error, told: false };
        let store = |error: crate::ports::StoreError| quiet(error.into());
        let standing = self.usable(attempt).await.map_err(quiet)?;
        let told = |device: Option<Device>, code| Stopped {
            device,
            error: DeviceWebError::about(attempt, code),
            told: true,
        };
        if let Some(user) = principal.signed_in() {
            attempt.check_user(&user.name).map_err(|error| Stopped { device: None, error, told: true })?;
        }
        check_remote(attempt, principal).map_err(quiet)?;
        let mut work = self.core.look().await.map_err(store)?;
        let opening = work
            .open_authentication(init.data.os_type, &init.credential_id, &attempt.user, now)
            .await
            .map_err(store)?;
        let effective = self.preference.merged(&opening.preference).map_err(store)?;
        if effective.mode == DeviceTrustMode::Off {
            return Err(told(None, HandoffCode::TrustOff));
        }
        let roles = standing.account.map(|account| account.roles).unwrap_or_default();
        let lock = work.lock_in_force(Some(&attempt.user), &roles, None, now).await.map_err(store)?;
        drop(work);
        if lock.is_some() {
            return Err(told(None, HandoffCode::UserLocked));
        }
        let found = opening.found.ok_or_else(|| told(None, HandoffCode::DeviceNotEnrolled))?;
        let BoundCredential { credential, device, is_user } = found;
        if device.enroll_status != EnrollStatus::Enrolled || !is_user {
            return Err(told(Some(device), HandoffCode::DeviceNotEnrolled));
        }
        if !attempt.expected_devices.contains(&device.id) {
            return Err(told(Some(device), HandoffCode::DeviceNotExpected));
        }
        if opening.lock.is_some() {
            return Err(told(Some(device), HandoffCode::DeviceLocked));
        }
        if let Err(error) = check_data(&device, &init.data) {
            let error = DeviceWebError::ceremony(attempt, error);
            return Err(Stopped { device: Some(device), error, told: true });
        }
        Ok(Asked::new(&self.core, device, credential, init.data.clone(), effective.boot_drift))
    }

    /// Judges the answer; the token is spent, and the way back to the browser is open for a minute.
    ///
    /// # Errors
    /// Any [`DeviceWebError`], audited.
    pub async fn finish_authentication(
        &self,
        principal: &Principal,
        pending: PendingWebAuthentication,
        answer: &AuthenticateAnswer,
    ) -> Result<(String, SecretToken), DeviceWebError> {
        let PendingWebAuthentication { attempt, asked } = &pending;
        match self.prove(principal, attempt, asked, answer).await {
            Ok(token) => Ok((attempt.id.clone(), token)),
            Err(error) => {
                let spent = matches!(&error, DeviceWebError::Refused(refused)
                    if matches!(refused.code, HandoffCode::TokenSpent | HandoffCode::AlreadyTrusted));
                let step = Step {
                    kind: EventKind::DEVICE_AUTHENTICATE,
                    device: Some(&asked.device),
                    credential_id: &asked.credential.id,
                    told: !spent,
                };
                self.note_refusal(attempt, principal, step, &error).await?;
                Err(error)
            }
        }
    }

    async fn prove(
        &self,
        principal: &Principal,
        attempt: &DeviceWebAttempt,
        asked: &Asked,
        answer: &AuthenticateAnswer,
    ) -> Result<SecretToken, DeviceWebError> {
        let failed = |error: CeremonyError| DeviceWebError::ceremony(attempt, error);
        if let Some(user) = principal.signed_in() {
            attempt.check_user(&user.name)?;
        }
        let (counters, _) = asked.verify(answer).map_err(failed)?;
        // As it is now: it may have been spent by another stream, its session may have ended.
        let unknown = || DeviceWebError::about(attempt, HandoffCode::TokenUnknown);
        let current = self.core.look().await?.web_attempt(&attempt.id).await?.ok_or_else(unknown)?;
        let standing = self.usable(&current).await?;
        check_remote(&current, principal)?;
        let roles = standing.account.map(|account| account.roles).unwrap_or_default();
        let now = self.core.now();
        let by_device = by(attempt, principal);
        let speaker = Speaker { user: &attempt.user, roles: &roles, session: None, by: &by_device };
        let used = self.core.note_use(asked, answer, counters, speaker, now).await.map_err(failed)?;
        let Used { mut work, device, credential, clock_went_back } = used;
        let token = SecretToken::generate(self.core.random.as_ref());
        let proof = DeviceWebProof {
            time: now,
            device_id: device.id.clone(),
            credential_id: credential.id.clone(),
            confirm_hash: token.hash(),
            confirm_expires: now.plus_secs(CONFIRM_SECS),
        };
        if !work.prove_web_attempt(&attempt.id, &attempt.token_hash, &proof).await? {
            return Err(DeviceWebError::about(attempt, HandoffCode::TokenSpent));
        }
        let mut facts = details(attempt, principal);
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("clock_went_back".to_owned(), clock_went_back.into());
            facts.insert("without_certificate".to_owned(), principal.signed_in().is_none().into());
        }
        let event = self
            .core
            .event(EventKind::DEVICE_AUTHENTICATE, &by(attempt, principal))
            .about_device(&device, &credential.id)
            .for_web_session(&attempt.session_id)
            .with_details(facts);
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(token)
    }
}
