use gatehouse_model::AttestationTier;
use gatehouse_model::tpm::{AttestationParameters, PlatformParameters};

use crate::Core;
use crate::entity::{Device, Evidence, RecordKind};

/// A record of what an enrolment by `user` is judged by; the caller fills in what there is.
pub(super) fn blank(core: &Core, device: &Device, user: &str, credential_id: &str, nonce: &[u8]) -> Evidence {
    Evidence {
        id: core.new_id(),
        device_id: device.id.clone(),
        user: user.to_owned(),
        kind: RecordKind::Enroll,
        time: core.now(),
        verdict: "success".to_owned(),
        credential_id: credential_id.to_owned(),
        nonce: nonce.to_vec(),
        ek_public: Vec::new(),
        ek_certificate: Vec::new(),
        intermediates: Vec::new(),
        basis: None,
        ak: AttestationParameters::default(),
        platform: PlatformParameters::default(),
        device_key: Vec::new(),
        signature: Vec::new(),
        tier: AttestationTier::BareKey,
        findings: Vec::new(),
    }
}

/// Most bytes of one structure of refused evidence; what a TPM makes is far smaller.
const MAX_STRUCTURE: usize = 8 * 1024;
const MAX_QUOTES: usize = 8;
const MAX_PCRS: usize = 8 * 24;

/// Refused evidence is kept to be looked at, not as a way to fill the disk: no event log, and nothing oversized.
pub(super) fn trim(record: &mut Evidence) {
    let platform = &mut record.platform;
    platform.event_log.clear();
    platform.quotes.truncate(MAX_QUOTES);
    platform.pcrs.truncate(MAX_PCRS);
    let quotes = platform.quotes.iter_mut().flat_map(|quote| [&mut quote.quote, &mut quote.signature]);
    let pcrs = platform.pcrs.iter_mut().map(|pcr| &mut pcr.digest);
    for bytes in quotes.chain(pcrs).chain([&mut record.signature]) {
        bytes.truncate(MAX_STRUCTURE);
    }
}
