//! Keys that may be certified: ECDSA P-256, Ed25519, RSA from 2048 to 8192 bits.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use gatehouse_domain::ports::CaError;
use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
    SubjectPublicKeyInfo,
};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;

/// Kinds of keys, for messages.
const ALLOWED: &str = "use an ECDSA P-256, Ed25519 or RSA key of 2048 to 8192 bits";
/// Larger than any key that is allowed.
const MAX_SPKI: usize = 2048;

/// Reads a SubjectPublicKeyInfo and checks that it holds a key that may be certified.
pub(super) fn from_spki(der: &[u8]) -> Result<SubjectPublicKeyInfo, CaError> {
    if der.len() > MAX_SPKI {
        return Err(unsupported());
    }
    let key = SubjectPublicKeyInfo::from_der(der).map_err(|_| unsupported())?;
    check(key.algorithm(), key.der_bytes())?;
    Ok(key)
}

/// SubjectPublicKeyInfo of an SSH key that may be certified.
pub(super) fn spki_of_ssh(key: &KeyData) -> Result<Vec<u8>, CaError> {
    let (algorithm, bytes) = match key {
        KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)) => {
            (&PKCS_ECDSA_P256_SHA256, point.as_bytes().to_vec())
        }
        KeyData::Ed25519(key) => (&PKCS_ED25519, key.0.to_vec()),
        KeyData::Rsa(key) => {
            let modulus = key.n.as_positive_bytes().ok_or_else(unsupported)?;
            let exponent = key.e.as_positive_bytes().ok_or_else(unsupported)?;
            if modulus.len() > 1024 || exponent.len() > 4 {
                return Err(unsupported());
            }
            let numbers = [der(0x02, &unsigned(modulus)), der(0x02, &unsigned(exponent))].concat();
            (&PKCS_RSA_SHA256, der(0x30, &numbers))
        }
        _ => return Err(unsupported()),
    };
    check(algorithm, &bytes)?;
    Ok(Key { algorithm, bytes }.subject_public_key_info())
}

fn check(algorithm: &'static SignatureAlgorithm, bytes: &[u8]) -> Result<(), CaError> {
    let verifier: &'static dyn VerificationAlgorithm = if algorithm == &PKCS_ECDSA_P256_SHA256 {
        &ECDSA_P256_SHA256_ASN1
    } else if algorithm == &PKCS_ED25519 {
        &ED25519
    } else if algorithm == &PKCS_RSA_SHA256 {
        let (rest, key) = RSAPublicKey::from_der(bytes).map_err(|_| unsupported())?;
        if !rest.is_empty() || !(2048..=8192).contains(&bits(key.modulus)) {
            return Err(unsupported());
        }
        &RSA_PKCS1_2048_8192_SHA256
    } else {
        return Err(unsupported());
    };
    // Refuses points that are not on the curve and moduli that cannot be.
    ParsedPublicKey::new(verifier, bytes).map(drop).map_err(|_| unsupported())
}

fn unsupported() -> CaError {
    CaError::PublicKey(ALLOWED.to_owned())
}

struct Key {
    algorithm: &'static SignatureAlgorithm,
    bytes: Vec<u8>,
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

fn bits(number: &[u8]) -> usize {
    let mut digits = number.iter().skip_while(|byte| **byte == 0);
    digits.next().map_or(0, |first| digits.count() * 8 + 8 - first.leading_zeros() as usize)
}

/// A positive DER integer's content.
fn unsigned(number: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    content
}

/// A DER value of at most 65,535 bytes (ITU-T X.690 section 8.1.3).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [_, .., high, low] = content.len().to_be_bytes();
    let mut value = match (high, low) {
        (0, low) if low < 0x80 => vec![tag, low],
        (0, low) => vec![tag, 0x81, low],
        (high, low) => vec![tag, 0x82, high, low],
    };
    value.extend_from_slice(content);
    value
}
