//! Which enrolled devices could not enrol today. Whatever changes, the EK certificates that are kept are judged anew, some at
//! a time, and what came of it is kept: a page only looks it up.

use gatehouse_attestation::{EkCertificate, certificates_in};
use gatehouse_model::EnrollStatus;

use super::allow_list::EkCas;
use super::coverage::{CoveredDevice, device_ek};
use super::trust::fingerprint;
use crate::authz::{Grant, ListDevices};
use crate::entity::{DeviceEk, EkJudgement, EkOfDevice, EkVerdictCode};
use crate::ports::{StoreError, UnitOfWork};

/// Devices that one unit of work judges, so that nobody waits for it long.
const AT_ONCE: i64 = 200;
const DAY: i64 = 86_400;

/// The EK of a device under way through the judgement.
struct Judged {
    is_enrolled: bool,
    ek: DeviceEk,
    /// It is not kept by itself yet.
    is_new: bool,
    has_changed: bool,
}

/// How far the judgement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgementProgress {
    /// Enrolled devices that are judged, and those of them that could not enrol today.
    pub judged: i64,
    pub failing: i64,
    pub enrolled: i64,
    pub is_done: bool,
}

/// Enrolled devices that could not enrol today, each with the stable word of why.
#[derive(Clone, Debug)]
pub struct FailingEks {
    /// None where nothing is verified at all.
    pub progress: Option<JudgementProgress>,
    pub devices: Vec<(CoveredDevice, String)>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl EkCas {
    /// Enrolled devices that could not enrol today, as far as they are judged.
    ///
    /// # Errors
    /// Storage.
    pub async fn failing(
        &self,
        _grant: &Grant<ListDevices>,
        after: &str,
        size: i64,
    ) -> Result<FailingEks, StoreError> {
        let mut work = self.core.read().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        if effective.ekcert_allowed_cas.is_empty() && effective.ekcert_allowed_vendors.is_empty() {
            return Ok(FailingEks { progress: None, devices: Vec::new(), next: None });
        }
        let revision = self.revision(&effective);
        let current = work.ek_judgement().await?.filter(|judgement| judgement.revision == revision);
        let (_, enrolled) = work.count_devices().await?;
        let judgement = current.unwrap_or_default();
        let is_done = judgement.finished.is_some();
        let failing = work.count_failing_eks().await?;
        // Whoever enrolled since was judged at once.
        let judged = judgement.judged.max(failing);
        let progress = JudgementProgress { judged, failing, enrolled, is_done };
        let size = size.clamp(1, 200);
        let mut found = work.failing_eks(after, size + 1).await?;
        let more = i64::try_from(found.len()).is_ok_and(|len| len > size);
        found.truncate(usize::try_from(size).unwrap_or_default());
        let next = found.last().filter(|_| more).map(|last| last.device_id.clone());
        let devices = found.into_iter().map(|one| {
            let code = one.ek.as_ref().map(|ek| ek.verdict.0.clone()).unwrap_or_default();
            (CoveredDevice::of(one), code)
        });
        Ok(FailingEks { progress: Some(progress), devices: devices.collect(), next })
    }

    /// Waits until the CAs may have changed.
    pub async fn changed(&self) {
        self.preference.changed().await;
    }

    /// Judges some of the devices by the CAs and policies in force, if that is to be done; false if nothing is.
    ///
    /// # Errors
    /// Storage; asking again goes on.
    pub async fn judge_some(&self) -> Result<bool, StoreError> {
        let now = self.core.now();
        let mut work = self.core.read().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        let Ok(Some(trust)) = self.trusts.of(&effective) else { return Ok(false) };
        let revision = self.revision(&effective);
        let stored = work.ek_judgement().await?;
        let mut judgement = match stored {
            Some(stored) if stored.revision == revision && stored.finished.is_some() => return Ok(false),
            Some(stored) if stored.revision == revision => stored,
            _ => EkJudgement { revision, started: now, ..EkJudgement::default() },
        };
        let devices = work.eks_of_devices(&judgement.after, AT_ONCE).await?;
        let count = devices.len();
        if let Some(last) = devices.last() {
            judgement.after.clone_from(&last.device_id);
        }
        let mut open = Vec::new();
        for found in devices {
            let is_enrolled = found.enroll_status == EnrollStatus::Enrolled;
            if let Some((ek, is_new)) = known(work.as_mut(), found).await? {
                open.push(Judged { is_enrolled, ek, is_new, has_changed: false });
            }
        }
        drop(work);
        // Signatures take a while; others are served meanwhile.
        let judging = tokio::task::spawn_blocking(move || {
            for one in &mut open {
                let verdict = one.ek.judged(&trust, now);
                one.has_changed = verdict != one.ek.verdict;
                one.ek.verdict = verdict;
            }
            open
        });
        let Ok(judged) = judging.await else { return Ok(false) };
        let mut work = self.core.begin().await?;
        // Another server may have been at it meanwhile: then its work counts.
        let unchanged = work
            .ek_judgement()
            .await?
            .is_none_or(|stored| stored.revision != judgement.revision || stored.judged == judgement.judged);
        if !unchanged {
            return Ok(true);
        }
        for Judged { is_enrolled, ek, is_new, has_changed } in judged {
            if is_enrolled {
                judgement.judged += 1;
                judgement.failing += i64::from(ek.verdict.fails());
            }
            // It may have been deleted meanwhile.
            if is_new && work.device(&ek.device_id).await?.is_some() {
                work.put_device_ek(&ek).await?;
            } else if !is_new && has_changed {
                work.set_ek_verdict(&ek.device_id, &ek.verdict.0).await?;
            }
        }
        if i64::try_from(count).is_ok_and(|count| count < AT_ONCE) {
            judgement.finished = Some(now);
        }
        work.put_ek_judgement(&judgement).await?;
        work.commit().await?;
        Ok(judgement.finished.is_none())
    }

    /// Dates decide too: each day is judged by itself.
    fn revision(&self, effective: &crate::cluster::Effective) -> String {
        let day = self.core.now().secs().div_euclid(DAY);
        format!("{}:{day}", hex::encode(&fingerprint(effective)[..8]))
    }
}

/// The EK of a device, and whether it is not kept by itself yet: then it comes from the evidence of its enrolment. None
/// for a device that never enrolled.
async fn known(work: &mut dyn UnitOfWork, found: EkOfDevice) -> Result<Option<(DeviceEk, bool)>, StoreError> {
    if let Some(ek) = found.ek {
        return Ok(Some((ek, false)));
    }
    if found.enroll_status != EnrollStatus::Enrolled {
        return Ok(None);
    }
    let ek = match work.enrolment_evidence(&found.device_id).await? {
        Some(evidence) => {
            let leaf = EkCertificate::parse(&evidence.ek_certificate).ok();
            let sent = certificates_in(&evidence.intermediates).unwrap_or_default();
            device_ek(&found.device_id, leaf.as_ref(), &sent, EkVerdictCode::NONE, evidence.time)
        }
        None => {
            let never = gatehouse_model::Timestamp::from_secs(0);
            device_ek(&found.device_id, None, &[], EkVerdictCode::NO_EVIDENCE, never)
        }
    };
    Ok(Some((ek, true)))
}
