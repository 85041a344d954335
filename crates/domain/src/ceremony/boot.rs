use gatehouse_model::Timestamp;
use gatehouse_model::tpm::PlatformParameters;
use sha2::{Digest as _, Sha256};

use crate::entity::{BootRecord, RecordKind};

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
