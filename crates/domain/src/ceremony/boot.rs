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
use crate::entity::{BootRecord, Device, RecordKind};
use crate::ports::{StoreError, UnitOfWork};

/// Whether a boot counts as good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boot {
    Good,
    Drifted,
}

/// Keeps the boot of a device that is held. One that has drifted is told to the audit log, each once.
pub(super) async fn note(
    core: &Core,
    work: &mut dyn UnitOfWork,
    device: &Device,
    record: &BootRecord,
    by: &Attribution,
) -> Result<Boot, StoreError> {
    if work.touch_boot(record).await? {
        let drifted = work.has_good_boot(&device.id).await?;
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
        }
        work.note_boot(record).await?;
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
    work.note_boot(record).await?;
    if !told {
        let event = core
            .event(EventKind::DEVICE_BOOT_DRIFT, by)
            .about_device(device, "")
            .with_details(json!({"changes": changes.iter().map(change_facts).collect::<Vec<_>>()}));
        work.append_event(&event).await?;
    }
    Ok(Boot::Drifted)
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
