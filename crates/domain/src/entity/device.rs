use gatehouse_model::tpm::{AttestationParameters, PlatformParameters};
use gatehouse_model::{
    AssetTag, AttestationTier, CollectedData, DeviceOrigin, EnrollStatus, OsType, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Digest, EkFinding};

/// A device of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// UUID, given by the server.
    pub id: String,
    pub os_type: OsType,
    pub asset_tag: AssetTag,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub enroll_status: EnrollStatus,
    /// First user to enrol it.
    pub owner: Option<String>,
    pub source: Option<DeviceSource>,
    pub profile: Option<DeviceProfile>,
    /// SHA-256 of the EK (TPM) or of the device key (Secure Enclave), as SubjectPublicKeyInfo; unique per OS.
    pub anchor: Option<Digest>,
    pub last_authenticated: Option<Timestamp>,
}

/// The inventory that a device came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSource {
    pub name: String,
    pub origin: DeviceOrigin,
}

/// What an MDM knows of a device; stored as one JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceProfile {
    pub update_time: Option<Timestamp>,
    pub model_identifier: String,
    pub os_version: String,
    pub os_build: String,
    pub os_build_supplemental: String,
    pub os_usernames: Vec<String>,
    pub jamf_binary_version: String,
    pub external_id: String,
    pub os_id: String,
}

/// A key that is bound to a device: one per OS user's AK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Chosen by the client as the contract says; unique per OS.
    pub id: String,
    pub device_id: String,
    pub os_type: OsType,
    /// SubjectPublicKeyInfo DER of a Secure Enclave key; empty for a TPM.
    pub public_key_der: Vec<u8>,
    pub tier: AttestationTier,
    pub ekcert_serial: String,
    /// TPMT_PUBLIC of the AK; empty for a Secure Enclave key.
    pub ak_public: Vec<u8>,
    /// Who enrolled it.
    pub user: String,
    pub created: Timestamp,
    pub last_used: Timestamp,
    /// Of the last quote; none for a Secure Enclave key and after an admin accepted that they went back.
    pub counters: Option<Counters>,
}

/// A credential with the device that it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundCredential {
    pub credential: Credential,
    pub device: Device,
    /// Whether the user that was asked about is one of the device's.
    pub is_user: bool,
}

/// What a quote says about the TPM's starts; obfuscated per key, so only comparable for one AK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    pub reset_count: u32,
    pub restart_count: u32,
    /// Milliseconds of the TPM's clock.
    pub clock: u64,
}

/// Which ceremony a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    Enroll,
    Authenticate,
}

impl RecordKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Authenticate => "authenticate",
        }
    }
}

/// Collected data as it was stored; `data.record_time` is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectedRecord {
    pub kind: RecordKind,
    pub data: CollectedData,
}

/// What a ceremony was judged by, kept so that the verdict can be checked again. Outlives the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// UUID.
    pub id: String,
    pub device_id: String,
    pub user: String,
    pub kind: RecordKind,
    pub time: Timestamp,
    /// Whether the ceremony succeeded, and by which stable code it failed.
    pub verdict: String,
    pub credential_id: String,
    pub nonce: Vec<u8>,
    /// SubjectPublicKeyInfo DER of the EK; empty in authentications and for Secure Enclave keys.
    pub ek_public: Vec<u8>,
    /// X.509 DER of the EK certificate, if one was sent.
    pub ek_certificate: Vec<u8>,
    /// What linked the certificate to a CA: DER, one behind the other.
    pub intermediates: Vec<u8>,
    /// The rules and CAs that were in force; absent where they were not kept.
    pub basis: Option<Digest>,
    /// The AK and its creation attestation; only its public part in authentications.
    pub ak: AttestationParameters,
    pub platform: PlatformParameters,
    /// SubjectPublicKeyInfo DER and signature of a Secure Enclave key.
    pub device_key: Vec<u8>,
    pub signature: Vec<u8>,
    pub tier: AttestationTier,
    /// What is remarkable about an EK certificate that was accepted.
    #[serde(default)]
    pub findings: Vec<EkFinding>,
}

/// Where a listing of devices goes on: after this (normalised tag, OS, id).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCursor {
    pub tag: String,
    pub os: i32,
    pub id: String,
}
