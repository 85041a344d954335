//! The way back: the browser that asked brings the proof along with its cookie.

use gatehouse_model::{ConfirmedBy, DeviceTrustMode, EnrollStatus, HandoffCode};
use subtle::ConstantTimeEq as _;

use super::remote::check_allowed;
use super::{DeviceWeb, DeviceWebError, MAX_ID, REMOTE_SESSION_SECS, Step, by, details};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::{Principal, SignedIn};
use crate::ceremony::CeremonyError;
use crate::entity::{Device, DeviceWebAttempt, DeviceWebProof, Digest, SessionDevice, SessionKey};

impl DeviceWeb {
    /// Makes the session that asks trusted, if it is the one that the device spoke for. Its cookie is renewed. Answers with
    /// the place that the user was going to. Whoever comes once more with the same token, in the session that it has made
    /// trusted, is sent on and nothing is done.
    ///
    /// # Errors
    /// Any [`DeviceWebError`]. Cookie and session are looked at first: in another browser nothing is spent.
    pub async fn confirm(
        &self,
        principal: &Principal,
        id: &str,
        token: &str,
    ) -> Result<String, DeviceWebError> {
        let unknown = || DeviceWebError::of(HandoffCode::TokenUnknown);
        // Without a session there is nothing that could be confirmed, and nothing is said of tokens.
        let Some(user) = principal.signed_in().filter(|user| user.cookie_hash.is_some()) else {
            return Err(DeviceWebError::of(HandoffCode::OtherSession));
        };
        let hash = SecretToken::read(token).ok_or_else(unknown)?.hash();
        if id.len() > MAX_ID {
            return Err(unknown());
        }
        let attempt = self.core.look().await?.web_attempt(id).await?.ok_or_else(unknown)?;
        // A browser elsewhere takes up what was typed, and no token.
        let proof = attempt.proof.as_ref().filter(|_| attempt.remote.is_none());
        let known = proof.filter(|proof| bool::from(proof.confirm_hash.ct_eq(&hash)));
        let proof = known.ok_or_else(unknown)?.clone();
        self.settle(principal, user, &attempt, &proof, Some(&hash)).await
    }

    /// As [`DeviceWeb::take`]; a refusal is audited, and told on the page.
    pub(super) async fn settle(
        &self,
        principal: &Principal,
        user: &SignedIn,
        attempt: &DeviceWebAttempt,
        proof: &DeviceWebProof,
        hash: Option<&Digest>,
    ) -> Result<String, DeviceWebError> {
        match self.take(principal, user, attempt, proof, hash).await {
            Ok(()) => Ok(attempt.redirect.clone()),
            Err((device, error)) => {
                let told = matches!(&error, DeviceWebError::Refused(refused)
                    if !matches!(refused.code, HandoffCode::OtherSession | HandoffCode::TokenSpent));
                let step = Step {
                    kind: EventKind::DEVICE_CONFIRM,
                    device: device.as_ref(),
                    credential_id: &proof.credential_id,
                    told,
                };
                self.note_refusal(attempt, principal, step, &error).await?;
                Err(error)
            }
        }
    }

    /// Gives the session its device. `hash` is of the token of the way back; a browser elsewhere has none.
    async fn take(
        &self,
        principal: &Principal,
        user: &SignedIn,
        attempt: &DeviceWebAttempt,
        proof: &DeviceWebProof,
        hash: Option<&Digest>,
    ) -> Result<(), (Option<Device>, DeviceWebError)> {
        let plain = |error: DeviceWebError| (None, error);
        let store = |error: crate::ports::StoreError| (None, error.into());
        let refused = |device: Option<Device>, code| (device, DeviceWebError::about(attempt, code));
        if attempt.session_id != user.session_id || attempt.user != user.name {
            return Err(refused(None, HandoffCode::OtherSession));
        }
        if attempt.confirmed.is_some() {
            return self.once_more(attempt, proof).await.map_err(plain);
        }
        let now = self.core.now();
        if proof.confirm_expires <= now {
            return Err(refused(None, HandoffCode::TokenExpired));
        }
        let mut work = self.core.begin().await.map_err(store)?;
        let taken = match hash {
            Some(hash) => work.confirm_web_attempt(&attempt.id, hash, now).await,
            None => work.confirm_remote_web_attempt(&attempt.id, now).await,
        };
        if !taken.map_err(store)? {
            drop(work);
            return self.once_more(attempt, proof).await.map_err(plain);
        }
        // Held, so that a lock or an un-enrolment comes before or meets the session.
        let held = work.device_and_alarm_for_update(&proof.device_id).await.map_err(store)?;
        let (device, alarm) = held.ok_or_else(|| refused(None, HandoffCode::DeviceNotEnrolled))?;
        let effective = self.preference.effective(work.as_mut()).await.map_err(store)?;
        if effective.mode == DeviceTrustMode::Off {
            return Err(refused(Some(device), HandoffCode::TrustOff));
        }
        let is_remote = attempt.remote.is_some();
        if is_remote {
            let standing = work.standing(SessionKey::Id(&user.session_id)).await.map_err(store)?;
            let standing = standing.ok_or_else(|| refused(None, HandoffCode::SessionOver))?;
            check_allowed(&effective, &standing).map_err(|code| refused(Some(device.clone()), code))?;
        }
        let bound = work
            .bound_credential(device.os_type, &proof.credential_id, &attempt.user)
            .await
            .map_err(store)?
            .filter(|bound| bound.is_user && bound.credential.device_id == device.id)
            .filter(|_| device.enroll_status == EnrollStatus::Enrolled);
        let Some(bound) = bound else { return Err(refused(Some(device), HandoffCode::DeviceNotEnrolled)) };
        let roles: Vec<String> = user.roles.iter().map(|role| role.name.clone()).collect();
        let lock =
            work.lock_in_force(Some(&user.name), &roles, Some(&device.id), now).await.map_err(store)?;
        if let Some(lock) = lock {
            let code = match lock.target.device {
                Some(_) => HandoffCode::DeviceLocked,
                None => HandoffCode::UserLocked,
            };
            return Err(refused(Some(device), code));
        }
        if alarm.is_some() {
            let error = DeviceWebError::ceremony(attempt, CeremonyError::CountersWentBack);
            return Err((Some(device), error));
        }
        let at_most = effective.web_session_max_age.map(|age| now.plus_secs(age.secs()));
        let hour = is_remote.then(|| now.plus_secs(REMOTE_SESSION_SECS));
        let trusted = SessionDevice {
            device_id: device.id.clone(),
            asset_tag: device.asset_tag.to_string(),
            credential_id: bound.credential.id.clone(),
            since: now,
            tier: Some(bound.credential.tier),
            until: at_most.into_iter().chain(hour).min(),
            confirmed_by: Some(if is_remote { ConfirmedBy::Code } else { ConfirmedBy::Browser }),
        };
        if !work.set_session_device(&user.session_id, Some(&trusted)).await.map_err(store)? {
            return Err(refused(Some(device), HandoffCode::SessionOver));
        }
        if let Some(hour) = hour {
            work.limit_session(&user.session_id, hour).await.map_err(store)?;
        }
        self.core.renew_cookie(work.as_mut(), user).await.map_err(|error| (None, error.into()))?;
        let event = self
            .core
            .event(EventKind::DEVICE_CONFIRM, &by(attempt, principal))
            .about_device(&device, &bound.credential.id)
            .for_web_session(&attempt.session_id)
            .with_details(details(attempt, principal));
        work.append_event(&event).await.map_err(store)?;
        work.commit().await.map_err(store)
    }

    /// A browser that loads the address twice is sent on, as long as the session is what the first time made of it.
    async fn once_more(
        &self,
        attempt: &DeviceWebAttempt,
        proof: &DeviceWebProof,
    ) -> Result<(), DeviceWebError> {
        let now = self.core.now();
        let mut work = self.core.look().await?;
        let is_confirmed = work.web_attempt(&attempt.id).await?.is_some_and(|now| now.confirmed.is_some());
        let standing = work.standing(SessionKey::Id(&attempt.session_id)).await?;
        let is_trusted = standing.is_some_and(|standing| {
            let device = standing.trusted_device(now);
            device.is_some_and(|device| {
                device.device_id == proof.device_id && device.credential_id == proof.credential_id
            })
        });
        if is_confirmed && is_trusted {
            return Ok(());
        }
        Err(DeviceWebError::about(attempt, HandoffCode::TokenSpent))
    }
}
