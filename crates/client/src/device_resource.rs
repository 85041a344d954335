//! A device as a document: what `tctl get`, `create` and `edit` read and write.

mod evidence;
mod read;
mod write;

use gatehouse_model::Timestamp;
use gatehouse_model::resource::Metadata;
use serde::{Deserialize, Serialize};

pub use read::DeviceResourceError;

use evidence::CollectedDataResource;

/// Version of the document.
const VERSION: &str = "v1";

/// A device as `kind: device`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceResource {
    pub kind: String,
    pub version: String,
    /// The name is the id of the device; the server makes one if it is empty.
    #[serde(default)]
    pub metadata: Metadata,
    pub spec: DeviceSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSpec {
    pub os_type: String,
    pub asset_tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
    pub enroll_status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialResource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceResource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileResource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collected_data: Vec<CollectedDataResource>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialResource {
    pub id: String,
    #[serde(with = "evidence::base64_text", skip_serializing_if = "Vec::is_empty")]
    pub public_key_der: Vec<u8>,
    pub device_attestation_type: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tpm_ekcert_serial: String,
    #[serde(with = "evidence::base64_text", skip_serializing_if = "Vec::is_empty")]
    pub tpm_ak_public: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceResource {
    pub name: String,
    pub origin: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileResource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model_identifier: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_build: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_build_supplemental: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub os_usernames: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub jamf_binary_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub external_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_id: String,
}

#[cfg(test)]
mod tests;
