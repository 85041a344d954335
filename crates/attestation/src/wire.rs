//! The one place where TPM 2.0 structures are read (TPM 2.0 Library, part 2), over `tpm2-protocol`.
//!
//! Each reader checks the size first, demands that nothing is left over and that encoding the result again gives the
//! received bytes, and hands out plain values.

use tpm2_protocol::data::{
    TpmsAttest, TpmtPublic, TpmtSignature, TpmuAsymScheme, TpmuAttest, TpmuPublicId, TpmuPublicParms,
    TpmuSignature,
};
use tpm2_protocol::{TpmError, TpmMarshal, TpmUnmarshal, TpmWriter};

pub(crate) use tpm2_protocol::data::{TpmAlgId as AlgId, TpmEccCurve as Curve};

use crate::quote::ClockInfo;

/// Longest TPMT_PUBLIC and TPMT_SIGNATURE that are read, in bytes.
const MAX_PUBLIC_BYTES: usize = 1024;

/// Bytes that are not the TPM structure they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("the {what} is longer than {limit} bytes")]
    TooLong { what: &'static str, limit: usize },
    #[error("the {what} is not well formed")]
    Malformed { what: &'static str, source: TpmError },
    #[error("the {what} is followed by other data")]
    Trailing { what: &'static str },
    #[error("the {what} is not in canonical encoding")]
    NotCanonical { what: &'static str },
    #[error("the attestation was not produced by a TPM")]
    NotGenerated,
}

/// What matters of a TPMT_PUBLIC (part 2, section 12.2.4).
pub(crate) struct PublicArea {
    pub(crate) name_alg: AlgId,
    /// TPMA_OBJECT, unknown bits included.
    pub(crate) attributes: u32,
    pub(crate) key: KeyArea,
}

pub(crate) enum KeyArea {
    Rsa { symmetric: AlgId, scheme: Scheme, bits: u16, exponent: u32, modulus: Vec<u8> },
    Ecc { symmetric: AlgId, scheme: Scheme, curve: Curve, kdf: AlgId, x: Vec<u8>, y: Vec<u8> },
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheme {
    pub(crate) algorithm: AlgId,
    pub(crate) hash: Option<AlgId>,
}

/// What matters of a TPMS_ATTEST (part 2, section 10.12.12).
pub(crate) struct Attest {
    pub(crate) extra_data: Vec<u8>,
    pub(crate) clock: ClockInfo,
    pub(crate) firmware_version: u64,
    pub(crate) body: AttestBody,
}

pub(crate) enum AttestBody {
    Creation { object_name: Vec<u8>, creation_hash: Vec<u8> },
    Quote { selections: Vec<Selection>, digest: Vec<u8> },
    Other,
}

/// TPMS_PCR_SELECTION: bit n of byte m selects PCR 8m + n.
pub(crate) struct Selection {
    pub(crate) hash: AlgId,
    pub(crate) bitmap: Vec<u8>,
}

/// What matters of a TPMT_SIGNATURE (part 2, section 11.3.4).
pub(crate) enum Signature {
    RsaSsa { hash: AlgId, value: Vec<u8> },
    Ecdsa { hash: AlgId, r: Vec<u8>, s: Vec<u8> },
    Other,
}

pub(crate) fn public_area(bytes: &[u8]) -> Result<PublicArea, WireError> {
    let area: TpmtPublic = exact("public area", bytes, MAX_PUBLIC_BYTES)?;
    let key = match (&area.parameters, &area.unique) {
        (TpmuPublicParms::Rsa(parms), TpmuPublicId::Rsa(modulus)) => KeyArea::Rsa {
            symmetric: parms.symmetric.algorithm,
            scheme: scheme(parms.scheme.scheme, parms.scheme.details),
            bits: parms.key_bits.value(),
            exponent: parms.exponent.value(),
            modulus: modulus.to_vec(),
        },
        (TpmuPublicParms::Ecc(parms), TpmuPublicId::Ecc(point)) => KeyArea::Ecc {
            symmetric: parms.symmetric.algorithm,
            scheme: scheme(parms.scheme.scheme, parms.scheme.details),
            curve: parms.curve_id,
            kdf: parms.kdf.scheme,
            x: point.x.to_vec(),
            y: point.y.to_vec(),
        },
        _ => KeyArea::Other,
    };
    Ok(PublicArea { name_alg: area.name_alg, attributes: area.object_attributes.bits(), key })
}

pub(crate) fn attest(bytes: &[u8], limit: usize) -> Result<Attest, WireError> {
    let attest: TpmsAttest = exact("attestation", bytes, limit)?;
    let body = match &attest.attested {
        TpmuAttest::Creation(info) => AttestBody::Creation {
            object_name: info.object_name.to_vec(),
            creation_hash: info.creation_hash.to_vec(),
        },
        TpmuAttest::Quote(info) => AttestBody::Quote {
            selections: info
                .pcr_select
                .iter()
                .map(|selection| Selection { hash: selection.hash, bitmap: selection.pcr_select.to_vec() })
                .collect(),
            digest: info.pcr_digest.to_vec(),
        },
        _ => AttestBody::Other,
    };
    Ok(Attest {
        extra_data: attest.extra_data.to_vec(),
        clock: ClockInfo {
            clock: attest.clock_info.clock.value(),
            reset_count: attest.clock_info.reset_count.value(),
            restart_count: attest.clock_info.restart_count.value(),
            safe: attest.clock_info.safe.0,
        },
        firmware_version: attest.firmware_version.value(),
        body,
    })
}

pub(crate) fn signature(bytes: &[u8]) -> Result<Signature, WireError> {
    let signature: TpmtSignature = exact("signature", bytes, MAX_PUBLIC_BYTES)?;
    Ok(match signature.signature {
        TpmuSignature::Rsassa(rsa) => Signature::RsaSsa { hash: rsa.hash, value: rsa.sig.to_vec() },
        TpmuSignature::Ecdsa(ecc) => {
            Signature::Ecdsa { hash: ecc.hash, r: ecc.signature_r.to_vec(), s: ecc.signature_s.to_vec() }
        }
        _ => Signature::Other,
    })
}

fn scheme(algorithm: AlgId, details: TpmuAsymScheme) -> Scheme {
    let hash = match details {
        TpmuAsymScheme::Hash(hash) => Some(hash.hash_alg),
        TpmuAsymScheme::Null => None,
    };
    Scheme { algorithm, hash }
}

fn exact<T: TpmUnmarshal + TpmMarshal>(
    what: &'static str,
    bytes: &[u8],
    limit: usize,
) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLong { what, limit });
    }
    let (value, rest) = T::unmarshal(bytes).map_err(|source| match source {
        TpmError::InvalidMagicNumber { .. } => WireError::NotGenerated,
        source => WireError::Malformed { what, source },
    })?;
    if !rest.is_empty() {
        return Err(WireError::Trailing { what });
    }
    let mut buffer = vec![0; bytes.len()];
    let mut writer = TpmWriter::new(&mut buffer);
    if value.marshal(&mut writer).is_err() || writer.as_bytes() != bytes {
        return Err(WireError::NotCanonical { what });
    }
    Ok(value)
}
