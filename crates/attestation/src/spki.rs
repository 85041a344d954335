//! SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7; RFC 3279 section 2.3; RFC 5480; RFC 8410).

use aws_lc_rs::agreement;
use x509_parser::der_parser::asn1_rs::{BitString, FromDer};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::der;

const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const RSAES_OAEP: &str = "1.2.840.113549.1.1.7";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

const RSA_ENCRYPTION_DER: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY_DER: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

/// Longest SubjectPublicKeyInfo that is read: RSA-8192 takes about 1060 bytes.
const MAX_BYTES: usize = 2048;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpkiError {
    #[error("the public key is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the public key is not a well-formed SubjectPublicKeyInfo")]
    Malformed,
    #[error("public keys of type {0} are not supported")]
    Unsupported(String),
    #[error("the public key is not a point on its curve")]
    NotOnCurve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedCurve {
    P256,
    P384,
    P521,
}

impl NamedCurve {
    fn from_oid(oid: &str) -> Option<Self> {
        match oid {
            "1.2.840.10045.3.1.7" => Some(Self::P256),
            "1.3.132.0.34" => Some(Self::P384),
            "1.3.132.0.35" => Some(Self::P521),
            _ => None,
        }
    }

    const fn oid_der(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            Self::P384 => &[0x06, 5, 0x2b, 0x81, 4, 0, 0x22],
            Self::P521 => &[0x06, 5, 0x2b, 0x81, 4, 0, 0x23],
        }
    }

    /// Bytes of one coordinate.
    pub(crate) const fn field_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(crate) fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
            Self::P521 => &agreement::ECDH_P521,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Big-endian numbers without leading zeros; `oaep` if the key may only be used with RSAES-OAEP.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
        oaep: bool,
    },
    /// Uncompressed point on the curve (SEC 1 section 2.3.3).
    Ec {
        curve: NamedCurve,
        point: Vec<u8>,
    },
    Ed25519(Vec<u8>),
}

impl PublicKey {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, SpkiError> {
        if bytes.len() > MAX_BYTES {
            return Err(SpkiError::TooLong);
        }
        let (rest, info) = SubjectPublicKeyInfo::from_der(bytes).map_err(|_| SpkiError::Malformed)?;
        // x509-parser reads the two members of the SEQUENCE and would pass over others.
        let (_, outer) =
            x509_parser::der_parser::asn1_rs::Any::from_der(bytes).map_err(|_| SpkiError::Malformed)?;
        let members = members_length(outer.data).ok_or(SpkiError::Malformed)?;
        if !rest.is_empty() || members != outer.data.len() || info.subject_public_key.unused_bits != 0 {
            return Err(SpkiError::Malformed);
        }
        let key: &[u8] = &info.subject_public_key.data;
        let parameters = info.algorithm.parameters.as_ref();
        match info.algorithm.algorithm.to_id_string().as_str() {
            RSA_ENCRYPTION if parameters.is_none_or(|any| any.tag().0 == 5 && any.data.is_empty()) => {
                rsa(key, false)
            }
            // The parameters may name other hashes; the TPM's own template decides on those, never the certificate.
            RSAES_OAEP => rsa(key, true),
            EC_PUBLIC_KEY => {
                let oid = parameters.and_then(|any| any.as_oid().ok()).ok_or(SpkiError::Malformed)?;
                let oid = oid.to_id_string();
                let curve = NamedCurve::from_oid(&oid)
                    .ok_or_else(|| SpkiError::Unsupported(format!("EC on curve {oid}")))?;
                ec(curve, key)
            }
            ED25519 if parameters.is_none() && key.len() == 32 => Ok(Self::Ed25519(key.to_vec())),
            RSA_ENCRYPTION | ED25519 => Err(SpkiError::Malformed),
            other => Err(SpkiError::Unsupported(other.to_owned())),
        }
    }

    /// The key as SubjectPublicKeyInfo in its one canonical form: RSA keys always as rsaEncryption.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa { modulus, exponent, .. } => rsa_der(modulus, exponent),
            Self::Ec { curve, point } => ec_der(*curve, point),
            Self::Ed25519(key) => {
                der::tlv(0x30, &[&der::tlv(0x30, &[&[0x06, 3, 0x2b, 0x65, 0x70]]), &der::bits(key)])
            }
        }
    }
}

pub(crate) fn rsa_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let algorithm = der::tlv(0x30, &[RSA_ENCRYPTION_DER, &[5, 0]]);
    let key = der::tlv(0x30, &[&der::unsigned(modulus), &der::unsigned(exponent)]);
    der::tlv(0x30, &[&algorithm, &der::bits(&key)])
}

pub(crate) fn ec_der(curve: NamedCurve, point: &[u8]) -> Vec<u8> {
    let algorithm = der::tlv(0x30, &[EC_PUBLIC_KEY_DER, curve.oid_der()]);
    der::tlv(0x30, &[&algorithm, &der::bits(point)])
}

/// Is this the uncompressed form of a point on the curve?
pub(crate) fn on_curve(curve: NamedCurve, point: &[u8]) -> bool {
    let expected = curve.field_bytes().saturating_mul(2).saturating_add(1);
    point.len() == expected
        && point.first() == Some(&4)
        && agreement::ParsedPublicKey::try_from(agreement::UnparsedPublicKey::new(curve.agreement(), point))
            .is_ok()
}

/// Bytes taken by an AlgorithmIdentifier and a BIT STRING.
fn members_length(content: &[u8]) -> Option<usize> {
    let (rest, _) = x509_parser::der_parser::asn1_rs::Any::from_der(content).ok()?;
    let (rest, _) = BitString::from_der(rest).ok()?;
    content.len().checked_sub(rest.len())
}

fn rsa(key: &[u8], oaep: bool) -> Result<PublicKey, SpkiError> {
    let (rest, key) = RSAPublicKey::from_der(key).map_err(|_| SpkiError::Malformed)?;
    // A first bit that is set would make the INTEGER negative.
    let negative = |number: &[u8]| number.first().is_none_or(|first| *first >= 0x80);
    let (modulus, exponent) = (der::strip_zeros(key.modulus), der::strip_zeros(key.exponent));
    let even = |number: &[u8]| number.last().is_none_or(|last| last % 2 == 0);
    if !rest.is_empty()
        || negative(key.modulus)
        || negative(key.exponent)
        || even(modulus)
        || even(exponent)
        || exponent.len() > 4
        || exponent == [1]
    {
        return Err(SpkiError::Malformed);
    }
    Ok(PublicKey::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec(), oaep })
}

fn ec(curve: NamedCurve, point: &[u8]) -> Result<PublicKey, SpkiError> {
    if on_curve(curve, point) {
        Ok(PublicKey::Ec { curve, point: point.to_vec() })
    } else {
        Err(SpkiError::NotOnCurve)
    }
}
