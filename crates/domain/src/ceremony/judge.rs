//! What the first message of an enrolment proves by itself, before any challenge.

use gatehouse_attestation::{
    AkPublic, ChainError, ChainErrorKind, EkCertificate, EkPublic, check_device_key, verify_creation,
    verify_platform,
};
use gatehouse_model::tpm::{AttestationParameters, EkMaterial, PlatformParameters};
use gatehouse_model::{AttestationTier, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{CeremonyError, NONCE_BYTES};
use crate::ek::{EkTrust, finding_of};
use crate::entity::{Counters, Digest, EkFinding};

/// A TPM whose claims are well formed; that they are true is for activation and quote to show.
pub(super) struct ClaimedTpm {
    pub(super) ak: AkPublic,
    pub(super) ek: EkPublic,
    pub(super) certificate: Option<EkCertificate>,
    /// Certificates that the device sent with it, DER.
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) verdict: EkVerdict,
}

/// What an EK certificate is worth.
pub(super) enum EkVerdict {
    Judged {
        tier: AttestationTier,
        findings: Vec<EkFinding>,
    },
    /// It leads to no CA that is allowed, and to none that is said not to be: an administrator is asked, once the TPM has
    /// shown that it is the one.
    UnknownCa(Box<ChainError>),
}

impl ClaimedTpm {
    /// Judges EK, EK certificate against the allow-list, and AK.
    pub(super) fn judge(
        ek: &EkMaterial,
        params: &AttestationParameters,
        credential_id: &str,
        trust: Option<&EkTrust>,
        sent: &[Vec<u8>],
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
        let unverified = |tier| EkVerdict::Judged { tier, findings: Vec::new() };
        let verdict = match (trust, &certificate) {
            (Some(trust), Some(leaf)) => match trust.judge(leaf, sent, now) {
                Ok(path) => EkVerdict::Judged {
                    tier: path.tier,
                    findings: path.findings.iter().map(finding_of).collect(),
                },
                Err(error) if is_unknown(&error, trust) => EkVerdict::UnknownCa(Box::new(error)),
                Err(error) => return Err(error.into()),
            },
            (Some(_), None) => return Err(CeremonyError::EkCertificateMissing),
            (None, Some(_)) => unverified(AttestationTier::TpmEkcert),
            (None, None) => unverified(AttestationTier::TpmEkpub),
        };
        Ok(Self { ak, ek, certificate, sent: sent.to_vec(), verdict })
    }
}

impl ClaimedTpm {
    /// Judges the answer to the challenge: the TPM could open the credential, so that it holds EK and AK, and it has quoted its
    /// PCRs for this challenge.
    pub(super) fn proves(
        &self,
        secret: &[u8; NONCE_BYTES],
        nonce: &[u8; NONCE_BYTES],
        solution: &[u8],
        platform: &PlatformParameters,
    ) -> Result<Counters, CeremonyError> {
        if !bool::from(solution.ct_eq(secret.as_slice())) {
            return Err(CeremonyError::Solution);
        }
        let verdict = verify_platform(&self.ak, nonce, platform)?;
        Ok(Counters {
            reset_count: verdict.clock.reset_count,
            restart_count: verdict.clock.restart_count,
            clock: verdict.clock.clock,
        })
    }
}

/// Whether an administrator may know better. What claims to be issued by the very key of a listed CA and is not, is a
/// forgery.
fn is_unknown(error: &ChainError, trust: &EkTrust) -> bool {
    match error.kind {
        ChainErrorKind::UnknownIssuer => true,
        ChainErrorKind::Signature => {
            let claims = |key: &Option<String>| key.is_some() && *key == error.aki;
            !trust.listed().facts().iter().any(|listed| claims(&listed.key_id))
        }
        _ => false,
    }
}

/// Anchor of a Secure Enclave key: SHA-256 of its SubjectPublicKeyInfo, which must be a P-256 key.
pub(super) fn device_key_anchor(public_key_der: &[u8]) -> Result<Digest, CeremonyError> {
    check_device_key(public_key_der)?;
    Ok(Sha256::digest(public_key_der).into())
}
