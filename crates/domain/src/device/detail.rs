//! One device with everything that hangs on it, for its page.

use gatehouse_attestation::{
    BootChange, BootState, EkCertificate, EkPublic, boot_changes, boot_state, vendor_name,
};
use gatehouse_model::{AttestationTier, OsType, Timestamp, clean_label};

use super::history::{HistoryEntry, history};
use super::{DeviceError, Inventory};
use crate::authz::{Grant, ListEvents, ReadDevice};
use crate::entity::{
    ACCEPTED_IN_REVIEW, AuditFilter, Credential, Device, Digest, EkFinding, EnrollToken, Evidence, Lock,
    RecordKind, StoredEvent, TokenFilter,
};
use crate::ports::{StoreError, UnitOfWork};

/// Most tokens and events that come with one device.
const SHOWN: i64 = 10;

/// A device's page.
#[derive(Clone, Debug)]
pub struct DeviceDetail {
    pub device: Device,
    /// Since when the counters of its TPM are known to have gone back, until an admin accepts it.
    pub counter_alarm: Option<Timestamp>,
    pub users: Vec<String>,
    /// Used last first.
    pub keys: Vec<KeyDetail>,
    /// Newest first.
    pub history: Vec<HistoryEntry>,
    /// Newest first, ended ones too; at most ten.
    pub tokens: Vec<EnrollToken>,
    pub more_tokens: bool,
    /// Those in force, newest first.
    pub locks: Vec<Lock>,
    /// Newest first, at most ten; absent where the caller may not read the audit log.
    pub events: Option<Vec<StoredEvent>>,
    /// Absent where the device never attested its platform.
    pub boot: Option<BootDetail>,
    /// The moment that all of this is of.
    pub now: Timestamp,
}

/// A key that is bound to the device.
#[derive(Clone, Debug)]
pub struct KeyDetail {
    pub credential: Credential,
    /// Why the tier is what it is, in words.
    pub reason: String,
    /// What is remarkable about its EK certificate, and was put up with.
    pub findings: Vec<EkFinding>,
    /// What it was enrolled with; absent for Secure Enclave keys, and where the evidence has passed its retention.
    pub tpm: Option<TpmDetail>,
}

/// A TPM as it showed itself at an enrolment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TpmDetail {
    /// `RSA-2048` and so on.
    pub ek_kind: Option<String>,
    pub certificate: Option<EkCertificateDetail>,
}

/// What an EK certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EkCertificateDetail {
    /// The maker's name, or its identifier where it has none in the registry.
    pub maker: Option<String>,
    /// The identifier of the TCG's registry, `IFX` or `INTC`.
    pub maker_id: Option<String>,
    pub model: Option<String>,
    /// As in the certificate: hexadecimal.
    pub firmware: Option<String>,
    pub issuer: String,
    pub serial: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

/// How the device booted when it attested last.
#[derive(Clone, Debug)]
pub struct BootDetail {
    pub kind: RecordKind,
    pub user: String,
    pub time: Timestamp,
    /// Since when attestations have been the same.
    pub since: Timestamp,
    pub state: BootState,
    /// Tells this boot from others.
    pub fingerprint: Digest,
    /// The boot that was good last, if this one has drifted.
    pub good: Option<GoodBoot>,
}

/// A boot that counted as good, and what has changed since.
#[derive(Clone, Debug)]
pub struct GoodBoot {
    /// Of its last attestation.
    pub time: Timestamp,
    /// The clearest first.
    pub changes: Vec<BootChange>,
}

impl Inventory {
    /// One device with everything that hangs on it; its audit trail for those who may read the log.
    ///
    /// # Errors
    /// No such device.
    pub async fn detail(
        &self,
        _grant: &Grant<ReadDevice>,
        events: Option<&Grant<ListEvents>>,
        id: &str,
    ) -> Result<DeviceDetail, DeviceError> {
        let now = self.core.now();
        let mut work = self.core.read().await?;
        let (device, counter_alarm) =
            work.device_and_alarm(id).await?.ok_or_else(|| DeviceError::NotFound(clean_label(id)))?;
        let mut keys = Vec::new();
        let mut enrolled_boot = None;
        for credential in work.credentials_of_device(id).await? {
            let evidence = work.evidence_of_credential(id, &credential.id).await?;
            if enrolled_boot.is_none() {
                enrolled_boot = evidence.as_ref().and_then(boot_of_enrolment);
            }
            keys.push(key_detail(credential, evidence.as_ref()));
        }
        let boot = boot_of(work.as_mut(), &device).await?.or(enrolled_boot);
        let filter = TokenFilter { device_id: Some(id.to_owned()), active_at: None };
        let mut tokens = work.enroll_tokens(&filter, None, SHOWN + 1).await?;
        let more_tokens = i64::try_from(tokens.len()).is_ok_and(|len| len > SHOWN);
        tokens.truncate(usize::try_from(SHOWN).unwrap_or_default());
        let mut locks = work.locks_of_device(id).await?;
        locks.retain(|lock| lock.in_force(now));
        let events = match events {
            Some(_) => Some(events_of(work.as_mut(), id).await?),
            None => None,
        };
        Ok(DeviceDetail {
            users: work.device_users(id).await?,
            history: history(&work.collected(id).await?),
            device,
            counter_alarm,
            keys,
            tokens,
            more_tokens,
            locks,
            events,
            boot,
            now,
        })
    }
}

async fn events_of(work: &mut dyn UnitOfWork, id: &str) -> Result<Vec<StoredEvent>, DeviceError> {
    let filter = AuditFilter { device_id: Some(id.to_owned()), ..AuditFilter::default() };
    Ok(work.events(&filter, SHOWN).await?)
}

/// How a device booted last, beside the last good boot.
pub(super) async fn boot_of(
    work: &mut dyn UnitOfWork,
    device: &Device,
) -> Result<Option<BootDetail>, StoreError> {
    let Some(record) = work.boot(&device.id).await? else { return Ok(None) };
    let good = work.good_boot(&device.id).await?.map(|good| GoodBoot {
        time: good.time,
        changes: boot_changes(device.os_type, &good.platform, &record.platform),
    });
    Ok(Some(BootDetail {
        state: boot_state(&record.platform),
        kind: record.kind,
        user: record.user,
        time: record.time,
        since: record.since,
        fingerprint: record.fingerprint,
        good,
    }))
}

/// For devices that attested before boots were kept by themselves.
fn boot_of_enrolment(evidence: &Evidence) -> Option<BootDetail> {
    (!evidence.platform.pcrs.is_empty()).then(|| BootDetail {
        kind: evidence.kind,
        user: evidence.user.clone(),
        time: evidence.time,
        since: evidence.time,
        state: boot_state(&evidence.platform),
        fingerprint: Digest::default(),
        good: None,
    })
}

fn key_detail(credential: Credential, evidence: Option<&Evidence>) -> KeyDetail {
    let certificate = evidence
        .filter(|evidence| !evidence.ek_certificate.is_empty())
        .and_then(|evidence| EkCertificate::parse(&evidence.ek_certificate).ok());
    let tpm = evidence.filter(|evidence| !evidence.ek_public.is_empty()).map(|evidence| TpmDetail {
        ek_kind: EkPublic::from_spki_der(&evidence.ek_public).ok().map(|ek| ek.kind().to_string()),
        certificate: certificate.as_ref().map(EkCertificateDetail::of),
    });
    let issuer = certificate.as_ref().map(EkCertificate::issuer);
    let findings = evidence.map(|evidence| evidence.findings.clone()).unwrap_or_default();
    let accepted = findings.iter().find(|finding| finding.code == ACCEPTED_IN_REVIEW);
    let reason = match accepted {
        Some(accepted) => format!(
            "The TPM proved that it holds the endorsement key of its certificate. The CA of that certificate was not among \
             the cluster's EKCert CAs; {} let the device in after a review.",
            accepted.about
        ),
        None => tier_reason(credential.tier, credential.os_type, issuer.as_deref()),
    };
    KeyDetail { reason, credential, tpm, findings }
}

impl EkCertificateDetail {
    pub(crate) fn of(certificate: &EkCertificate) -> Self {
        let tpm = certificate.tpm();
        let maker_id = tpm.manufacturer.clone();
        Self {
            maker: maker_id.as_ref().map(|id| vendor_name(id).map_or_else(|| id.clone(), str::to_owned)),
            maker_id,
            model: tpm.model.clone(),
            firmware: tpm.firmware_version.clone(),
            issuer: certificate.issuer(),
            serial: certificate.serial(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        }
    }
}

/// Why a key has its tier.
fn tier_reason(tier: AttestationTier, os: OsType, issuer: Option<&str>) -> String {
    let issued = issuer.map(|issuer| format!(", issued by \"{issuer}\"")).unwrap_or_default();
    match tier {
        AttestationTier::TpmEkcertTrusted => format!(
            "The TPM proved that it holds the endorsement key of its certificate{issued}, and that certificate \
             chained to one of the cluster's EKCert CAs when the device was enrolled."
        ),
        AttestationTier::TpmEkcert => format!(
            "The TPM proved that it holds the endorsement key of its certificate{issued}. Nobody checked who issued \
             it, because the cluster had no EKCert CAs when the device was enrolled: software can make such a \
             certificate too. To verify it, add the maker's CA to the EKCert CAs and enrol the device again."
        ),
        AttestationTier::TpmEkpub => {
            "The TPM proved that it holds its endorsement key, but it came without a \
             certificate of its maker: nobody vouches that the key is in a TPM and not in software."
                .to_owned()
        }
        AttestationTier::BareKey if os == OsType::Macos => {
            "The device proved that it holds its key. macOS keeps such \
             keys in the Secure Enclave, but gives no attestation that says so."
                .to_owned()
        }
        AttestationTier::BareKey => {
            "The device proved that it holds its key; nothing attests where the key is kept.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_has_a_reason_that_names_the_issuer_where_there_is_one() {
        let reason = |tier| tier_reason(tier, OsType::Linux, Some("CN=Example"));
        assert!(reason(AttestationTier::TpmEkcertTrusted).contains("issued by \"CN=Example\""));
        assert!(reason(AttestationTier::TpmEkcert).contains("Nobody checked"));
        assert!(reason(AttestationTier::TpmEkpub).contains("without a certificate"));
        assert!(!reason(AttestationTier::BareKey).contains("macOS"));
        assert!(tier_reason(AttestationTier::BareKey, OsType::Macos, None).contains("Secure Enclave"));
        assert!(!tier_reason(AttestationTier::TpmEkcert, OsType::Linux, None).contains("issued by"));
    }
}
