use std::sync::Arc;

use gatehouse_attestation::verify_raw_signature;
use gatehouse_model::tpm::PlatformParameters;
use gatehouse_model::{BootDrift, CollectedData, DeviceTrustMode, EnrollStatus};

use super::proof::{Asked, Speaker, Used};
use super::refusal::Refusal;
use super::{CeremonyError, NONCE_BYTES, check_data};
use crate::Core;
use crate::audit::EventKind;
use crate::authz::{Attribution, Principal, SignedIn};
use crate::cluster::Preference;
use crate::entity::{BoundCredential, Credential, Device, SessionDevice};
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
    asked: Asked,
    ssh: Option<SshCertificateFacts>,
    session_id: String,
    by: Attribution,
}

/// What the first message leads to.
struct Sought {
    device: Device,
    credential: Credential,
    ssh: Option<SshCertificateFacts>,
    boot_drift: BootDrift,
}

/// A session that has become trusted.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub device: Device,
    pub certificates: IssuedCertificates,
}

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
            Ok(Sought { device, credential, ssh, boot_drift }) => {
                let asked = Asked::new(&self.core, device, credential, init.data, boot_drift);
                let challenge = asked.challenge();
                let pending = PendingAuthentication {
                    asked,
                    ssh,
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
                    Some(&pending.asked.device),
                    &pending.asked.credential.id,
                    error,
                )
                .await?;
        }
        outcome
    }

    async fn look_up(&self, user: &SignedIn, init: &AuthenticateInit) -> Result<Sought, Refusal> {
        let now = self.core.now();
        let mut work = self.core.look().await?;
        let opening =
            work.open_authentication(init.data.os_type, &init.credential_id, &user.name, now).await?;
        drop(work);
        let effective = self.preference.merged(&opening.preference)?;
        if effective.mode == DeviceTrustMode::Off {
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
            Ok(ssh) => Ok(Sought { device, credential, ssh, boot_drift: effective.boot_drift }),
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
        let asked = &pending.asked;
        let (counters, ssh_signature) = asked.verify(answer)?;
        let ssh_public_key = pending.ssh_key(user, ssh_signature)?;
        let now = self.core.now();
        let roles: Vec<String> = user.roles.iter().map(|role| role.name.clone()).collect();
        let extensions = DeviceExtensions {
            device_id: asked.device.id.clone(),
            asset_tag: asked.device.asset_tag.to_string(),
            credential_id: asked.credential.id.clone(),
        };
        let session_device = SessionDevice {
            device_id: extensions.device_id.clone(),
            asset_tag: extensions.asset_tag.clone(),
            credential_id: extensions.credential_id.clone(),
            since: now,
            tier: Some(asked.credential.tier),
            until: None,
            confirmed_by: None,
        };
        let speaker = Speaker {
            user: &user.name,
            roles: &roles,
            session: Some((&pending.session_id, &session_device)),
            by: &pending.by,
        };
        let used = self.core.note_use(asked, answer, counters, speaker, now).await?;
        let Used { mut work, device, credential, clock_went_back } = used;
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
}

impl PendingAuthentication {
    /// The SSH key to certify: the one of TLS, or another that has signed the nonce.
    fn ssh_key(&self, user: &SignedIn, ssh_signature: &[u8]) -> Result<Option<String>, CeremonyError> {
        let Some(ssh) = &self.ssh else {
            return Ok(None);
        };
        let same_key = ssh.public_key_der == user.tls_public_key_der;
        if !same_key && verify_raw_signature(&ssh.public_key_der, &self.asked.nonce, ssh_signature).is_err() {
            return Err(CeremonyError::SshKey);
        }
        Ok(Some(ssh.public_key_line.clone()))
    }
}
