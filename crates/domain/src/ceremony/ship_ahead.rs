//! Enrolment without a token: the TPM was announced, and the device enrols itself.
//!
//! An announcement takes the place of the token and of nothing else: activation, quotes, the CAs that are allowed and the
//! rules about devices hold as ever. A row that names an EK certificate counts only where that certificate was verified;
//! a row that names an EK counts only once the TPM has shown that the EK is its own. Nothing is registered before.

use std::sync::Arc;

use gatehouse_attestation::make_credential;
use gatehouse_model::{AssetTag, AttestationTier, DeviceTrustMode, EnrollStatus, OsType, Timestamp};
use serde_json::json;
use zeroize::Zeroizing;

use super::basis::{Bases, Basis};
use super::judge::{ClaimedTpm, EkVerdict};
use super::{
    Binding, CeremonyError, DeviceKey, EnrollAnswer, EnrollChallenge, EnrollInit, NONCE_BYTES,
    check_counters, check_data, evidence,
};
use crate::audit::EventKind;
use crate::authz::{Attribution, Principal};
use crate::cluster::{Effective, Preference};
use crate::device::{DeviceView, issuer_key, may_auto_enroll};
use crate::ek::{EkTrusts, device_ek};
use crate::entity::{Credential, Device, EkFinding, EkVerdictCode, Evidence, ShipAhead, ShipAheadUse};
use crate::ports::UnitOfWork;
use crate::{Core, Decision};

/// The enrolment ceremony of announced TPMs.
pub struct AnnouncedEnrolment {
    core: Arc<Core>,
    preference: Preference,
    trusts: Arc<EkTrusts>,
    bases: Bases,
}

/// An enrolment whose challenge is out.
pub struct PendingAnnounced {
    row: ShipAhead,
    user: String,
    session_id: String,
    by: Attribution,
    init: EnrollInit,
    nonce: [u8; NONCE_BYTES],
    secret: Zeroizing<[u8; NONCE_BYTES]>,
    tpm: Box<ClaimedTpm>,
    tier: AttestationTier,
    findings: Vec<EkFinding>,
    basis: Arc<Basis>,
}

/// What is refused, in words for the audit log; the caller learns nothing of the list.
fn not_announced(why: &'static str) -> CeremonyError {
    CeremonyError::NotAnnounced(why)
}

impl AnnouncedEnrolment {
    pub(crate) fn new(core: Arc<Core>, preference: Preference, trusts: Arc<EkTrusts>) -> Self {
        Self { core, preference, trusts, bases: Bases::default() }
    }

    /// Judges the first message, which names no token. Nothing is written but a refusal.
    ///
    /// # Errors
    /// Any [`CeremonyError`]; where the policy is off, that the token is missing.
    pub async fn begin(
        &self,
        principal: &Principal,
        init: EnrollInit,
    ) -> Result<(EnrollChallenge, PendingAnnounced), CeremonyError> {
        let (user, grant) = principal.account()?;
        let effective = self.preference.current().await?;
        if !effective.ship_ahead {
            return Err(CeremonyError::Missing("token"));
        }
        match self.claim(&effective, &init, &user.name).await {
            Ok((tpm, tier, findings, row)) => {
                let nonce = self.core.random_bytes::<NONCE_BYTES>();
                let secret = Zeroizing::new(self.core.random_bytes::<NONCE_BYTES>());
                let credential =
                    make_credential(&tpm.ek, &tpm.ak, &secret, &mut |buffer| self.core.random.fill(buffer))?;
                let pending = PendingAnnounced {
                    row,
                    user: user.name.clone(),
                    session_id: user.session_id.clone(),
                    by: grant.by().clone(),
                    init,
                    nonce,
                    secret,
                    tpm: Box::new(tpm),
                    tier,
                    findings,
                    basis: self.bases.of(&effective),
                };
                Ok((EnrollChallenge::Tpm { credential, nonce }, pending))
            }
            Err(error) => Err(self.refuse(grant.by(), &init.credential_id, error).await?),
        }
    }

    async fn claim(
        &self,
        effective: &Effective,
        init: &EnrollInit,
        user: &str,
    ) -> Result<(ClaimedTpm, AttestationTier, Vec<EkFinding>, ShipAhead), CeremonyError> {
        if effective.mode == DeviceTrustMode::Off {
            return Err(CeremonyError::Off);
        }
        let (DeviceKey::Tpm { ek, ak, .. }, OsType::Linux | OsType::Windows) = (&init.key, init.data.os_type)
        else {
            return Err(CeremonyError::KeyKind);
        };
        AssetTag::try_from(init.data.serial_number.as_str()).map_err(|_| CeremonyError::SerialUnusable)?;
        let trust = self.trusts.of(effective).map_err(CeremonyError::AllowedCas)?;
        let mut sent = init.key.sent();
        if effective.ekcert_fetch_cas {
            super::enroll::fetch_missing_cas(&self.core, &init.key, &mut sent, trust.as_deref()).await;
        }
        let now = self.core.now();
        let tpm = ClaimedTpm::judge(ek, ak, &init.credential_id, trust.as_deref(), &sent, now)?;
        let (tier, findings) = match &tpm.verdict {
            EkVerdict::Judged { tier, findings } => (*tier, findings.clone()),
            // An announcement vouches for no CA, and nobody was asked to look at this device.
            EkVerdict::UnknownCa(error) => return Err(CeremonyError::EkChain(error.clone())),
        };
        let row = self.find(&tpm, tier).await?;
        check_row(&row, user, &init.data.serial_number)?;
        Ok((tpm, tier, findings, row))
    }

    /// The row of this TPM: by its EK, or by its certificate where that was verified.
    async fn find(&self, tpm: &ClaimedTpm, tier: AttestationTier) -> Result<ShipAhead, CeremonyError> {
        let mut work = self.core.look().await?;
        if let Some(row) = work.ship_ahead_by_ek(&tpm.ek.fingerprint()).await? {
            return Ok(row);
        }
        if let Some(certificate) = &tpm.certificate {
            let (serial, issuer) = (certificate.serial(), issuer_key(&certificate.issuer()));
            if let Some(row) = work.ship_ahead_by_certificate(&serial, &issuer).await? {
                if tier != AttestationTier::TpmEkcertTrusted {
                    return Err(not_announced("its EK certificate was announced, and is not verified"));
                }
                return Ok(row);
            }
        }
        Err(not_announced("no such TPM was announced"))
    }

    /// Judges the answer and, if all of it holds, registers the device if it is not, binds the key, and uses the
    /// announcement: everything in one commit, or nothing.
    ///
    /// # Errors
    /// Any [`CeremonyError`].
    pub async fn finish(
        &self,
        principal: &Principal,
        pending: PendingAnnounced,
        answer: EnrollAnswer,
    ) -> Result<DeviceView, CeremonyError> {
        match self.bind(principal, &pending, &answer).await {
            Ok(view) => {
                pending.basis.is_kept();
                Ok(view)
            }
            Err(error) => Err(self.refuse(&pending.by, &pending.init.credential_id, error).await?),
        }
    }

    async fn bind(
        &self,
        principal: &Principal,
        pending: &PendingAnnounced,
        answer: &EnrollAnswer,
    ) -> Result<DeviceView, CeremonyError> {
        let (user, _) = principal.account()?;
        if user.name != pending.user || user.session_id != pending.session_id {
            return Err(CeremonyError::SessionChanged);
        }
        let EnrollAnswer::Tpm { solution, platform } = answer else {
            return Err(CeremonyError::Missing("challenge response of the kind that was asked for"));
        };
        let counters = pending.tpm.proves(&pending.secret, &pending.nonce, solution, platform)?;
        let (now, anchor) = (self.core.now(), pending.tpm.ek.fingerprint());
        let mut work = self.core.begin().await?;
        // As it is now: the policy may have changed, the row be gone or used.
        if !self.preference.effective(work.as_mut()).await?.ship_ahead {
            return Err(CeremonyError::Missing("token"));
        }
        let device = self.device(work.as_mut(), pending, now).await?;
        check_data(&device, &pending.init.data)?;
        if device.anchor.is_some_and(|known| known != anchor) {
            return Err(CeremonyError::OtherKey);
        }
        let known = work.credential(device.os_type, &pending.init.credential_id).await?;
        check_counters(known, &device, Some(counters))?;
        let used = ShipAheadUse { time: now, user: pending.user.clone(), device_id: device.id.clone() };
        if !work.use_ship_ahead(&pending.row.id, &used).await? {
            return Err(not_announced("the announcement was for one use and had it, or was taken back"));
        }
        let record = self.record(pending, &device, platform, now);
        pending.basis.keep(work.as_mut()).await?;
        work.insert_evidence(&record).await?;
        let event = self.core.event(EventKind::SHIP_AHEAD_USE, &pending.by).about(&pending.row.id);
        let event = event.about_device(&device, &pending.init.credential_id);
        work.append_event(&event.with_details(json!({"standing": pending.row.standing}))).await?;
        let certificate = pending.tpm.certificate.as_ref();
        let credential = Credential {
            id: pending.init.credential_id.clone(),
            device_id: device.id.clone(),
            os_type: device.os_type,
            public_key_der: Vec::new(),
            tier: pending.tier,
            ekcert_serial: certificate.map(|certificate| certificate.serial()).unwrap_or_default(),
            ak_public: pending.tpm.ak.bytes().to_vec(),
            user: pending.user.clone(),
            created: now,
            last_used: now,
            counters: Some(counters),
        };
        let verdict = match pending.tier {
            AttestationTier::TpmEkcertTrusted => EkVerdictCode::TRUSTED,
            _ => EkVerdictCode::NONE,
        };
        let binding = Binding {
            user: &pending.user,
            by: &pending.by,
            data: &pending.init.data,
            credential,
            anchor,
            record: &record,
            ek: Some(device_ek(&device.id, certificate, &pending.tpm.sent, verdict, now)),
            review: None,
        };
        self.core.write_enrolment(work, device, binding, now).await
    }

    /// The registered device with this tag, if this user may enrol it; else a new one.
    async fn device(
        &self,
        work: &mut dyn UnitOfWork,
        pending: &PendingAnnounced,
        now: Timestamp,
    ) -> Result<Device, CeremonyError> {
        let data = &pending.init.data;
        let tag =
            AssetTag::try_from(data.serial_number.as_str()).map_err(|_| CeremonyError::SerialUnusable)?;
        let held = match work.device_by_tag(data.os_type, &tag.normalised()).await? {
            Some(device) => work.device_and_alarm_for_update(&device.id).await?,
            None => None,
        };
        if let Some((device, alarm)) = held {
            if let Some(lock) = work.lock_in_force(None, &[], Some(&device.id), now).await? {
                return Err(CeremonyError::Locked(lock.target_text()));
            }
            if alarm.is_some() {
                return Err(CeremonyError::CountersWentBack);
            }
            let judged = may_auto_enroll(work, &device, data, &pending.user).await?;
            judged.map_err(|refusal| not_announced(refusal.as_str()))?;
            return Ok(device);
        }
        let device = Device {
            id: self.core.new_id(),
            os_type: data.os_type,
            asset_tag: tag,
            created: now,
            updated: now,
            enroll_status: EnrollStatus::NotEnrolled,
            owner: pending.row.owner.clone(),
            source: None,
            profile: None,
            anchor: None,
            last_authenticated: None,
        };
        work.insert_device(&device).await.map_err(|error| match error {
            crate::ports::StoreError::Conflict { .. } => CeremonyError::DeviceChanged,
            other => other.into(),
        })?;
        let created = self.core.event(EventKind::DEVICE_CREATE, &pending.by).about_device(&device, "");
        work.append_event(&created.with_details(json!({"ship_ahead": pending.row.id}))).await?;
        Ok(device)
    }

    fn record(
        &self,
        pending: &PendingAnnounced,
        device: &Device,
        platform: &gatehouse_model::tpm::PlatformParameters,
        now: Timestamp,
    ) -> Evidence {
        let mut record =
            evidence::blank(&self.core, device, &pending.user, &pending.init.credential_id, &pending.nonce);
        record.time = now;
        record.tier = pending.tier;
        record.findings.clone_from(&pending.findings);
        record.basis = Some(pending.basis.hash());
        record.ek_public = pending.tpm.ek.spki_der().to_vec();
        record.ek_certificate = pending
            .tpm
            .certificate
            .as_ref()
            .map(|certificate| certificate.der().to_vec())
            .unwrap_or_default();
        record.intermediates = pending.tpm.sent.concat();
        if let DeviceKey::Tpm { ak, .. } = &pending.init.key {
            record.ak = ak.clone();
        }
        record.platform = platform.clone();
        record
    }

    /// Writes a refusal into the audit log: with the reason, which the caller is not told.
    async fn refuse(
        &self,
        by: &Attribution,
        credential_id: &str,
        error: CeremonyError,
    ) -> Result<CeremonyError, CeremonyError> {
        let reason = match &error {
            CeremonyError::NotAnnounced(why) => (*why).to_owned(),
            other => other.to_string(),
        };
        let event =
            self.core.event(EventKind::DEVICE_ENROLL, by).about(gatehouse_model::clean_label(credential_id));
        let event = event.with_details(json!({"ship_ahead": true}));
        self.core.append_alone(&event.failed(EventKind::DEVICE_ENROLL, error.code(), reason)).await?;
        Ok(error)
    }
}

/// What a row demands beside the TPM.
fn check_row(row: &ShipAhead, user: &str, serial: &str) -> Result<(), CeremonyError> {
    if !row.standing && row.uses > 0 {
        return Err(not_announced("the announcement was for one use and had it"));
    }
    if row.owner.as_deref().is_some_and(|owner| owner != user) {
        return Err(not_announced("the TPM was announced for another user"));
    }
    let same = |tag: &str| tag.trim().to_lowercase() == serial.trim().to_lowercase();
    if row.asset_tag.as_deref().is_some_and(|tag| !same(tag)) {
        return Err(not_announced("the TPM was announced for another asset tag"));
    }
    Ok(())
}
