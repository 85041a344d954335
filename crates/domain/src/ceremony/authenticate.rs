use std::sync::Arc;

use gatehouse_attestation::{AkPublic, verify_device_key, verify_platform, verify_raw_signature};
use gatehouse_model::tpm::PlatformParameters;
use gatehouse_model::{CollectedData, DeviceTrustMode, EnrollStatus};

use super::counters::{Progress, progress};
use super::refusal::Refusal;
use super::{CeremonyError, NONCE_BYTES, boot, check_data};
use crate::Core;
use crate::audit::EventKind;
use crate::authz::{Attribution, Principal, SignedIn};
use crate::cluster::Preference;
use crate::entity::{
    BoundCredential, CollectedRecord, Counters, Credential, Device, RecordKind, SessionDevice,
};
use crate::ports::ceremony_rows::{AuthenticationEnd, Held};
use crate::ports::{CertificateRequest, DeviceExtensions, IssuedCertificates, SshCertificateFacts};

/// The authentication ceremony.
pub struct Authentication {
    core: Arc<Core>,
    preference: Preference,
}

/// First message of an authentication.
#[derive(Clone, Debug)]
pub struct AuthenticateInit {
    pub credential_id: String,
    pub data: CollectedData,
    /// authorized_keys line of the SSH certificate to augment; empty for none.
    pub ssh_certificate: String,
}

/// What the device has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthenticateChallenge {
    Tpm { nonce: [u8; NONCE_BYTES] },
    SecureEnclave { challenge: [u8; NONCE_BYTES] },
}

/// The device's answer.
#[derive(Clone, Debug)]
pub enum AuthenticateAnswer {
    Tpm { platform: PlatformParameters, ssh_signature: Vec<u8> },
    SecureEnclave { signature: Vec<u8>, ssh_signature: Vec<u8> },
}

/// An authentication whose challenge is out.
pub struct PendingAuthentication {
    device: Device,
    credential: Credential,
    init: AuthenticateInit,
    ssh: Option<SshCertificateFacts>,
    nonce: [u8; NONCE_BYTES],
    session_id: String,
    by: Attribution,
}

/// A session that has become trusted.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub device: Device,
    pub certificates: IssuedCertificates,
}

/// Authentication records that are kept of a device.
const KEPT_RECORDS: i64 = 10;

impl Authentication {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        Self { core, preference }
    }

    /// Judges the first message: the credential is known, its device is this user's, fits the data and is not
    /// locked.
    ///
    /// # Errors
    /// Any [`CeremonyError`]; one answer for unknown credentials, other users' devices and devices that are not
    /// enrolled.
    pub async fn begin(
        &self,
        principal: &Principal,
        init: AuthenticateInit,
    ) -> Result<(AuthenticateChallenge, PendingAuthentication), CeremonyError> {
        let (user, grant) = principal.account()?;
        match self.look_up(user, &init).await {
            Ok((device, credential, ssh)) => {
                let nonce = self.core.random_bytes::<NONCE_BYTES>();
                let challenge = if credential.ak_public.is_empty() {
                    AuthenticateChallenge::SecureEnclave { challenge: nonce }
                } else {
                    AuthenticateChallenge::Tpm { nonce }
                };
                let pending = PendingAuthentication {
                    device,
                    credential,
                    init,
                    ssh,
                    nonce,
                    session_id: user.session_id.clone(),
                    by: grant.by().clone(),
                };
                Ok((challenge, pending))
            }
            Err(Refusal { device, error }) => {
                self.core
                    .note_refusal(
                        EventKind::DEVICE_AUTHENTICATE,
                        grant.by(),
                        device.as_ref(),
                        &init.credential_id,
                        &error,
                    )
                    .await?;
                Err(error)
            }
        }
    }

    /// Judges the answer; the session becomes trusted and gets certificates that say so, valid as long as before.
    ///
    /// # Errors
    /// Any [`CeremonyError`], audited.
    pub async fn finish(
        &self,
        principal: &Principal,
        pending: PendingAuthentication,
        answer: AuthenticateAnswer,
    ) -> Result<Authenticated, CeremonyError> {
        let outcome = self.trust(principal, &pending, &answer).await;
        if let Err(error) = &outcome {
            self.core
                .note_refusal(
                    EventKind::DEVICE_AUTHENTICATE,
                    &pending.by,
                    Some(&pending.device),
                    &pending.credential.id,
                    error,
                )
                .await?;
        }
        outcome
    }

    async fn look_up(
        &self,
        user: &SignedIn,
        init: &AuthenticateInit,
    ) -> Result<(Device, Credential, Option<SshCertificateFacts>), Refusal> {
        let now = self.core.now();
        let mut work = self.core.look().await?;
        let opening =
            work.open_authentication(init.data.os_type, &init.credential_id, &user.name, now).await?;
        drop(work);
        if self.preference.merged(&opening.preference)?.mode == DeviceTrustMode::Off {
            return Err(CeremonyError::Off.into());
        }
        if user.certificate_has_device {
            return Err(CeremonyError::AlreadyTrusted.into());
        }
        if user.tls_public_key_der.is_empty() {
            return Err(CeremonyError::NoCertificate.into());
        }
        let BoundCredential { credential, device, is_user } =
            opening.found.ok_or(CeremonyError::NotEnrolled)?;
        let judged = || {
            if device.enroll_status != EnrollStatus::Enrolled || !is_user {
                return Err(CeremonyError::NotEnrolled);
            }
            check_data(&device, &init.data)?;
            if let Some(lock) = &opening.lock {
                return Err(CeremonyError::Locked(lock.target_text()));
            }
            self.check_ssh(user, init)
        };
        match judged() {
            Ok(ssh) => Ok((device, credential, ssh)),
            Err(error) => Err(Refusal { device: Some(device), error }),
        }
    }

    fn check_ssh(
        &self,
        user: &SignedIn,
        init: &AuthenticateInit,
    ) -> Result<Option<SshCertificateFacts>, CeremonyError> {
        if init.ssh_certificate.is_empty() {
            return Ok(None);
        }
        let facts = self.core.ca.check_ssh_certificate(&init.ssh_certificate, &user.name, self.core.now())?;
        if facts.has_device {
            return Err(CeremonyError::AlreadyTrusted);
        }
        let foreign = |principal: &&String| !principal.starts_with('-') && !user.logins.contains(principal);
        if facts.principals.iter().any(|principal| foreign(&principal)) {
            return Err(CeremonyError::SshCertificate("identity and SSH principals mismatch"));
        }
        Ok(Some(facts))
    }

    async fn trust(
        &self,
        principal: &Principal,
        pending: &PendingAuthentication,
        answer: &AuthenticateAnswer,
    ) -> Result<Authenticated, CeremonyError> {
        let (user, _) = principal.account()?;
        if user.session_id != pending.session_id {
            return Err(CeremonyError::SessionChanged);
        }
        let (counters, ssh_signature) = pending.verify(answer)?;
        let ssh_public_key = pending.ssh_key(user, ssh_signature)?;
        let now = self.core.now();
        let roles: Vec<String> = user.roles.iter().map(|role| role.name.clone()).collect();
        let end = AuthenticationEnd {
            device_id: &pending.device.id,
            os_type: pending.device.os_type,
            credential_id: &pending.credential.id,
            session_id: &pending.session_id,
            user: &user.name,
            roles: &roles,
        };
        let extensions = DeviceExtensions {
            device_id: pending.device.id.clone(),
            asset_tag: pending.device.asset_tag.to_string(),
            credential_id: pending.credential.id.clone(),
        };
        let session_device = SessionDevice {
            device_id: extensions.device_id.clone(),
            asset_tag: extensions.asset_tag.clone(),
            credential_id: extensions.credential_id.clone(),
            since: now,
        };
        let mut work = self.core.begin().await?;
        let (held, bound, trusted) = work.hold_for_authentication(end, &session_device, now).await?;
        let Held { mut device, alarm, lock } = held.ok_or(CeremonyError::DeviceChanged)?;
        if let Some(lock) = lock {
            return Err(CeremonyError::Locked(lock.target_text()));
        }
        if alarm.is_some() {
            return Err(CeremonyError::CountersWentBack);
        }
        if (device.os_type, &device.asset_tag) != (pending.device.os_type, &pending.device.asset_tag) {
            return Err(CeremonyError::DeviceChanged);
        }
        // Only now that the device is held: what was read with it may be older than the wait for it.
        let BoundCredential { mut credential, is_user, .. } = bound
            .filter(|BoundCredential { credential: current, .. }| {
                current.device_id == device.id
                    && current.ak_public == pending.credential.ak_public
                    && current.public_key_der == pending.credential.public_key_der
            })
            .ok_or(CeremonyError::DeviceChanged)?;
        if device.enroll_status != EnrollStatus::Enrolled || !is_user {
            return Err(CeremonyError::DeviceChanged);
        }
        // Against the counters as they are now: another quote of this AK may have been accepted meanwhile.
        let clock_went_back = match (credential.counters, counters) {
            (Some(before), Some(after)) => match progress(before, after) {
                Progress::Back => {
                    drop(work);
                    self.raise_alarm(&device).await?;
                    return Err(CeremonyError::CountersWentBack);
                }
                Progress::ClockBack => true,
                Progress::Forward => false,
            },
            _ => false,
        };
        if !trusted {
            return Err(CeremonyError::SessionChanged);
        }
        credential.last_used = now;
        credential.counters = counters;
        device.last_authenticated = Some(now);
        work.record_use(&device, &credential).await?;
        let mut data = pending.init.data.clone();
        data.record_time = Some(now);
        work.add_collected(&device.id, &CollectedRecord { kind: RecordKind::Authenticate, data }).await?;
        work.trim_collected(&device.id, KEPT_RECORDS).await?;
        if let AuthenticateAnswer::Tpm { platform, .. } = answer {
            let record = boot::record(&device.id, RecordKind::Authenticate, &user.name, now, platform);
            work.note_boot(&record).await?;
        }
        let certificates = self.core.ca.issue(&CertificateRequest {
            user: user.name.clone(),
            roles,
            logins: user.logins.clone(),
            session_id: user.session_id.clone(),
            tls_public_key_der: user.tls_public_key_der.clone(),
            ssh_public_key,
            not_before: now,
            not_after: user.expires,
            device: Some(extensions),
        })?;
        let event = self
            .core
            .event(EventKind::DEVICE_AUTHENTICATE, &pending.by)
            .about_device(&device, &credential.id)
            .with_details(serde_json::json!({"clock_went_back": clock_went_back}));
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(Authenticated { device, certificates })
    }

    /// From now on, no other key of this TPM counts either, until an admin accepts it.
    async fn raise_alarm(&self, device: &Device) -> Result<(), CeremonyError> {
        let mut work = self.core.begin().await?;
        work.set_counter_alarm(&device.id, Some(self.core.now())).await?;
        Ok(work.commit().await?)
    }
}

impl PendingAuthentication {
    /// Verifies the device's signature over the nonce; answers with the TPM's counters and the SSH signature.
    fn verify<'a>(
        &self,
        answer: &'a AuthenticateAnswer,
    ) -> Result<(Option<Counters>, &'a [u8]), CeremonyError> {
        match answer {
            AuthenticateAnswer::Tpm { platform, ssh_signature } if !self.credential.ak_public.is_empty() => {
                let ak = AkPublic::parse(&self.credential.ak_public)?;
                let verdict = verify_platform(&ak, &self.nonce, platform)?;
                let counters = Counters {
                    reset_count: verdict.clock.reset_count,
                    restart_count: verdict.clock.restart_count,
                    clock: verdict.clock.clock,
                };
                Ok((Some(counters), ssh_signature))
            }
            AuthenticateAnswer::SecureEnclave { signature, ssh_signature }
                if !self.credential.public_key_der.is_empty() =>
            {
                verify_device_key(&self.credential.public_key_der, &self.nonce, signature)?;
                Ok((None, ssh_signature))
            }
            _ => Err(CeremonyError::Missing("challenge response of the kind that was asked for")),
        }
    }

    /// The SSH key to certify: the one of TLS, or another that has signed the nonce.
    fn ssh_key(&self, user: &SignedIn, ssh_signature: &[u8]) -> Result<Option<String>, CeremonyError> {
        let Some(ssh) = &self.ssh else {
            return Ok(None);
        };
        let same_key = ssh.public_key_der == user.tls_public_key_der;
        if !same_key && verify_raw_signature(&ssh.public_key_der, &self.nonce, ssh_signature).is_err() {
            return Err(CeremonyError::SshKey);
        }
        Ok(Some(ssh.public_key_line.clone()))
    }
}
