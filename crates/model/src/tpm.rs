//! TPM evidence as it travels: opaque byte strings in TPM 2.0 wire form (TPM 2.0 Library, part 2).

use serde::{Deserialize, Serialize};

/// The AK and the TPM's statement about its creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestationParameters {
    /// TPMT_PUBLIC of the AK.
    pub public: Vec<u8>,
    /// TPMS_CREATION_DATA.
    pub create_data: Vec<u8>,
    /// TPMS_ATTEST of type creation, signed by the AK itself.
    pub create_attestation: Vec<u8>,
    /// TPMT_SIGNATURE over `create_attestation`.
    pub create_signature: Vec<u8>,
}

/// The EK of the TPM: its certificate where there is one, else the bare key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EkMaterial {
    /// X.509 DER.
    Certificate(Vec<u8>),
    /// SubjectPublicKeyInfo DER (PKIX).
    PublicKey(Vec<u8>),
}

/// A credential that only the TPM with the EK and the AK can open (TPM 2.0 part 1, section 24).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedCredential {
    /// TPM2B_ID_OBJECT, with its size prefix.
    pub credential_blob: Vec<u8>,
    /// TPM2B_ENCRYPTED_SECRET, with its size prefix.
    pub secret: Vec<u8>,
}

/// One PCR value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pcr {
    pub index: i32,
    pub digest: Vec<u8>,
    /// Number of Go's `crypto.Hash`: SHA-1 = 3, SHA-256 = 5, SHA-384 = 6, SHA-512 = 7.
    pub digest_alg: u64,
}

/// One signed quote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// TPMS_ATTEST of type quote.
    pub quote: Vec<u8>,
    /// TPMT_SIGNATURE over `quote`.
    pub signature: Vec<u8>,
}

/// Platform attestation: quotes of one or more PCR banks, the PCR values of all of them, and the event log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformParameters {
    pub quotes: Vec<Quote>,
    pub pcrs: Vec<Pcr>,
    /// Raw firmware event log; empty where the client may not read it.
    pub event_log: Vec<u8>,
}
