mod attributes;

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

pub use attributes::Attribute;

use crate::der;
use crate::digest::sha256;
use crate::roca;
use crate::spki::{self, NamedCurve};
use crate::wire::{self, AlgId, Curve, KeyArea, Scheme, Signature, WireError};

/// TPM_ALG_SHA256 as it stands before a Name (TPM 2.0 part 2, section 6.3).
const SHA256_ID: [u8; 2] = [0x00, 0x0b];

/// The exponent of RSA keys: written as 0, or out in full.
const RSA_EXPONENT: u32 = 65_537;

/// The public area of an attestation key: a restricted signing key that cannot leave its TPM.
///
/// RSA-2048 with RSASSA and SHA-256, or ECC P-256 with ECDSA and SHA-256; Name algorithm SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AkPublic {
    bytes: Vec<u8>,
    key: AkKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AkKey {
    Rsa { modulus: Vec<u8> },
    P256 { point: Vec<u8> },
}

/// Why a public area is not that of an acceptable attestation key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AkError {
    #[error("the public area of the attestation key cannot be read")]
    Wire(#[from] WireError),
    #[error("the attestation key does not have the attribute {0}")]
    MissingAttribute(Attribute),
    #[error("the attestation key has the attribute {0}, which it must not have")]
    ExtraAttribute(Attribute),
    #[error("the attestation key has reserved attribute bits set: {0:#010x}")]
    ReservedAttributes(u32),
    #[error("the Name algorithm of the attestation key is not SHA-256")]
    NameAlgorithm,
    #[error("the attestation key is neither RSA nor ECC")]
    KeyType,
    #[error("the signing scheme of the attestation key is not {0} with SHA-256")]
    Scheme(&'static str),
    #[error(
        "the attestation key has a symmetric algorithm or a key derivation scheme, which signing keys must not have"
    )]
    NotASigningKey,
    #[error("the RSA attestation key is not of 2048 bits")]
    RsaSize,
    #[error("the exponent of the RSA attestation key is not 65537")]
    RsaExponent,
    #[error("the ECC attestation key is not on the curve P-256")]
    Curve,
    #[error("the attestation key is not a point on its curve")]
    NotOnCurve,
    #[error("the attestation key is weak (CVE-2017-15361): update the TPM's firmware and enroll again")]
    Roca,
}

impl AkPublic {
    /// Reads a TPMT_PUBLIC (TPM 2.0 part 2, section 12.2.4).
    ///
    /// # Errors
    /// If it is malformed, or not that of an acceptable attestation key.
    pub fn parse(tpmt_public: &[u8]) -> Result<Self, AkError> {
        let area = wire::public_area(tpmt_public)?;
        attributes::check(area.attributes)?;
        if area.name_alg != AlgId::Sha256 {
            return Err(AkError::NameAlgorithm);
        }
        let key = match area.key {
            KeyArea::Rsa { symmetric, scheme, bits, exponent, modulus } => {
                check_scheme(scheme, AlgId::Rsassa, "RSASSA")?;
                if symmetric != AlgId::Null {
                    return Err(AkError::NotASigningKey);
                }
                rsa(bits, exponent, modulus)?
            }
            KeyArea::Ecc { symmetric, scheme, curve, kdf, x, y } => {
                check_scheme(scheme, AlgId::Ecdsa, "ECDSA")?;
                if symmetric != AlgId::Null || kdf != AlgId::Null {
                    return Err(AkError::NotASigningKey);
                }
                ecc(curve, &x, &y)?
            }
            KeyArea::Other => return Err(AkError::KeyType),
        };
        Ok(Self { bytes: tpmt_public.to_vec(), key })
    }

    /// The TPMT_PUBLIC as received.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The Name of the key: algorithm identifier and digest of the public area (part 1, section 16).
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        [SHA256_ID.as_slice(), &sha256(&self.bytes)].concat()
    }

    /// How clients name the credential: unpadded base64 of a SHA-256. Over exponent and modulus for RSA, both minimal
    /// and big-endian; over the uncompressed point for ECC.
    #[must_use]
    pub fn credential_id(&self) -> String {
        let digest = match &self.key {
            AkKey::Rsa { modulus } => sha256(&[exponent_bytes().as_slice(), modulus].concat()),
            AkKey::P256 { point } => sha256(point),
        };
        STANDARD_NO_PAD.encode(digest)
    }

    /// The key as SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_der(&self) -> Vec<u8> {
        match &self.key {
            AkKey::Rsa { modulus } => spki::rsa_der(modulus, &exponent_bytes()),
            AkKey::P256 { point } => spki::ec_der(NamedCurve::P256, point),
        }
    }

    /// Verifies a TPMT_SIGNATURE over `message` as received, by the scheme of the key.
    pub(crate) fn verify(&self, message: &[u8], tpmt_signature: &[u8]) -> Result<(), SignatureError> {
        let valid = match (&self.key, wire::signature(tpmt_signature)?) {
            (AkKey::Rsa { modulus }, Signature::RsaSsa { hash: AlgId::Sha256, value }) => {
                let value: [u8; 256] = der::padded(&value).ok_or(SignatureError::Invalid)?;
                let key = RsaPublicKeyComponents { n: modulus.clone(), e: exponent_bytes() };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, &value)
            }
            (AkKey::P256 { point }, Signature::Ecdsa { hash: AlgId::Sha256, r, s }) => {
                // TPMs leave leading zeros away.
                let r: [u8; 32] = der::padded(&r).ok_or(SignatureError::Invalid)?;
                let s: [u8; 32] = der::padded(&s).ok_or(SignatureError::Invalid)?;
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, &[r, s].concat())
            }
            _ => return Err(SignatureError::Scheme),
        };
        valid.map_err(|_| SignatureError::Invalid)
    }
}

/// Why a TPM's signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the signature cannot be read")]
    Wire(#[from] WireError),
    #[error("the signature is not of the scheme of the attestation key")]
    Scheme,
    #[error("the signature was not made by the attestation key")]
    Invalid,
}

fn check_scheme(scheme: Scheme, expected: AlgId, name: &'static str) -> Result<(), AkError> {
    if scheme == (Scheme { algorithm: expected, hash: Some(AlgId::Sha256) }) {
        Ok(())
    } else {
        Err(AkError::Scheme(name))
    }
}

fn rsa(bits: u16, exponent: u32, modulus: Vec<u8>) -> Result<AkKey, AkError> {
    let well_formed = modulus.len() == 256
        && modulus.first().is_some_and(|first| *first >= 0x80)
        && modulus.last().is_some_and(|last| last % 2 == 1);
    if bits != 2048 || !well_formed {
        return Err(AkError::RsaSize);
    }
    if exponent != 0 && exponent != RSA_EXPONENT {
        return Err(AkError::RsaExponent);
    }
    if roca::is_weak(&modulus) {
        return Err(AkError::Roca);
    }
    Ok(AkKey::Rsa { modulus })
}

fn ecc(curve: Curve, x: &[u8], y: &[u8]) -> Result<AkKey, AkError> {
    if curve != Curve::NistP256 {
        return Err(AkError::Curve);
    }
    let x: [u8; 32] = der::padded(x).ok_or(AkError::NotOnCurve)?;
    let y: [u8; 32] = der::padded(y).ok_or(AkError::NotOnCurve)?;
    let point = [[4].as_slice(), &x, &y].concat();
    if spki::on_curve(NamedCurve::P256, &point) {
        Ok(AkKey::P256 { point })
    } else {
        Err(AkError::NotOnCurve)
    }
}

fn exponent_bytes() -> Vec<u8> {
    der::strip_zeros(&RSA_EXPONENT.to_be_bytes()).to_vec()
}
