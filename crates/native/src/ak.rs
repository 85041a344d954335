//! The attestation key: made by the TPM under its storage key, stored as a blob that only this TPM can load.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use gatehouse_model::tpm::AttestationParameters;
use serde::{Deserialize, Serialize};
use tpm2_protocol::data::TpmRh;

use crate::public_key::PublicKey;
use crate::tpm::{Created, Loaded, ResponseCode, Tpm, template};
use crate::{NativeError, state};

/// The shared storage key (TPM v2.0 Provisioning Guidance, section 7.8).
pub(crate) const STORAGE_KEY: u32 = 0x8100_0001;
/// TPM_RC_NV_SPACE: nothing more can be kept persistently.
const NO_NV_SPACE: u32 = 0x14b;
const FILE: &str = "attestation.key";
const FILE_CAP: u64 = 64 * 1024;
/// The values of a key blob on Linux.
const ENCRYPTED_BLOB: u8 = 2;
const TPM_20: u8 = 2;

/// What kind of attestation key is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AkAlgorithm {
    /// ECDSA P-256 with SHA-256: made in milliseconds.
    #[default]
    EcdsaP256,
    /// RSA-2048, RSASSA with SHA-256: chips search for the primes for seconds.
    Rsa2048,
}

/// The stored key. Byte strings are without TPM2B size prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AkBlob {
    key_encoding: u8,
    #[serde(rename = "TPMVersion")]
    tpm_version: u8,
    #[serde(with = "base64_bytes")]
    public: Vec<u8>,
    #[serde(with = "base64_bytes")]
    create_data: Vec<u8>,
    #[serde(with = "base64_bytes")]
    create_attestation: Vec<u8>,
    #[serde(with = "base64_bytes")]
    create_signature: Vec<u8>,
    /// The key's name in Windows' key store; empty elsewhere.
    #[serde(default)]
    name: String,
    #[serde(with = "base64_bytes")]
    key_blob: Vec<u8>,
}

/// Padded standard base64, as Go writes byte slices.
mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}

impl AkBlob {
    pub(crate) fn file(state_dir: &Path) -> PathBuf {
        state_dir.join(FILE)
    }

    /// The stored key; `None` if there is none.
    pub(crate) fn read(state_dir: &Path) -> Result<Option<Self>, NativeError> {
        match state::read(&Self::file(state_dir), FILE_CAP) {
            Ok(Some(bytes)) => Self::parse(&bytes).map(Some),
            Ok(None) => Ok(None),
            Err(NativeError::State { source, .. }) if source.kind() == ErrorKind::FileTooLarge => {
                Err(NativeError::DamagedAttestationKey { reason: source.to_string() })
            }
            Err(error) => Err(error),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, NativeError> {
        let damaged = |reason: String| NativeError::DamagedAttestationKey { reason };
        let mut blob: Self = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if blob.key_encoding != ENCRYPTED_BLOB || blob.tpm_version != TPM_20 {
            return Err(damaged("it is not an encrypted TPM 2.0 key".to_owned()));
        }
        // Some clients keep the size prefix. A private blob itself begins with the size of an HMAC, never with its own.
        if let [high, low, rest @ ..] = blob.key_blob.as_slice()
            && usize::from(u16::from_be_bytes([*high, *low])) == rest.len()
        {
            blob.key_blob = rest.to_vec();
        }
        blob.public_key().ok_or_else(|| damaged("its public area is malformed".to_owned()))?;
        Ok(blob)
    }

    pub(crate) fn write(&self, state_dir: &Path) -> Result<(), NativeError> {
        let text = serde_json::to_vec(self)
            .map_err(|error| NativeError::DamagedAttestationKey { reason: error.to_string() })?;
        state::write(&Self::file(state_dir), &text)
    }

    fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_tpm(&template::parse_public(&self.public, "the attestation key").ok()?)
    }

    /// Unpadded base64 of SHA-256 over the RSA exponent and modulus, or over the uncompressed point.
    pub(crate) fn credential_id(&self) -> String {
        let id = self.public_key().map(|key| key.id_bytes()).unwrap_or_default();
        STANDARD_NO_PAD.encode(digest(&SHA256, &id))
    }

    pub(crate) fn attestation_parameters(&self) -> AttestationParameters {
        AttestationParameters {
            public: self.public.clone(),
            create_data: self.create_data.clone(),
            create_attestation: self.create_attestation.clone(),
            create_signature: self.create_signature.clone(),
        }
    }

    /// Makes a new key and has it certify its own creation.
    pub(crate) fn create(tpm: &Tpm, algorithm: AkAlgorithm) -> Result<Self, NativeError> {
        let storage = storage_key(tpm)?;
        let template = match algorithm {
            AkAlgorithm::EcdsaP256 => template::ak_p256(),
            AkAlgorithm::Rsa2048 => template::ak_rsa2048(),
        };
        let created: Created = tpm.create(&storage, template)?;
        let key = tpm.load(&storage, &created.private, &created.public)?;
        let certified = tpm.certify_creation(&key, &created)?;
        Ok(Self {
            key_encoding: ENCRYPTED_BLOB,
            tpm_version: TPM_20,
            public: created.public,
            create_data: created.creation_data,
            create_attestation: certified.attest,
            create_signature: certified.signature,
            name: String::new(),
            key_blob: created.private,
        })
    }

    /// Loads the key into the TPM.
    ///
    /// # Errors
    /// [`NativeError::ForeignAttestationKey`] if the TPM did not make it.
    pub(crate) fn load<'t>(&self, tpm: &'t Tpm) -> Result<Loaded<'t>, NativeError> {
        let storage = storage_key(tpm)?;
        tpm.load(&storage, &self.key_blob, &self.public).map_err(|error| match error.response_code() {
            Some(code) if code.blames_a_parameter() => NativeError::ForeignAttestationKey { code },
            _ => error.into(),
        })
    }
}

/// The storage key at its persistent handle, made there if it is missing.
fn storage_key(tpm: &Tpm) -> Result<Loaded<'_>, NativeError> {
    if tpm.read_public(STORAGE_KEY)?.is_some() {
        return Ok(Loaded::persistent(tpm, STORAGE_KEY));
    }
    let (key, _) = tpm.create_primary(TpmRh::Owner, template::storage_key()?)?;
    match tpm.persist(&key, STORAGE_KEY) {
        Ok(()) => Ok(Loaded::persistent(tpm, STORAGE_KEY)),
        // It is the same key every time it is made, only slower.
        Err(error) if error.response_code().map(ResponseCode::value) == Some(NO_NV_SPACE) => Ok(key),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_files_are_named_so() {
        let wrong_version = r#"{"KeyEncoding":2,"TPMVersion":1,"Public":"","CreateData":"","CreateAttestation":"","CreateSignature":"","Name":"","KeyBlob":""}"#;
        for text in ["", "{}", "{\"KeyEncoding\":2}", wrong_version, &wrong_version.replace(":1,", ":2,")] {
            let error = AkBlob::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "device_key_damaged", "{text}");
            assert!(error.hint().is_some());
        }
    }
}
