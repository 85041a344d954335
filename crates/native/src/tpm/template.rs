//! Public areas of the keys that Gatehouse makes or makes again (TCG EK Credential Profile 2.6, annex B; TCG TPM v2.0
//! Provisioning Guidance, section 7.5.1).

use tpm2_protocol::TpmUnmarshal;
use tpm2_protocol::basic::{TpmUint16, TpmUint32};
use tpm2_protocol::data::{
    Tpm2bDigest, TpmAlgId, TpmEccCurve, TpmaObject, TpmsEccParms, TpmsEccPoint, TpmsRsaParms, TpmsSchemeHash,
    TpmtEccScheme, TpmtKdfScheme, TpmtPublic, TpmtRsaScheme, TpmtSymDefObject, TpmuAsymScheme, TpmuPublicId,
    TpmuPublicParms, TpmuSymKeyBits, TpmuSymMode,
};

use super::TpmError;

/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign.
pub(crate) const AK_ATTRIBUTES: u32 = 0x0005_0472;
/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, decrypt.
const STORAGE_ATTRIBUTES: u32 = 0x0003_0472;
/// fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt.
const EK_LOW_ATTRIBUTES: u32 = 0x0003_00b2;
/// As the low range, and userWithAuth.
const EK_HIGH_ATTRIBUTES: u32 = 0x0003_00f2;

/// Policy A for SHA-256: PolicySecret of the endorsement hierarchy.
pub(crate) const POLICY_A_SHA256: [u8; 32] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd,
    0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];
/// Policy A for SHA-384.
pub(crate) const POLICY_A_SHA384: [u8; 48] = [
    0x8b, 0xbf, 0x22, 0x66, 0x53, 0x7c, 0x17, 0x1c, 0xb5, 0x6e, 0x40, 0x3c, 0x4d, 0xc1, 0xd4, 0xb6, 0x4f,
    0x43, 0x26, 0x11, 0xdc, 0x38, 0x6e, 0x6f, 0x53, 0x20, 0x50, 0xc3, 0x27, 0x8c, 0x93, 0x0e, 0x14, 0x3e,
    0x8b, 0xb1, 0x13, 0x38, 0x24, 0xcc, 0xb4, 0x31, 0x05, 0x38, 0x71, 0xc6, 0xdb, 0x53,
];
/// Policy C for SHA-384: PolicyAuthorizeNV of the index that the profile reserves.
pub(crate) const POLICY_C_SHA384: [u8; 48] = [
    0xd6, 0x03, 0x2c, 0xe6, 0x1f, 0x2f, 0xb3, 0xc2, 0x40, 0xeb, 0x3c, 0xf6, 0xa3, 0x32, 0x37, 0xef, 0x2b,
    0x6a, 0x16, 0xf4, 0x29, 0x3c, 0x22, 0xb4, 0x55, 0xe2, 0x61, 0xcf, 0xfd, 0x21, 0x7a, 0xd5, 0xb4, 0x94,
    0x7c, 0x2d, 0x73, 0xe6, 0x30, 0x05, 0xee, 0xd2, 0xdc, 0x2b, 0x35, 0x93, 0xd1, 0x65,
];
/// Policy B for SHA-384: A or C.
pub(crate) const POLICY_B_SHA384: [u8; 48] = [
    0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a, 0x07,
    0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47,
    0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
];

/// Template L-1: RSA-2048, SHA-256, AES-128-CFB. The EK nonce, if the maker left one, goes into `unique`.
pub(crate) fn ek_rsa2048(nonce: &[u8]) -> Result<TpmtPublic, TpmError> {
    Ok(TpmtPublic {
        object_type: TpmAlgId::Rsa,
        name_alg: TpmAlgId::Sha256,
        object_attributes: TpmaObject::from_bits_truncate(EK_LOW_ATTRIBUTES),
        auth_policy: digest(&POLICY_A_SHA256)?,
        parameters: rsa2048_storage(),
        unique: TpmuPublicId::Rsa(buffer(&padded::<256>(nonce), "the EK nonce")?),
    })
}

/// Template L-2: P-256, SHA-256, AES-128-CFB.
pub(crate) fn ek_p256(nonce: &[u8]) -> Result<TpmtPublic, TpmError> {
    Ok(TpmtPublic {
        object_type: TpmAlgId::Ecc,
        name_alg: TpmAlgId::Sha256,
        object_attributes: TpmaObject::from_bits_truncate(EK_LOW_ATTRIBUTES),
        auth_policy: digest(&POLICY_A_SHA256)?,
        parameters: ecc_storage(TpmEccCurve::NistP256, 128),
        unique: TpmuPublicId::Ecc(TpmsEccPoint {
            x: buffer(&padded::<32>(nonce), "the EK nonce")?,
            y: buffer(&[0; 32], "the EK nonce")?,
        }),
    })
}

/// Template H-3: P-384, SHA-384, AES-256-CFB; the high range knows no nonce.
pub(crate) fn ek_p384() -> Result<TpmtPublic, TpmError> {
    Ok(TpmtPublic {
        object_type: TpmAlgId::Ecc,
        name_alg: TpmAlgId::Sha384,
        object_attributes: TpmaObject::from_bits_truncate(EK_HIGH_ATTRIBUTES),
        auth_policy: digest(&POLICY_B_SHA384)?,
        parameters: ecc_storage(TpmEccCurve::NistP384, 256),
        unique: TpmuPublicId::Ecc(TpmsEccPoint::default()),
    })
}

/// The shared storage key: RSA-2048, AES-128-CFB, the default of the provisioning guidance.
pub(crate) fn storage_key() -> Result<TpmtPublic, TpmError> {
    Ok(TpmtPublic {
        object_type: TpmAlgId::Rsa,
        name_alg: TpmAlgId::Sha256,
        object_attributes: TpmaObject::from_bits_truncate(STORAGE_ATTRIBUTES),
        auth_policy: Tpm2bDigest::default(),
        parameters: rsa2048_storage(),
        unique: TpmuPublicId::Rsa(buffer(&[0; 256], "the storage key template")?),
    })
}

/// An attestation key: ECDSA P-256 with SHA-256.
pub(crate) fn ak_p256() -> TpmtPublic {
    TpmtPublic {
        object_type: TpmAlgId::Ecc,
        name_alg: TpmAlgId::Sha256,
        object_attributes: TpmaObject::from_bits_truncate(AK_ATTRIBUTES),
        auth_policy: Tpm2bDigest::default(),
        parameters: TpmuPublicParms::Ecc(TpmsEccParms {
            symmetric: TpmtSymDefObject::default(),
            scheme: TpmtEccScheme { scheme: TpmAlgId::Ecdsa, details: sha256() },
            curve_id: TpmEccCurve::NistP256,
            kdf: TpmtKdfScheme::default(),
        }),
        unique: TpmuPublicId::Ecc(TpmsEccPoint::default()),
    }
}

/// An attestation key: RSA-2048, RSASSA with SHA-256.
pub(crate) fn ak_rsa2048() -> TpmtPublic {
    TpmtPublic {
        object_type: TpmAlgId::Rsa,
        name_alg: TpmAlgId::Sha256,
        object_attributes: TpmaObject::from_bits_truncate(AK_ATTRIBUTES),
        auth_policy: Tpm2bDigest::default(),
        parameters: TpmuPublicParms::Rsa(TpmsRsaParms {
            symmetric: TpmtSymDefObject::default(),
            scheme: TpmtRsaScheme { scheme: TpmAlgId::Rsassa, details: sha256() },
            key_bits: TpmUint16::new(2048),
            exponent: TpmUint32::new(0),
        }),
        unique: TpmuPublicId::Rsa(Default::default()),
    }
}

/// Reads a TPMT_PUBLIC that must fill `bytes`.
pub(crate) fn parse_public(bytes: &[u8], what: &str) -> Result<TpmtPublic, TpmError> {
    match TpmtPublic::unmarshal(bytes) {
        Ok((public, [])) => Ok(public),
        _ => Err(TpmError::Malformed { what: what.to_owned() }),
    }
}

fn sha256() -> TpmuAsymScheme {
    TpmuAsymScheme::Hash(TpmsSchemeHash { hash_alg: TpmAlgId::Sha256 })
}

fn aes_cfb(bits: u16) -> TpmtSymDefObject {
    TpmtSymDefObject {
        algorithm: TpmAlgId::Aes,
        key_bits: TpmuSymKeyBits::Aes(TpmUint16::new(bits)),
        mode: TpmuSymMode::Aes(TpmAlgId::Cfb),
    }
}

fn rsa2048_storage() -> TpmuPublicParms {
    TpmuPublicParms::Rsa(TpmsRsaParms {
        symmetric: aes_cfb(128),
        scheme: TpmtRsaScheme::default(),
        key_bits: TpmUint16::new(2048),
        exponent: TpmUint32::new(0),
    })
}

fn ecc_storage(curve_id: TpmEccCurve, aes_bits: u16) -> TpmuPublicParms {
    TpmuPublicParms::Ecc(TpmsEccParms {
        symmetric: aes_cfb(aes_bits),
        scheme: TpmtEccScheme::default(),
        curve_id,
        kdf: TpmtKdfScheme::default(),
    })
}

fn digest(bytes: &[u8]) -> Result<Tpm2bDigest, TpmError> {
    buffer(bytes, "a policy digest")
}

/// A TPM2B of any kind; too many bytes for it are an error.
pub(crate) fn buffer<'a, T: TryFrom<&'a [u8]>>(bytes: &'a [u8], what: &str) -> Result<T, TpmError> {
    T::try_from(bytes).map_err(|_| TpmError::Malformed { what: what.to_owned() })
}

/// The nonce followed by zeros; what does not fit is left off.
fn padded<const N: usize>(nonce: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(nonce).for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, digest as hash};

    /// H(zeros || code || data), the way a policy session extends itself (part 1, section 19.7).
    fn extend(algorithm: &'static Algorithm, code: u32, data: &[u8]) -> Vec<u8> {
        let zeros = vec![0; algorithm.output_len()];
        hash(algorithm, &[&zeros, code.to_be_bytes().as_slice(), data].concat()).as_ref().to_vec()
    }

    #[test]
    fn the_policies_are_what_their_names_say() {
        for (algorithm, expected) in
            [(&SHA256, POLICY_A_SHA256.as_slice()), (&SHA384, POLICY_A_SHA384.as_slice())]
        {
            let secret = extend(algorithm, 0x151, &0x4000_000b_u32.to_be_bytes());
            assert_eq!(hash(algorithm, &secret).as_ref(), expected);
        }
        let either = [POLICY_A_SHA384, POLICY_C_SHA384].concat();
        assert_eq!(extend(&SHA384, 0x171, &either), POLICY_B_SHA384);
    }

    #[test]
    fn the_nonce_lands_in_unique() {
        let TpmuPublicId::Rsa(unique) = ek_rsa2048(&[7, 8]).unwrap().unique else { panic!("not RSA") };
        assert_eq!((unique[..].len(), unique[0], unique[1], unique[2]), (256, 7, 8, 0));
    }
}
