use aws_lc_rs::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use x509_parser::x509::AlgorithmIdentifier;

use crate::spki::{NamedCurve, PublicKey};

/// How a certificate is signed (RFC 4055 section 5, RFC 5758 section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureAlgorithm {
    Rsa(Hash),
    Ecdsa(Hash),
    Unsupported(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// The algorithm, or the algorithm with this kind of key, is not supported.
    Unsupported(String),
    Invalid,
}

impl SignatureAlgorithm {
    pub(crate) fn from_identifier(identifier: &AlgorithmIdentifier<'_>) -> Self {
        let oid = identifier.algorithm.to_id_string();
        match oid.as_str() {
            "1.2.840.113549.1.1.5" => Self::Rsa(Hash::Sha1),
            "1.2.840.113549.1.1.11" => Self::Rsa(Hash::Sha256),
            "1.2.840.113549.1.1.12" => Self::Rsa(Hash::Sha384),
            "1.2.840.113549.1.1.13" => Self::Rsa(Hash::Sha512),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Hash::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Hash::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Hash::Sha512),
            _ => Self::Unsupported(oid),
        }
    }

    pub(crate) fn uses_sha1(&self) -> bool {
        *self == Self::Rsa(Hash::Sha1)
    }

    /// Verifies `signature` over `message`; RSA keys below 2048 bits do not pass.
    pub(crate) fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let valid = match (self, key) {
            (Self::Rsa(hash), PublicKey::Rsa { modulus, exponent, oaep: false }) => {
                let parameters: &RsaParameters = match hash {
                    Hash::Sha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
                    Hash::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    Hash::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Hash::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                };
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature)
            }
            (Self::Ecdsa(hash), PublicKey::Ec { curve, point }) => {
                let algorithm = match (curve, hash) {
                    (NamedCurve::P256, Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
                    (NamedCurve::P256, Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
                    (NamedCurve::P256, Hash::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
                    (NamedCurve::P384, Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
                    (NamedCurve::P384, Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
                    (NamedCurve::P384, Hash::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
                    (NamedCurve::P521, Hash::Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
                    (NamedCurve::P521, Hash::Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
                    (NamedCurve::P521, Hash::Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
                    (_, Hash::Sha1) => {
                        return Err(SignatureError::Unsupported("ECDSA with SHA-1".to_owned()));
                    }
                };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }
            (Self::Unsupported(oid), _) => return Err(SignatureError::Unsupported(oid.clone())),
            // An algorithm that does not go with the key cannot have made the signature.
            (Self::Rsa(_) | Self::Ecdsa(_), _) => return Err(SignatureError::Invalid),
        };
        valid.map_err(|_| SignatureError::Invalid)
    }
}
