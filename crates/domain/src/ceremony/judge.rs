//! What the first message of an enrolment proves by itself, before any challenge.

use gatehouse_attestation::{
    AkPublic, AllowedCas, EkCertificate, EkPublic, check_device_key, verify_creation, verify_ek_chain,
};
use gatehouse_model::tpm::{AttestationParameters, EkMaterial};
use gatehouse_model::{AttestationTier, Timestamp};
use sha2::{Digest as _, Sha256};

use super::CeremonyError;
use crate::entity::Digest;

/// A TPM whose claims are well formed; that they are true is for activation and quote to show.
pub(super) struct ClaimedTpm {
    pub(super) ak: AkPublic,
    pub(super) ek: EkPublic,
    pub(super) certificate: Option<EkCertificate>,
    /// DER of what may link the certificate to a CA.
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) tier: AttestationTier,
}

impl ClaimedTpm {
    /// Judges EK, EK certificate against the allow-list, and AK.
    pub(super) fn judge(
        ek: &EkMaterial,
        params: &AttestationParameters,
        credential_id: &str,
        allowed_cas: &[String],
        sent: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Self, CeremonyError> {
        let ak = AkPublic::parse(&params.public)?;
        if ak.credential_id() != credential_id {
            return Err(CeremonyError::CredentialId);
        }
        verify_creation(&ak, params)?;
        let (ek, certificate) = match ek {
            EkMaterial::Certificate(der) => {
                let certificate = EkCertificate::parse(der)?;
                (certificate.ek().clone(), Some(certificate))
            }
            EkMaterial::PublicKey(der) => (EkPublic::from_spki_der(der)?, None),
        };
        let tier = match &certificate {
            certificate if !allowed_cas.is_empty() => {
                let anchors = AllowedCas::from_pems(allowed_cas)
                    .map_err(|error| CeremonyError::AllowedCas(error.to_string()))?;
                let leaf = certificate.as_ref().ok_or(CeremonyError::EkCertificateMissing)?;
                verify_ek_chain(leaf, &anchors, &sent, now)?.tier
            }
            Some(_) => AttestationTier::TpmEkcert,
            None => AttestationTier::TpmEkpub,
        };
        Ok(Self { ak, ek, certificate, sent, tier })
    }
}

/// Anchor of a Secure Enclave key: SHA-256 of its SubjectPublicKeyInfo, which must be a P-256 key.
pub(super) fn device_key_anchor(public_key_der: &[u8]) -> Result<Digest, CeremonyError> {
    check_device_key(public_key_der)?;
    Ok(Sha256::digest(public_key_der).into())
}
