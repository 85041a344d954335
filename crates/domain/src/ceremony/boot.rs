//! How a device booted, beside how it did when it was good last.
//!
//! The first boot of a device counts as good, and so does one that an administrator accepts; so does every boot in which the
//! PCRs that a boot decides have the values of the last good one. Any other has drifted.

use gatehouse_attestation::{BootChange, BootChangeKind, boot_changes};
use gatehouse_model::Timestamp;
use gatehouse_model::tpm::PlatformParameters;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Core;
use crate::audit::EventKind;
use crate::authz::Attribution;
use crate::entity::{
    BootRecord, Device, REVIEW_DAYS, RecordKind, Review, ReviewDecision, ReviewReason, ReviewState,
};
use crate::ports::{StoreError, UnitOfWork};

/// Whether a boot counts as good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boot {
    Good,
    Drifted,
}

/// Keeps the boot of a device that is held. One that has drifted is told to the audit log, each once. Whether the last boot
/// had drifted is only asked where that `matters`.
pub(super) async fn note(
    core: &Core,
    work: &mut dyn UnitOfWork,
    device: &Device,
    record: &BootRecord,
    by: &Attribution,
    matters: bool,
) -> Result<Boot, StoreError> {
    if work.touch_boot(record).await? {
        let drifted = matters && work.has_good_boot(&device.id).await?;
        return Ok(if drifted { Boot::Drifted } else { Boot::Good });
    }
    let (last, good) = (work.boot(&device.id).await?, work.good_boot(&device.id).await?);
    let changes = match good.as_ref().or(last.as_ref()) {
        Some(good) => boot_changes(device.os_type, &good.platform, &record.platform),
        None => Vec::new(),
    };
    if changes.is_empty() {
        if good.is_some() {
            work.forget_good_boot(&device.id).await?;
            close_review(work, &device.id, ReviewState::Expired, &record.user, record.time).await?;
        }
        work.put_boot(record).await?;
        return Ok(Boot::Good);
    }
    // Of a boot that has drifted, other PCRs may change from one attestation to the next: that is the same drift.
    let told = match (&good, &last) {
        (Some(_), Some(last)) => boot_changes(device.os_type, &last.platform, &record.platform).is_empty(),
        _ => false,
    };
    if let (None, Some(last)) = (&good, &last) {
        work.put_good_boot(last).await?;
    }
    work.put_boot(record).await?;
    if !told {
        let event = core
            .event(EventKind::DEVICE_BOOT_DRIFT, by)
            .about_device(device, "")
            .with_details(json!({"changes": changes.iter().map(change_facts).collect::<Vec<_>>()}));
        work.append_event(&event).await?;
    }
    Ok(Boot::Drifted)
}

/// Asks administrators about a boot that has drifted; one question a device, and none again about what was refused. Answers
/// with how the question stands.
pub(super) async fn ask_for_review(
    core: &Core,
    work: &mut dyn UnitOfWork,
    device: &Device,
    record: &BootRecord,
    credential_id: &str,
    by: &Attribution,
) -> Result<ReviewState, StoreError> {
    work.expire_reviews(record.time).await?;
    let seen = hex::encode(record.fingerprint);
    let known = work.newest_review(ReviewReason::BootDrift, &device.id).await?;
    let good = work.good_boot(&device.id).await?;
    let changes = good.map(|good| boot_changes(device.os_type, &good.platform, &record.platform));
    let changes: Vec<Value> = changes.unwrap_or_default().iter().map(change_facts).collect();
    let review = Review {
        id: core.new_id(),
        reason: ReviewReason::BootDrift,
        subject: device.id.clone(),
        state: ReviewState::Pending,
        created: record.time,
        expires: record.time.plus_secs(REVIEW_DAYS * 86_400),
        device_id: device.id.clone(),
        asset_tag: device.asset_tag.to_string(),
        os_type: device.os_type,
        user: record.user.clone(),
        credential_id: credential_id.to_owned(),
        evidence_id: seen.clone(),
        details: json!({"changes": changes}),
        decided: None,
    };
    match known.filter(|known| known.expires > record.time) {
        Some(known) if known.evidence_id == seen && known.state != ReviewState::Accepted => {
            return Ok(known.state);
        }
        Some(known) if known.state == ReviewState::Pending => {
            work.renew_review(&Review { id: known.id, ..review }).await?;
        }
        _ => {
            work.insert_review(&review).await?;
            let event = core
                .event(EventKind::REVIEW_CREATE, by)
                .about(&review.id)
                .about_device(device, credential_id)
                .with_details(json!({"reason": review.reason.as_str(), "requested_by": review.user}));
            work.append_event(&event).await?;
        }
    }
    Ok(ReviewState::Pending)
}

/// Nothing is to be decided any more about how a device boots.
pub(crate) async fn close_review(
    work: &mut dyn UnitOfWork,
    device_id: &str,
    state: ReviewState,
    by: &str,
    time: Timestamp,
) -> Result<(), StoreError> {
    let newest = work.newest_review(ReviewReason::BootDrift, device_id).await?;
    if let Some(review) = newest.filter(|review| review.state == ReviewState::Pending) {
        let decision = ReviewDecision { time, by: by.to_owned() };
        work.decide_review(&review.id, &review.evidence_id, state, &decision).await?;
    }
    Ok(())
}

/// A change, as events have it.
fn change_facts(change: &BootChange) -> Value {
    let BootChange { kind, before, after } = change;
    match kind {
        BootChangeKind::Pcr(index) => {
            json!({"what": kind.as_str(), "pcr": index, "before": before, "after": after})
        }
        _ => json!({"what": kind.as_str(), "before": before, "after": after}),
    }
}

/// What is kept of an attestation whose quotes were verified. The fingerprint is of the signed values, and of how long the
/// log that explains them is.
pub(super) fn record(
    device_id: &str,
    kind: RecordKind,
    user: &str,
    time: Timestamp,
    platform: &PlatformParameters,
) -> BootRecord {
    let mut hash = Sha256::new();
    for pcr in &platform.pcrs {
        hash.update(pcr.digest_alg.to_be_bytes());
        hash.update(pcr.index.to_be_bytes());
        hash.update(&pcr.digest);
    }
    hash.update(platform.event_log.len().to_be_bytes());
    BootRecord {
        device_id: device_id.to_owned(),
        kind,
        user: user.to_owned(),
        time,
        since: time,
        fingerprint: hash.finalize().into(),
        platform: PlatformParameters {
            quotes: Vec::new(),
            pcrs: platform.pcrs.clone(),
            event_log: platform.event_log.clone(),
        },
    }
}
