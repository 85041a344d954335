//! What enrolments were judged by, taken out of the server.

use std::sync::Arc;

use gatehouse_attestation::{
    CasOfEvidence, ChainPolicy, EvidenceBundle, EvidenceFile, Leniency, MAX_SENT_CERTIFICATES,
    certificate_chain,
};
use gatehouse_model::{ErrorKind, Timestamp, clean_label};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::audit::EventKind;
use crate::authz::{ExportEvidence, Grant};
use crate::ceremony::basis_of;
use crate::cluster::Preference;
use crate::entity::{Digest, Evidence, EvidenceBasis, EvidenceRules};
use crate::ports::{StoreError, UnitOfWork};
use crate::{Core, Decision};

/// The archive of evidence.
pub struct EvidenceArchive {
    core: Arc<Core>,
    preference: Preference,
}

/// A piece of evidence as files.
#[derive(Clone, Debug)]
pub struct ExportedEvidence {
    /// The manifest first.
    pub files: Vec<EvidenceFile>,
    /// SHA-256 of the manifest, which has that of each other file; in the audit log too.
    pub manifest_sha256: Digest,
}

/// Why evidence cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceExportError {
    #[error("there is no evidence of an enrolment of \"{0}\"")]
    NotFound(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for EvidenceExportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "evidence_not_found",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        matches!(self, Self::NotFound(_)).then(|| {
            "name a device that was enrolled, or the evidence in the details of an event: `tctl audit ls \
             --type=device.enroll --format=json`"
                .to_owned()
        })
    }
}

impl EvidenceArchive {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        Self { core, preference }
    }

    /// The evidence with this id, or of the last successful enrolment of the device with it. It is audited who took what.
    ///
    /// # Errors
    /// There is none; storage.
    pub async fn export(
        &self,
        grant: &Grant<ExportEvidence>,
        id: &str,
    ) -> Result<ExportedEvidence, EvidenceExportError> {
        let mut work = self.core.begin().await?;
        let found = match work.evidence_by_id(id).await? {
            Some(evidence) => Some(evidence),
            None => work.enrolment_evidence(id).await?,
        };
        let evidence = found.ok_or_else(|| EvidenceExportError::NotFound(clean_label(id)))?;
        let device = work.device(&evidence.device_id).await?;
        let then = match evidence.basis {
            Some(hash) => kept(work.as_mut(), &hash, evidence.time).await?,
            None => None,
        };
        let effective = self.preference.effective(work.as_mut()).await?;
        let now = with_cas(basis_of(&effective), self.core.now());
        let asset_tag = device.as_ref().map(|device| device.asset_tag.to_string()).unwrap_or_default();
        let evidence_id = evidence.id.clone();
        let files = bundle(evidence, asset_tag, then, now).files();
        let manifest = files.first().map(|file| file.content.as_slice()).unwrap_or_default();
        let manifest_sha256: Digest = Sha256::digest(manifest).into();
        let mut event =
            self.core.event(EventKind::DEVICE_EVIDENCE_EXPORT, grant.by()).about(&evidence_id).with_details(
                json!({"evidence": evidence_id, "manifest_sha256": hex::encode(manifest_sha256)}),
            );
        if let Some(device) = &device {
            event = event.about_device(device, "");
        }
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(ExportedEvidence { files, manifest_sha256 })
    }
}

fn bundle(
    evidence: Evidence,
    asset_tag: String,
    then: Option<CasOfEvidence>,
    now: CasOfEvidence,
) -> EvidenceBundle {
    let mut intermediates = certificate_chain(&[evidence.intermediates]);
    intermediates.truncate(MAX_SENT_CERTIFICATES);
    EvidenceBundle {
        id: evidence.id,
        device_id: evidence.device_id,
        asset_tag,
        user: evidence.user,
        time: evidence.time,
        verdict: evidence.verdict,
        tier: evidence.tier,
        findings: evidence.findings.into_iter().map(|finding| finding.code).collect(),
        credential_id: evidence.credential_id,
        nonce: evidence.nonce,
        ek_public: evidence.ek_public,
        ek_certificate: evidence.ek_certificate,
        intermediates,
        ak: evidence.ak,
        platform: evidence.platform,
        device_key: evidence.device_key,
        signature: evidence.signature,
        then,
        now,
    }
}

/// The rules and CAs that were kept; absent where they cannot be read any more.
async fn kept(
    work: &mut dyn UnitOfWork,
    hash: &Digest,
    at: Timestamp,
) -> Result<Option<CasOfEvidence>, StoreError> {
    let Some(body) = work.evidence_basis(hash).await? else { return Ok(None) };
    let corrupt = || StoreError::Corrupt { what: "basis of evidence".to_owned() };
    let rules: EvidenceRules = serde_json::from_str(&body).map_err(|_| corrupt())?;
    let mut cas = Vec::with_capacity(rules.cas.len());
    for sha256 in &rules.cas {
        let sha256 = hex::decode(sha256).ok().and_then(|bytes| Digest::try_from(bytes).ok());
        let der = work.evidence_ca(&sha256.ok_or_else(corrupt)?).await?;
        cas.push(der.ok_or_else(corrupt)?);
    }
    let policy = policy(&rules).ok_or_else(corrupt)?;
    Ok(Some(CasOfEvidence { at, policy, cas, vendors: rules.vendors }))
}

fn with_cas(basis: EvidenceBasis, at: Timestamp) -> CasOfEvidence {
    let rules: EvidenceRules = serde_json::from_str(&basis.body).unwrap_or_default();
    CasOfEvidence {
        at,
        policy: policy(&rules).unwrap_or_default(),
        cas: basis.cas.into_iter().map(|(_, der)| der).collect(),
        vendors: rules.vendors,
    }
}

fn policy(rules: &EvidenceRules) -> Option<ChainPolicy> {
    let word = |text: &str| text.parse::<Leniency>().ok();
    Some(ChainPolicy {
        sha1: word(&rules.sha1)?,
        expired_ca: word(&rules.expired_ca)?,
        expired_ek: word(&rules.expired_ek)?,
    })
}
