//! Which devices a CA covers, before it is allowed or no longer is. EK certificates are verified for it, not only compared by
//! name; how many, is bounded.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use gatehouse_attestation::{AllowedCas, CaFacts, ChainPolicy, EkCertificate, Intermediates, verify_ek_path};
use gatehouse_model::{EkVendors, EnrollStatus, OsType, Timestamp};

use super::EkTrust;
use super::allow_list::{AllowList, CaEntry, EkCaError, EkCas, certificates_of};
use crate::authz::{ForeseePreference, Grant};
use crate::entity::{DeviceEk, Digest, EkOfDevice, EkVerdictCode};
use crate::ports::{StoreError, UnitOfWork};

/// EK certificates that one look verifies.
const MAX_JUDGED: usize = 1000;
/// Names that one CA's certificates may bear, below it.
const MAX_NAMES: usize = 256;
/// Devices that are named.
const NAMED: usize = 20;

/// Devices that a CA covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub enrolled: usize,
    /// Registered, and known by an attempt to enrol.
    pub registered: usize,
    /// The first of them.
    pub devices: Vec<CoveredDevice>,
    /// There are more devices than one look verifies: the numbers are of those that were.
    pub is_partial: bool,
}

/// A device that a CA covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredDevice {
    pub id: String,
    pub asset_tag: String,
    pub os_type: OsType,
    pub is_enrolled: bool,
}

/// What allowing CAs would do.
#[derive(Clone, Debug)]
pub struct AddPreview {
    pub cas: Vec<CaPreview>,
    /// Of the preference: what the change starts from.
    pub revision: String,
    /// Nothing was verified so far.
    pub turns_on: bool,
}

/// One CA of a preview.
#[derive(Clone, Debug)]
pub struct CaPreview {
    pub entry: CaEntry,
    pub is_listed: bool,
    pub coverage: Coverage,
}

/// What allowing CAs no longer would do.
#[derive(Clone, Debug)]
pub struct RemovePreview {
    pub cas: Vec<CaEntry>,
    /// Devices that could enrol now and could not then.
    pub lost: Coverage,
    pub revision: String,
    /// Nothing would be verified any more.
    pub turns_off: bool,
}

/// The EK of a device as it is kept. `sent` came with the certificate.
pub(crate) fn device_ek(
    device_id: &str,
    certificate: Option<&EkCertificate>,
    sent: &[Vec<u8>],
    verdict: &str,
    now: Timestamp,
) -> DeviceEk {
    let issuer_key = certificate.map(EkCertificate::issuer_key).unwrap_or_default();
    let above = certificate.map(|leaf| Intermediates::from_device(sent).above(leaf)).unwrap_or_default();
    DeviceEk {
        device_id: device_id.to_owned(),
        certificate: certificate.map(|leaf| leaf.der().to_vec()).unwrap_or_default(),
        top_key: above.last().map_or(issuer_key, |top| top.issuer_key),
        intermediates: above.into_iter().flat_map(|facts| facts.der).collect(),
        issuer_key,
        verdict: EkVerdictCode(verdict.to_owned()),
        updated: now,
    }
}

impl DeviceEk {
    /// The certificates that came with it, DER.
    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        gatehouse_attestation::certificates_in(&self.intermediates).unwrap_or_default()
    }

    /// How it is judged: the stable word of [`EkVerdictCode`], or of the refusal.
    pub(crate) fn judged(&self, trust: &EkTrust, now: Timestamp) -> EkVerdictCode {
        let code = match (self.certificate.is_empty(), EkCertificate::parse(&self.certificate)) {
            (true, _) if self.verdict.0 == EkVerdictCode::NO_EVIDENCE => EkVerdictCode::NO_EVIDENCE,
            (true, _) => EkVerdictCode::MISSING,
            (false, Err(error)) => error.code(),
            (false, Ok(leaf)) => match trust.judge(&leaf, &self.sent(), now) {
                Ok(path) if path.findings.iter().any(|finding| finding.lowers_tier) => {
                    EkVerdictCode::LOWER_TIER
                }
                Ok(_) => EkVerdictCode::TRUSTED,
                Err(error) => error.code(),
            },
        };
        EkVerdictCode(code.to_owned())
    }
}

impl EkCas {
    /// What allowing the CAs of a file or of pasted text would do.
    ///
    /// # Errors
    /// What is no certificate of a CA.
    pub async fn preview_add(
        &self,
        _grant: &Grant<ForeseePreference>,
        bytes: &[u8],
    ) -> Result<AddPreview, EkCaError> {
        let ders = certificates_of(bytes).map_err(EkCaError::Certificates)?;
        let document = self.preference.document().await?;
        let list = AllowList::of(&document.effective).map_err(EkCaError::AllowedCas)?;
        let mut new = AllowedCas::default();
        for der in &ders {
            new.add(der).map_err(|reason| EkCaError::Certificates(reason.to_string()))?;
        }
        let (new, now) = (new.facts(), self.core.now());
        let known: Vec<CaFacts> = list.cas().iter().chain(&new).cloned().collect();
        let linking = Intermediates::from_ders(known.iter().map(|facts| &facts.der));
        let mut work = self.core.read().await?;
        let mut names = Below::new(&known);
        let mut budget = MAX_JUDGED;
        let mut cas = Vec::new();
        for facts in new {
            let (eks, is_partial) = names.of(work.as_mut(), &[&facts], budget).await?;
            budget = budget.saturating_sub(eks.len());
            let mut anchor = AllowedCas::default();
            let covers = if anchor.add(&facts.der).is_ok() {
                covered(eks, anchor, linking.clone(), document.effective.ekcert_policy, now).await
            } else {
                Vec::new()
            };
            cas.push(CaPreview {
                is_listed: list.cas().iter().any(|listed| listed.sha256 == facts.sha256),
                coverage: Coverage::of(covers, is_partial),
                entry: CaEntry::new(facts, now),
            });
        }
        Ok(AddPreview {
            cas,
            turns_on: list.cas().is_empty() && document.effective.ekcert_allowed_vendors.is_empty(),
            revision: document.revision,
        })
    }

    /// What allowing CAs no longer would do.
    ///
    /// # Errors
    /// Fingerprints that name none or several.
    pub async fn preview_remove(
        &self,
        _grant: &Grant<ForeseePreference>,
        fingerprints: &[String],
    ) -> Result<RemovePreview, EkCaError> {
        if fingerprints.is_empty() {
            return Err(EkCaError::Nothing);
        }
        let document = self.preference.document().await?;
        let effective = &document.effective;
        let now = self.core.now();
        let mut list = AllowList::of(effective).map_err(EkCaError::AllowedCas)?;
        let known = list.cas().to_vec();
        let removed = list.remove(fingerprints)?;
        let trust_of =
            |pems: &[String]| EkTrust::new(pems, &effective.ekcert_allowed_vendors, effective.ekcert_policy);
        let before = trust_of(&effective.ekcert_allowed_cas).map_err(EkCaError::AllowedCas)?;
        let after = trust_of(&list.pems()).map_err(EkCaError::AllowedCas)?;
        let tops: Vec<&CaFacts> = removed.iter().collect();
        let mut work = self.core.read().await?;
        let (eks, is_partial) = Below::new(&known).of(work.as_mut(), &tops, MAX_JUDGED).await?;
        drop(work);
        let lost = tokio::task::spawn_blocking(move || {
            let is_lost = |found: &EkOfDevice| {
                found
                    .ek
                    .as_ref()
                    .is_some_and(|ek| !ek.judged(&before, now).fails() && ek.judged(&after, now).fails())
            };
            eks.into_iter().filter(is_lost).collect::<Vec<_>>()
        });
        Ok(RemovePreview {
            cas: removed.into_iter().map(|facts| CaEntry::new(facts, now)).collect(),
            lost: Coverage::of(lost.await.unwrap_or_default(), is_partial),
            turns_off: list.cas().is_empty() && effective.ekcert_allowed_vendors == EkVendors::default(),
            revision: document.revision,
        })
    }
}

impl Coverage {
    fn of(found: Vec<EkOfDevice>, is_partial: bool) -> Self {
        let enrolled = found.iter().filter(|one| one.enroll_status == EnrollStatus::Enrolled).count();
        Self {
            enrolled,
            registered: found.len().saturating_sub(enrolled),
            is_partial,
            devices: found.into_iter().take(NAMED).map(CoveredDevice::of).collect(),
        }
    }
}

impl CoveredDevice {
    pub(super) fn of(found: EkOfDevice) -> Self {
        Self {
            id: found.device_id,
            asset_tag: found.asset_tag.to_string(),
            os_type: found.os_type,
            is_enrolled: found.enroll_status == EnrollStatus::Enrolled,
        }
    }
}

/// Those that have a path to the anchor.
async fn covered(
    eks: Vec<EkOfDevice>,
    anchor: AllowedCas,
    linking: Intermediates,
    policy: ChainPolicy,
    now: Timestamp,
) -> Vec<EkOfDevice> {
    let has_path = move |found: &EkOfDevice| {
        let Some(ek) = &found.ek else { return false };
        let Ok(leaf) = EkCertificate::parse(&ek.certificate) else { return false };
        let sent = Intermediates::from_device(ek.sent());
        verify_ek_path(&leaf, &anchor, &[&sent, &linking], &policy, now).is_ok()
    };
    // Signatures take a while; others are served meanwhile.
    let judged = tokio::task::spawn_blocking(move || eks.into_iter().filter(has_path).collect::<Vec<_>>());
    judged.await.unwrap_or_default()
}

/// Finds EKs by the names in their certificates; what was asked once is not asked again.
struct Below {
    /// Names of CAs by the names of their issuers.
    children: HashMap<Digest, Vec<Digest>>,
    found: HashMap<Digest, Vec<EkOfDevice>>,
}

impl Below {
    fn new(known: &[CaFacts]) -> Self {
        let mut children: HashMap<Digest, Vec<Digest>> = HashMap::new();
        for ca in known.iter().filter(|ca| ca.issuer_key != ca.subject_key) {
            children.entry(ca.issuer_key).or_default().push(ca.subject_key);
        }
        Self { children, found: HashMap::new() }
    }

    /// EKs whose certificates may lead to one of the CAs; whether there are more.
    async fn of(
        &mut self,
        work: &mut dyn UnitOfWork,
        tops: &[&CaFacts],
        limit: usize,
    ) -> Result<(Vec<EkOfDevice>, bool), StoreError> {
        let mut names: BTreeSet<Digest> = tops.iter().map(|top| top.subject_key).collect();
        let mut open: Vec<Digest> = names.iter().copied().collect();
        while let Some(name) = open.pop() {
            for child in self.children.get(&name).into_iter().flatten() {
                if names.len() < MAX_NAMES && names.insert(*child) {
                    open.push(*child);
                }
            }
        }
        let mut eks: BTreeMap<String, EkOfDevice> = BTreeMap::new();
        let mut is_partial = names.len() >= MAX_NAMES;
        for name in names {
            // Certificates take room: what many names have is forgotten again.
            if self.found.values().map(Vec::len).sum::<usize>() > 2 * MAX_JUDGED {
                self.found.clear();
            }
            let named = match self.found.entry(name) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let one_more = i64::try_from(MAX_JUDGED.saturating_add(1)).unwrap_or(i64::MAX);
                    unknown.insert(work.eks_issued_by(&name, one_more).await?)
                }
            };
            for one in named {
                if eks.contains_key(&one.device_id) {
                    continue;
                }
                if eks.len() >= limit {
                    is_partial = true;
                    break;
                }
                eks.insert(one.device_id.clone(), one.clone());
            }
        }
        Ok((eks.into_values().collect(), is_partial))
    }
}
