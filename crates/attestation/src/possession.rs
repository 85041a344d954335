//! Proofs of possession of keys outside of the TPM's attestation: device keys of macOS and the keys of SSH clients.

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use crate::spki::{NamedCurve, PublicKey, SpkiError};

/// Bytes of a challenge.
const CHALLENGE_BYTES: usize = 32;

/// Longest signature: that of an RSA-8192 key.
const MAX_SIGNATURE_BYTES: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PossessionError {
    #[error("the public key cannot be read")]
    Key(#[from] SpkiError),
    #[error("device keys must be ECC P-256")]
    NotP256,
    #[error("keys must be ECC P-256, Ed25519 or RSA of 2048 to 8192 bits")]
    Kind,
    #[error("the challenge is not of {CHALLENGE_BYTES} bytes")]
    Challenge,
    #[error("the signature over the challenge is not valid")]
    Signature,
}

/// Checks that a key can be the device key of the macOS ceremony: an EC key on P-256.
///
/// # Errors
/// Another kind of key, or none.
pub fn check_device_key(spki_der: &[u8]) -> Result<(), PossessionError> {
    match PublicKey::parse(spki_der)? {
        PublicKey::Ec { curve: NamedCurve::P256, .. } => Ok(()),
        _ => Err(PossessionError::NotP256),
    }
}

/// Verifies the answer of a device key (SubjectPublicKeyInfo, ECC P-256): ECDSA over the SHA-256 of the challenge, as
/// ASN.1 DER (X9.62).
///
/// # Errors
/// If the key is of another kind, or the signature not its own over this challenge.
pub fn verify_device_key(
    spki_der: &[u8],
    challenge: &[u8],
    signature_der: &[u8],
) -> Result<(), PossessionError> {
    match PublicKey::parse(spki_der)? {
        key @ PublicKey::Ec { curve: NamedCurve::P256, .. } => verify(&key, challenge, signature_der),
        _ => Err(PossessionError::NotP256),
    }
}

/// Verifies a raw signature over a challenge (not one in SSH's wire form). ECC P-256: SHA-256 and ASN.1 DER; RSA:
/// SHA-256 and PKCS #1 v1.5; Ed25519: of the challenge itself.
///
/// # Errors
/// If the key is of another kind, or the signature not its own over this challenge.
pub fn verify_raw_signature(
    spki_der: &[u8],
    challenge: &[u8],
    signature: &[u8],
) -> Result<(), PossessionError> {
    verify(&PublicKey::parse(spki_der)?, challenge, signature)
}

fn verify(key: &PublicKey, challenge: &[u8], signature: &[u8]) -> Result<(), PossessionError> {
    if challenge.len() != CHALLENGE_BYTES {
        return Err(PossessionError::Challenge);
    }
    if signature.len() > MAX_SIGNATURE_BYTES {
        return Err(PossessionError::Signature);
    }
    match key {
        PublicKey::Ec { curve: NamedCurve::P256, point } => {
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).verify(challenge, signature)
        }
        PublicKey::Ed25519(key) => {
            UnparsedPublicKey::new(&signature::ED25519, key).verify(challenge, signature)
        }
        PublicKey::Rsa { modulus, exponent, oaep: false } => {
            RsaPublicKeyComponents { n: modulus, e: exponent }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                challenge,
                signature,
            )
        }
        PublicKey::Ec { .. } | PublicKey::Rsa { oaep: true, .. } => return Err(PossessionError::Kind),
    }
    .map_err(|_| PossessionError::Signature)
}
