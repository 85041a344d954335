use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
};
use tpm2_protocol::basic::{TpmUint16, TpmUint32};
use tpm2_protocol::data::{
    Tpm2bDigest, TpmAlgId, TpmEccCurve, TpmaObject, TpmsEccParms, TpmsEccPoint, TpmsRsaParms, TpmtPublic,
    TpmtSymDefObject, TpmuPublicId, TpmuPublicParms, TpmuSymKeyBits, TpmuSymMode,
};

use super::der;

/// The EKs that a software TPM can have (TCG EK Credential Profile 2.6: templates L-1, L-2, H-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EkKindName {
    Rsa2048,
    P256,
    P384,
}

const POLICY_A_SHA256: &str = "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";
const POLICY_B_SHA384: &str =
    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12";

impl EkKindName {
    pub const ALL: [Self; 3] = [Self::Rsa2048, Self::P256, Self::P384];

    /// The NV index of the certificate.
    #[must_use]
    pub const fn certificate_index(self) -> u32 {
        match self {
            Self::Rsa2048 => 0x01c0_0002,
            Self::P256 => 0x01c0_000a,
            Self::P384 => 0x01c0_0016,
        }
    }

    /// Where makers keep the key.
    #[must_use]
    pub const fn persistent_handle(self) -> u32 {
        match self {
            Self::Rsa2048 => 0x8101_0001,
            Self::P256 => 0x8101_000a,
            Self::P384 => 0x8101_0016,
        }
    }

    pub(super) fn template(self) -> TpmtPublic {
        match self {
            Self::Rsa2048 => TpmtPublic {
                object_type: TpmAlgId::Rsa,
                name_alg: TpmAlgId::Sha256,
                object_attributes: TpmaObject::from_bits_truncate(0x0003_00b2),
                auth_policy: policy(POLICY_A_SHA256),
                parameters: TpmuPublicParms::Rsa(TpmsRsaParms {
                    symmetric: aes(128),
                    key_bits: TpmUint16::new(2048),
                    exponent: TpmUint32::new(0),
                    ..TpmsRsaParms::default()
                }),
                unique: TpmuPublicId::Rsa([0_u8; 256].as_slice().try_into().expect("256 bytes fit")),
            },
            Self::P256 => {
                let zeros = || [0_u8; 32].as_slice().try_into().expect("32 bytes fit");
                let point = TpmsEccPoint { x: zeros(), y: zeros() };
                ecc(TpmAlgId::Sha256, 0x0003_00b2, POLICY_A_SHA256, TpmEccCurve::NistP256, 128, point)
            }
            Self::P384 => {
                let point = TpmsEccPoint::default();
                ecc(TpmAlgId::Sha384, 0x0003_00f2, POLICY_B_SHA384, TpmEccCurve::NistP384, 256, point)
            }
        }
    }
}

fn policy(text: &str) -> Tpm2bDigest {
    hex::decode(text).expect("hexadecimal digits").as_slice().try_into().expect("a digest fits")
}

fn aes(bits: u16) -> TpmtSymDefObject {
    TpmtSymDefObject {
        algorithm: TpmAlgId::Aes,
        key_bits: TpmuSymKeyBits::Aes(TpmUint16::new(bits)),
        mode: TpmuSymMode::Aes(TpmAlgId::Cfb),
    }
}

fn ecc(
    hash: TpmAlgId,
    attributes: u32,
    auth: &str,
    curve: TpmEccCurve,
    bits: u16,
    point: TpmsEccPoint,
) -> TpmtPublic {
    TpmtPublic {
        object_type: TpmAlgId::Ecc,
        name_alg: hash,
        object_attributes: TpmaObject::from_bits_truncate(attributes),
        auth_policy: policy(auth),
        parameters: TpmuPublicParms::Ecc(TpmsEccParms {
            symmetric: aes(bits),
            curve_id: curve,
            ..TpmsEccParms::default()
        }),
        unique: TpmuPublicId::Ecc(point),
    }
}

/// The public half of an EK, as a certificate holds it.
pub(super) struct EkKey {
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl EkKey {
    pub(super) fn from_public(public: &TpmtPublic) -> Self {
        match (&public.unique, &public.parameters) {
            (TpmuPublicId::Rsa(modulus), _) => Self {
                bits: der::sequence(&[der::unsigned(&modulus[..]), der::unsigned(&[1, 0, 1])]),
                algorithm: &PKCS_RSA_SHA256,
            },
            (TpmuPublicId::Ecc(point), TpmuPublicParms::Ecc(parameters)) => {
                let (size, algorithm) = match parameters.curve_id {
                    TpmEccCurve::NistP384 => (48, &PKCS_ECDSA_P384_SHA384),
                    _ => (32, &PKCS_ECDSA_P256_SHA256),
                };
                let mut bits = vec![4];
                for coordinate in [&point.x[..], &point.y[..]] {
                    bits.resize(bits.len() + size - coordinate.len(), 0);
                    bits.extend_from_slice(coordinate);
                }
                Self { bits, algorithm }
            }
            other => panic!("the TPM made no RSA or ECC key: {other:?}"),
        }
    }

    pub(super) fn is_rsa(&self) -> bool {
        self.algorithm == &PKCS_RSA_SHA256
    }
}

impl PublicKeyData for EkKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}
