use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use x509_parser::x509::AlgorithmIdentifier;

use crate::roca;
use crate::spki::{self, NamedCurve, PublicKey};

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

impl Hash {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// The algorithm, or the algorithm with this kind of key, is not supported.
    Unsupported(String),
    /// An RSA key that is too short, or made by a broken generator.
    WeakKey,
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

    /// `RSA with SHA-256` and so on.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Rsa(hash) => format!("RSA with {}", hash.name()),
            Self::Ecdsa(hash) => format!("ECDSA with {}", hash.name()),
            Self::Unsupported(oid) => oid.clone(),
        }
    }
}

/// The key of a CA, ready to verify what it signed.
#[derive(Clone, Debug)]
pub(crate) struct IssuerKey {
    key: PublicKey,
    weak: bool,
    /// One for each hash, made when it is first needed: makers sign with one hash per CA.
    ready: Arc<[OnceLock<Option<ParsedPublicKey>>; 4]>,
}

impl IssuerKey {
    pub(crate) fn new(key: PublicKey) -> Self {
        let weak = match &key {
            // 2048 to 8192 bits.
            PublicKey::Rsa { modulus, .. } => {
                !(256..=1024).contains(&modulus.len())
                    || modulus.len() == 256 && modulus.first().is_none_or(|first| *first < 0x80)
                    || roca::is_weak(modulus)
            }
            PublicKey::Ec { .. } | PublicKey::Ed25519(_) => false,
        };
        Self { key, weak, ready: Arc::default() }
    }

    pub(crate) const fn key(&self) -> &PublicKey {
        &self.key
    }

    pub(crate) const fn is_weak(&self) -> bool {
        self.weak
    }

    /// Verifies that this key signed `message` by `algorithm`.
    pub(crate) fn verify(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let hash = match algorithm {
            SignatureAlgorithm::Unsupported(oid) => return Err(SignatureError::Unsupported(oid.clone())),
            SignatureAlgorithm::Rsa(hash) | SignatureAlgorithm::Ecdsa(hash) => *hash,
        };
        if self.weak {
            return Err(SignatureError::WeakKey);
        }
        let (verifier, bytes): (&'static dyn VerificationAlgorithm, _) = match (algorithm, &self.key) {
            (SignatureAlgorithm::Rsa(_), PublicKey::Rsa { modulus, exponent, oaep: false }) => {
                let verifier = match hash {
                    Hash::Sha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
                    Hash::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    Hash::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Hash::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                };
                (verifier, KeyBytes::Rsa { modulus, exponent })
            }
            (SignatureAlgorithm::Ecdsa(_), PublicKey::Ec { curve, point }) => {
                let verifier = match (curve, hash) {
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
                (verifier, KeyBytes::Point(point))
            }
            // An algorithm that does not go with the key cannot have made the signature.
            _ => return Err(SignatureError::Invalid),
        };
        let ready = self.ready.get(hash as usize).ok_or(SignatureError::Invalid)?;
        let key = ready.get_or_init(|| bytes.parse(verifier)).as_ref().ok_or(SignatureError::Invalid)?;
        key.verify_sig(message, signature).map_err(|_| SignatureError::Invalid)
    }
}

enum KeyBytes<'a> {
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
    Point(&'a [u8]),
}

impl KeyBytes<'_> {
    fn parse(&self, verifier: &'static dyn VerificationAlgorithm) -> Option<ParsedPublicKey> {
        match self {
            Self::Rsa { modulus, exponent } => {
                ParsedPublicKey::new(verifier, spki::rsa_der(modulus, exponent)).ok()
            }
            Self::Point(point) => ParsedPublicKey::new(verifier, point).ok(),
        }
    }
}
