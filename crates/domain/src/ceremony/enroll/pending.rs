//! What a ceremony under way leaves behind: a credential, and evidence.

use super::{Claim, DeviceKey, EnrollAnswer, PendingEnrolment, Proven};
use crate::ek::device_ek;
use crate::entity::{Credential, DeviceEk, EkVerdictCode, Evidence};
use gatehouse_model::AttestationTier;

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

    /// The EK that has proven itself, as it is kept for the device; none for Secure Enclave keys.
    pub(super) fn ek(
        &self,
        device_id: &str,
        tier: AttestationTier,
        now: gatehouse_model::Timestamp,
    ) -> Option<DeviceEk> {
        let Claim::Tpm { tpm, .. } = &self.claim else { return None };
        let verdict = match tier {
            AttestationTier::TpmEkcertTrusted => EkVerdictCode::TRUSTED,
            // What the others are worth, the CAs that are allowed then say.
            _ => EkVerdictCode::NONE,
        };
        Some(device_ek(device_id, tpm.certificate.as_ref(), &tpm.sent, verdict, now))
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
