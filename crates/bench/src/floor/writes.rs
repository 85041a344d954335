//! The durable writes of the ceremonies: the same rows in the same commits, and nothing read.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use gatehouse_attestation::EkCertificate;
use gatehouse_domain::entity::{
    AuditEvent, CHALLENGE_SECS, CollectedRecord, Counters, Credential, Device, DeviceMetadata, EnrollToken,
    Evidence, RecordKind, Session, SessionDevice, SessionKind, TokenPurpose, User,
};
use gatehouse_domain::ports::{CertificateRequest, Clock, Random, Store, uuid_v7};
use gatehouse_model::resource::UserKind;
use gatehouse_model::tpm::PlatformParameters;
use gatehouse_model::{AssetTag, AttestationTier, EnrollStatus, OsType, Timestamp};
use gatehouse_server::foundation::Foundation;

use crate::device::{SoftDevice, collected};

/// Authentication records that are kept of a device.
const KEPT_RECORDS: i64 = 10;
/// SHA-256 of an EK takes so many bytes; here each device has another.
const ANCHOR_BYTES: usize = 32;

/// Writes into a database like the server's.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    user: String,
    session_id: String,
}

/// A device with what its ceremonies write.
pub(super) struct Bound {
    pub(super) device: Device,
    token: EnrollToken,
    credential: Credential,
    evidence: Evidence,
}

impl Bound {
    /// Fills in what the enrolment has shown.
    pub(super) fn describe(
        &mut self,
        tpm: &SoftDevice,
        certificate: &EkCertificate,
        nonce: &[u8],
        platform: PlatformParameters,
    ) {
        self.credential.ekcert_serial = certificate.serial();
        self.evidence.nonce = nonce.to_vec();
        self.evidence.ek_public = certificate.ek().spki_der().to_vec();
        self.evidence.ek_certificate = certificate.der().to_vec();
        self.evidence.ak = tpm.parameters.clone();
        self.evidence.platform = platform;
    }
}

impl Writer {
    /// Adds the user and the session.
    pub(super) async fn new(foundation: &Foundation, request: &CertificateRequest) -> Result<Self> {
        let now = foundation.clock.now();
        let mut work = foundation.store.begin().await?;
        work.insert_user(&User {
            name: request.user.clone(),
            kind: UserKind::Human,
            roles: request.roles.clone(),
            logins: request.logins.clone(),
            password_hash: None,
            totp_last_step: 0,
            created: now,
            updated: now,
        })
        .await?;
        work.insert_session(&Session {
            id: request.session_id.clone(),
            kind: SessionKind::Cli,
            cookie_hash: None,
            user: request.user.clone(),
            created: now,
            last_seen: now,
            expires: request.not_after,
            ended: None,
            factor_time: now,
            device: None,
            remote_address: "127.0.0.1:50000".to_owned(),
            user_agent: String::new(),
            rights: None,
        })
        .await?;
        work.commit().await?;
        Ok(Self {
            store: Arc::clone(&foundation.store),
            random: Arc::clone(&foundation.random),
            clock: Arc::clone(&foundation.clock),
            user: request.user.clone(),
            session_id: request.session_id.clone(),
        })
    }

    /// Registers a device with a token for each TPM.
    pub(super) async fn register(&self, os: OsType, tpms: &[SoftDevice]) -> Result<Vec<Bound>> {
        let mut work = self.store.begin().await?;
        let mut registered = Vec::with_capacity(tpms.len());
        for (number, tpm) in tpms.iter().enumerate() {
            let bound = self.bound(os, &format!("BENCH{number:06}"), tpm)?;
            work.insert_device(&bound.device).await?;
            work.insert_enroll_token(&bound.token).await?;
            registered.push(bound);
        }
        work.commit().await?;
        Ok(registered)
    }

    fn bound(&self, os: OsType, serial: &str, tpm: &SoftDevice) -> Result<Bound> {
        let now = self.clock.now();
        let device = Device {
            id: self.id(),
            os_type: os,
            asset_tag: AssetTag::try_from(serial).context("naming a device")?,
            created: now,
            updated: now,
            enroll_status: EnrollStatus::NotEnrolled,
            owner: None,
            source: None,
            profile: None,
            anchor: None,
            last_authenticated: None,
        };
        let mut hash = [0; 32];
        self.random.fill(&mut hash);
        let token = EnrollToken {
            id: self.id(),
            hash,
            device_id: device.id.clone(),
            purpose: TokenPurpose::Admin,
            created_by: self.user.clone(),
            note: String::new(),
            bound_user: None,
            created: now,
            expires: now.plus_secs(3600),
            challenges: 0,
            open_challenge: None,
            spent: None,
            revoked: None,
        };
        let credential = Credential {
            id: tpm.ak_credential_id().to_owned(),
            device_id: device.id.clone(),
            os_type: os,
            public_key_der: Vec::new(),
            tier: AttestationTier::TpmEkcert,
            ekcert_serial: String::new(),
            ak_public: tpm.parameters.public.clone(),
            user: self.user.clone(),
            created: now,
            last_used: now,
            counters: Some(Counters { reset_count: 1, restart_count: 0, clock: 60_000 }),
        };
        let evidence = Evidence {
            id: self.id(),
            device_id: device.id.clone(),
            user: self.user.clone(),
            kind: RecordKind::Enroll,
            time: now,
            verdict: "success".to_owned(),
            credential_id: credential.id.clone(),
            nonce: Vec::new(),
            ek_public: Vec::new(),
            ek_certificate: Vec::new(),
            ak: tpm.parameters.clone(),
            platform: PlatformParameters::default(),
            intermediates: Vec::new(),
            basis: None,
            device_key: Vec::new(),
            signature: Vec::new(),
            tier: AttestationTier::TpmEkcert,
            findings: Vec::new(),
        };
        Ok(Bound { device, token, credential, evidence })
    }

    pub(super) async fn remove(&self, bound: &[Bound]) -> Result<()> {
        let mut work = self.store.begin().await?;
        for one in bound {
            work.delete_device(&one.device.id).await?;
        }
        Ok(work.commit().await?)
    }

    /// The two commits of an enrolment: the challenge, then everything else.
    pub(super) async fn enrolment(&self, bound: &mut Bound) -> Result<()> {
        let now = self.clock.now();
        let challenge = self.id();
        let mut work = self.store.act().await?;
        if !work.open_challenge(&bound.token.id, &challenge, now, now.plus_secs(-CHALLENGE_SECS)).await? {
            bail!("the floor's token opens no challenge");
        }
        drop(work);

        let now = self.clock.now();
        let mut work = self.store.begin().await?;
        if !work.spend_enroll_token(&bound.token.id, &challenge, now).await? {
            bail!("the floor's token cannot be spent");
        }
        let mut anchor = [0; ANCHOR_BYTES];
        self.random.fill(&mut anchor);
        let device = &mut bound.device;
        device.anchor = Some(anchor);
        device.enroll_status = EnrollStatus::Enrolled;
        device.owner = Some(self.user.clone());
        device.updated = now;
        work.add_device_user(&device.id, &self.user, now).await?;
        work.add_collected(&device.id, &record(RecordKind::Enroll, device, now)).await?;
        work.insert_evidence(&bound.evidence).await?;
        let mut spent = self.event("device.token.spent", "TV004I", bound);
        spent.target.clone_from(&bound.token.id);
        work.append_event(&spent).await?;
        let mut enrolled = self.event("device.enroll", "TV005I", bound);
        enrolled.details = serde_json::json!({"tier": "tpm_ekcert", "evidence": bound.evidence.id});
        work.append_event(&enrolled).await?;
        Ok(work.commit_enrolment(&bound.device, &bound.credential).await?)
    }

    /// The one commit of an authentication.
    pub(super) async fn authentication(&self, bound: &mut Bound) -> Result<()> {
        let now = self.clock.now();
        let mut work = self.store.begin().await?;
        let device = &mut bound.device;
        let trusted = SessionDevice {
            device_id: device.id.clone(),
            asset_tag: device.asset_tag.to_string(),
            credential_id: bound.credential.id.clone(),
            since: now,
            tier: Some(bound.credential.tier),
            until: None,
            confirmed_by: None,
        };
        if !work.set_session_device(&self.session_id, Some(&trusted)).await? {
            bail!("the floor's session has ended");
        }
        bound.credential.last_used = now;
        device.last_authenticated = Some(now);
        work.record_use(device, &bound.credential).await?;
        work.add_collected(&device.id, &record(RecordKind::Authenticate, device, now)).await?;
        work.trim_collected(&device.id, KEPT_RECORDS).await?;
        let mut event = self.event("device.authenticate", "TV006I", bound);
        event.details = serde_json::json!({"clock_went_back": false});
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }

    /// An event as long as the server's.
    fn event(&self, event: &str, code: &str, bound: &Bound) -> AuditEvent {
        let device = &bound.device;
        AuditEvent {
            uid: self.id(),
            time: self.clock.now(),
            event: event.to_owned(),
            code: code.to_owned(),
            cluster_name: "localhost".to_owned(),
            user: self.user.clone(),
            user_kind: Some(1),
            success: true,
            error: String::new(),
            reason: String::new(),
            message: String::new(),
            device: Some(DeviceMetadata::new(
                &device.id,
                device.os_type,
                device.asset_tag.as_str(),
                &bound.credential.id,
            )),
            trusted_device: None,
            session_id: self.session_id.clone(),
            request_id: self.id(),
            remote_address: "127.0.0.1:50000".to_owned(),
            target: String::new(),
            details: serde_json::Value::Null,
        }
    }

    fn id(&self) -> String {
        uuid_v7(self.clock.now(), &*self.random)
    }
}

fn record(kind: RecordKind, device: &Device, now: Timestamp) -> CollectedRecord {
    let mut data = collected(device.os_type, device.asset_tag.as_str());
    data.record_time = Some(now);
    CollectedRecord { kind, data }
}
