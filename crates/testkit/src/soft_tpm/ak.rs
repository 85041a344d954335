use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use gatehouse_model::tpm::AttestationParameters;

use super::Creation;
use super::bytes::{sha256, sized};

/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign.
pub const AK_ATTRIBUTES: u32 = 0x0005_0472;

const ALG_NULL: u16 = 0x0010;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AkKind {
    P256,
    Rsa2048,
}

/// What an attestation key's public area says, right by default.
#[derive(Clone, Debug)]
pub struct AkTemplate {
    pub kind: AkKind,
    pub attributes: u32,
    pub name_alg: u16,
    pub auth_policy: Vec<u8>,
    /// TPM_ALG_ECDSA or TPM_ALG_RSASSA.
    pub scheme: u16,
    pub scheme_hash: u16,
    /// TPM_ECC_NIST_P256.
    pub curve: u16,
    /// As written: 0 stands for 65537.
    pub exponent: u32,
    pub key_bits: u16,
    /// Leave leading zeros of coordinates away, as some chips do.
    pub strip_coordinates: bool,
}

impl AkTemplate {
    #[must_use]
    pub fn new(kind: AkKind) -> Self {
        Self {
            kind,
            attributes: AK_ATTRIBUTES,
            name_alg: 0x000b,
            auth_policy: Vec::new(),
            scheme: if kind == AkKind::P256 { 0x0018 } else { 0x0014 },
            scheme_hash: 0x000b,
            curve: 3,
            exponent: 0,
            key_bits: 2048,
            strip_coordinates: false,
        }
    }
}

/// An attestation key. Clones are the same key.
#[derive(Clone)]
pub struct SoftAk {
    key: Arc<AkKey>,
    public: Vec<u8>,
}

enum AkKey {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl AkKey {
    fn generate(kind: AkKind) -> Self {
        match kind {
            AkKind::P256 => Self::P256(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("EC keys can be made"),
            ),
            AkKind::Rsa2048 => {
                Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("RSA keys can be made"))
            }
        }
    }
}

impl SoftAk {
    /// A new key. RSA takes a tenth of a second or more: see [`Self::with_shared_key`].
    #[must_use]
    pub fn generate(kind: AkKind) -> Self {
        Self::from_template(&AkTemplate::new(kind))
    }

    /// A new key with the public area of the template.
    #[must_use]
    pub fn from_template(template: &AkTemplate) -> Self {
        Self::new(Arc::new(AkKey::generate(template.kind)), template)
    }

    /// The key that is the same each time in this process, with the public area of the template.
    #[must_use]
    pub fn with_shared_key(template: &AkTemplate) -> Self {
        static P256: OnceLock<Arc<AkKey>> = OnceLock::new();
        static RSA: OnceLock<Arc<AkKey>> = OnceLock::new();
        let shared = match template.kind {
            AkKind::P256 => &P256,
            AkKind::Rsa2048 => &RSA,
        };
        Self::new(Arc::clone(shared.get_or_init(|| Arc::new(AkKey::generate(template.kind)))), template)
    }

    fn new(key: Arc<AkKey>, template: &AkTemplate) -> Self {
        let public = match &*key {
            AkKey::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
                public_area(template, &Self::ecc_unique(template, x, y))
            }
            AkKey::Rsa(pair) => public_area(template, &sized(modulus(pair.public_key().as_ref()))),
        };
        Self { key, public }
    }

    /// A TPMT_PUBLIC for a key that is held elsewhere: its modulus.
    #[must_use]
    pub fn rsa_public(template: &AkTemplate, modulus: &[u8]) -> Vec<u8> {
        public_area(template, &sized(modulus))
    }

    fn ecc_unique(template: &AkTemplate, x: &[u8], y: &[u8]) -> Vec<u8> {
        let write = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            let start = if template.strip_coordinates { zeros } else { 0 };
            sized(number.get(start..).unwrap_or_default())
        };
        [write(x), write(y)].concat()
    }

    /// TPMT_PUBLIC.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The Name: algorithm and digest of the public area.
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        [[0x00, 0x0b].as_slice(), &sha256(&self.public)].concat()
    }

    /// TPMT_SIGNATURE over anything: unlike a TPM, this key will sign whatever it is given.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.key {
            AkKey::P256(pair) => {
                let signature = pair.sign(&random, message).expect("the key signs");
                let (r, s) = signature.as_ref().split_at(32);
                [[0x00, 0x18, 0x00, 0x0b].as_slice(), &sized(r), &sized(s)].concat()
            }
            AkKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("the key signs");
                [[0x00, 0x14, 0x00, 0x0b].as_slice(), &sized(&signature)].concat()
            }
        }
    }

    /// What a client sends about a newly made key.
    #[must_use]
    pub fn attestation_parameters(&self) -> AttestationParameters {
        Creation::of(self).sign(self)
    }
}

/// The modulus in the RSAPublicKey (RFC 8017, annex A.1.1) of a 2048-bit key, whose headers have a fixed length.
fn modulus(public_key: &[u8]) -> &[u8] {
    public_key.get(9..265).expect("the key has 2048 bits")
}

fn public_area(template: &AkTemplate, unique: &[u8]) -> Vec<u8> {
    let object_type: u16 = if template.kind == AkKind::P256 { 0x0023 } else { 0x0001 };
    let mut out = Vec::new();
    out.extend_from_slice(&object_type.to_be_bytes());
    out.extend_from_slice(&template.name_alg.to_be_bytes());
    out.extend_from_slice(&template.attributes.to_be_bytes());
    out.extend_from_slice(&sized(&template.auth_policy));
    for word in [ALG_NULL, template.scheme, template.scheme_hash] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    match template.kind {
        AkKind::P256 => {
            out.extend_from_slice(&template.curve.to_be_bytes());
            out.extend_from_slice(&ALG_NULL.to_be_bytes());
        }
        AkKind::Rsa2048 => {
            out.extend_from_slice(&template.key_bits.to_be_bytes());
            out.extend_from_slice(&template.exponent.to_be_bytes());
        }
    }
    out.extend_from_slice(unique);
    out
}
