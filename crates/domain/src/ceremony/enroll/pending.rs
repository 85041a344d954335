//! What a ceremony under way leaves behind: a credential, and evidence.

use super::{Claim, DeviceKey, EnrollAnswer, PendingEnrolment, Proven};
use crate::entity::{Credential, Evidence};

impl PendingEnrolment {
    pub(super) fn credential(&self, proven: &Proven, now: gatehouse_model::Timestamp) -> Credential {
        let (public_key_der, ak_public, ekcert_serial) = match (&self.init.key, &self.claim) {
            (DeviceKey::SecureEnclave { public_key_der }, _) => {
                (public_key_der.clone(), Vec::new(), String::new())
            }
            (DeviceKey::Tpm { ak, .. }, Claim::Tpm { tpm, .. }) => {
                let serial =
                    tpm.certificate.as_ref().map(|certificate| certificate.serial()).unwrap_or_default();
                (Vec::new(), ak.public.clone(), serial)
            }
            (DeviceKey::Tpm { ak, .. }, Claim::SecureEnclave { .. }) => {
                (Vec::new(), ak.public.clone(), String::new())
            }
        };
        Credential {
            id: self.init.credential_id.clone(),
            device_id: self.device.id.clone(),
            os_type: self.device.os_type,
            public_key_der,
            tier: proven.tier,
            ekcert_serial,
            ak_public,
            user: self.user.clone(),
            created: now,
            last_used: now,
            counters: proven.counters,
        }
    }

    /// Puts what was presented into the record, so that the verdict can be checked again.
    pub(super) fn describe(&self, answer: &EnrollAnswer, record: &mut Evidence) {
        record.basis = Some(self.basis.hash());
        match &self.init.key {
            DeviceKey::Tpm { ak, .. } => record.ak = ak.clone(),
            DeviceKey::SecureEnclave { public_key_der } => record.device_key.clone_from(public_key_der),
        }
        if let Claim::Tpm { tpm, .. } = &self.claim {
            record.ek_public = tpm.ek.spki_der().to_vec();
            record.ek_certificate =
                tpm.certificate.as_ref().map(|cert| cert.der().to_vec()).unwrap_or_default();
            record.intermediates = tpm.sent.concat();
        }
        match answer {
            EnrollAnswer::Tpm { platform, .. } => record.platform = platform.clone(),
            EnrollAnswer::SecureEnclave { signature } => record.signature.clone_from(signature),
        }
    }
}
