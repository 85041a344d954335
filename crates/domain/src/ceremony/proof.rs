//! A device's key that was asked to sign, and what is written once it has.

use gatehouse_attestation::{AkPublic, verify_device_key, verify_platform};
use gatehouse_model::{BootDrift, CollectedData, EnrollStatus, Timestamp};

use super::boot::Boot;
use super::counters::{Progress, progress};
use super::{AuthenticateAnswer, AuthenticateChallenge, CeremonyError, NONCE_BYTES, boot};
use crate::Core;
use crate::authz::Attribution;
use crate::entity::{
    BootRecord, BoundCredential, CollectedRecord, Counters, Credential, Device, RecordKind, ReviewState,
    SessionDevice,
};
use crate::ports::UnitOfWork;
use crate::ports::ceremony_rows::{AuthenticationEnd, Held};

/// Authentication records that are kept of a device.
const KEPT_RECORDS: i64 = 10;

/// A challenge that is out.
pub(crate) struct Asked {
    pub(crate) device: Device,
    pub(crate) credential: Credential,
    pub(crate) data: CollectedData,
    pub(crate) nonce: [u8; NONCE_BYTES],
    /// What becomes of it if it booted otherwise than it did when it was good last.
    pub(crate) boot_drift: BootDrift,
}

/// For whom a device speaks.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'a> {
    pub(crate) user: &'a str,
    /// Names.
    pub(crate) roles: &'a [String],
    /// The session that gets the device with it.
    pub(crate) session: Option<(&'a str, &'a SessionDevice)>,
    /// Who is said to have acted.
    pub(crate) by: &'a Attribution,
}

/// A use of a key, written but not committed.
pub(crate) struct Used {
    pub(crate) work: Box<dyn UnitOfWork>,
    pub(crate) device: Device,
    pub(crate) credential: Credential,
    /// The TPM's clock went back, its counters did not.
    pub(crate) clock_went_back: bool,
}

impl Asked {
    pub(crate) fn new(
        core: &Core,
        device: Device,
        credential: Credential,
        data: CollectedData,
        boot_drift: BootDrift,
    ) -> Self {
        Self { device, credential, data, nonce: core.random_bytes::<NONCE_BYTES>(), boot_drift }
    }

    pub(crate) fn challenge(&self) -> AuthenticateChallenge {
        if self.credential.ak_public.is_empty() {
            AuthenticateChallenge::SecureEnclave { challenge: self.nonce }
        } else {
            AuthenticateChallenge::Tpm { nonce: self.nonce }
        }
    }

    /// Verifies the device's signature over the nonce; answers with the TPM's counters and the SSH signature.
    pub(crate) fn verify<'a>(
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
}

impl Core {
    /// Writes that the key was used, if everything is still as it was when it was asked, and no lock is in force. The
    /// unit of work is still to be committed.
    pub(crate) async fn note_use(
        &self,
        asked: &Asked,
        answer: &AuthenticateAnswer,
        counters: Option<Counters>,
        speaker: Speaker<'_>,
        now: Timestamp,
    ) -> Result<Used, CeremonyError> {
        let end = AuthenticationEnd {
            device_id: &asked.device.id,
            os_type: asked.device.os_type,
            credential_id: &asked.credential.id,
            user: speaker.user,
            roles: speaker.roles,
        };
        let mut work = self.begin().await?;
        let (held, bound, trusted) = work.hold_for_authentication(end, speaker.session, now).await?;
        let Held { mut device, alarm, lock } = held.ok_or(CeremonyError::DeviceChanged)?;
        if let Some(lock) = lock {
            return Err(CeremonyError::Locked(lock.target_text()));
        }
        if alarm.is_some() {
            return Err(CeremonyError::CountersWentBack);
        }
        if (device.os_type, &device.asset_tag) != (asked.device.os_type, &asked.device.asset_tag) {
            return Err(CeremonyError::DeviceChanged);
        }
        // Only now that the device is held: what was read with it may be older than the wait for it.
        let BoundCredential { mut credential, is_user, .. } = bound
            .filter(|BoundCredential { credential: current, .. }| {
                current.device_id == device.id
                    && current.ak_public == asked.credential.ak_public
                    && current.public_key_der == asked.credential.public_key_der
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
        if speaker.session.is_some() && !trusted {
            return Err(CeremonyError::SessionChanged);
        }
        credential.last_used = now;
        credential.counters = counters;
        device.last_authenticated = Some(now);
        work.record_use(&device, &credential).await?;
        let mut data = asked.data.clone();
        data.record_time = Some(now);
        work.add_collected(&device.id, &CollectedRecord { kind: RecordKind::Authenticate, data }).await?;
        work.trim_collected(&device.id, KEPT_RECORDS).await?;
        if let AuthenticateAnswer::Tpm { platform, .. } = answer {
            let record = boot::record(&device.id, RecordKind::Authenticate, speaker.user, now, platform);
            let matters = asked.boot_drift == BootDrift::Review;
            let found = boot::note(self, work.as_mut(), &device, &record, speaker.by, matters).await?;
            if found == Boot::Drifted && matters {
                drop(work);
                let asked = self.keep_drift(&device, &credential.id, &record, speaker.by).await?;
                return Err(match asked {
                    ReviewState::Refused => CeremonyError::BootRefused,
                    _ => CeremonyError::BootDrift,
                });
            }
        }
        Ok(Used { work, device, credential, clock_went_back })
    }

    /// What has drifted is kept, and nothing else of the ceremony: the session is not trusted. Answers with how the question
    /// about it stands.
    async fn keep_drift(
        &self,
        device: &Device,
        credential_id: &str,
        record: &BootRecord,
        by: &Attribution,
    ) -> Result<ReviewState, CeremonyError> {
        let mut work = self.begin().await?;
        let device = work.device_for_update(&device.id).await?.ok_or(CeremonyError::DeviceChanged)?;
        boot::note(self, work.as_mut(), &device, record, by, false).await?;
        let asked = boot::ask_for_review(self, work.as_mut(), &device, record, credential_id, by).await?;
        work.commit().await?;
        Ok(asked)
    }

    /// From now on, no other key of this TPM counts either, until an admin accepts it.
    async fn raise_alarm(&self, device: &Device) -> Result<(), CeremonyError> {
        let mut work = self.begin().await?;
        work.set_counter_alarm(&device.id, Some(self.now())).await?;
        Ok(work.commit().await?)
    }
}
