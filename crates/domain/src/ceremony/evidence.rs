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
        ak: AttestationParameters::default(),
        platform: PlatformParameters::default(),
        device_key: Vec::new(),
        signature: Vec::new(),
        tier: AttestationTier::BareKey,
    }
}
