use crate::digest::sha256;
use crate::roca;
use crate::spki::{NamedCurve, PublicKey, SpkiError};

/// The kinds of endorsement keys that are accepted: those with a template in the TCG EK Credential Profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EkKind {
    /// Template L-1: SHA-256, AES-128.
    Rsa2048,
    /// Template H-6: SHA-384, AES-256.
    Rsa3072,
    /// Template L-2: SHA-256, AES-128.
    P256,
    /// Template H-3: SHA-384, AES-256.
    P384,
}

impl std::fmt::Display for EkKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::P256 => "ECC P-256",
            Self::P384 => "ECC P-384",
        })
    }
}

/// The public half of a TPM's endorsement key.
#[derive(Clone, Debug)]
pub struct EkPublic {
    kind: EkKind,
    key: PublicKey,
    spki: Vec<u8>,
}

/// In whatever form they came, two keys are the same if they encrypt for the same TPM.
impl PartialEq for EkPublic {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for EkPublic {}

/// Why a public key cannot be an endorsement key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EkError {
    #[error("the endorsement key cannot be read")]
    Key(#[from] SpkiError),
    #[error("endorsement keys must be RSA-2048, RSA-3072, ECC P-256 or ECC P-384")]
    Kind,
    #[error("an RSA endorsement key must have the exponent 65537")]
    Exponent,
    #[error("the endorsement key is weak (CVE-2017-15361): update the TPM's firmware and enroll again")]
    Roca,
}

impl EkPublic {
    /// Reads a SubjectPublicKeyInfo. RSA keys may be marked rsaEncryption or RSAES-OAEP.
    ///
    /// # Errors
    /// If it is malformed, of a kind that is not accepted, or a weak RSA key.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, EkError> {
        let key = PublicKey::parse(der)?;
        let kind = match &key {
            PublicKey::Rsa { modulus, exponent, .. } => {
                let top_bit = modulus.first().is_some_and(|first| *first >= 0x80);
                let kind = match (modulus.len(), top_bit) {
                    (256, true) => EkKind::Rsa2048,
                    (384, true) => EkKind::Rsa3072,
                    _ => return Err(EkError::Kind),
                };
                if exponent != &[1, 0, 1] {
                    return Err(EkError::Exponent);
                }
                if roca::is_weak(modulus) {
                    return Err(EkError::Roca);
                }
                kind
            }
            PublicKey::Ec { curve: NamedCurve::P256, .. } => EkKind::P256,
            PublicKey::Ec { curve: NamedCurve::P384, .. } => EkKind::P384,
            PublicKey::Ec { curve: NamedCurve::P521, .. } | PublicKey::Ed25519(_) => {
                return Err(EkError::Kind);
            }
        };
        let spki = key.to_der();
        Ok(Self { kind, key, spki })
    }

    #[must_use]
    pub const fn kind(&self) -> EkKind {
        self.kind
    }

    /// SubjectPublicKeyInfo in canonical form (rsaEncryption or id-ecPublicKey), whatever form was read.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of [`Self::spki_der`]: the identity of the TPM.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.spki)
    }

    /// Whether the key came marked RSAES-OAEP; it is used and compared as any other RSA key.
    pub(crate) const fn is_marked_oaep(&self) -> bool {
        matches!(self.key, PublicKey::Rsa { oaep: true, .. })
    }

    pub(crate) const fn key(&self) -> &PublicKey {
        &self.key
    }
}
