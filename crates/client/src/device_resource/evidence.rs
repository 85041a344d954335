use gatehouse_model::Timestamp;
use gatehouse_proto::devicetrust as wire;
use serde::{Deserialize, Serialize};

use super::read::{DeviceResourceError, os_number};
use super::write::{moment, os_name};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CollectedDataResource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collect_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_time: Option<Timestamp>,
    pub os_type: String,
    pub serial_number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model_identifier: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_build: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub jamf_binary_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub macos_enrollment_profiles: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reported_asset_tag: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub system_serial_number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base_board_serial_number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_login_user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm_platform_attestation: Option<PlatformAttestationResource>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformAttestationResource {
    #[serde(with = "base64_text")]
    pub nonce: Vec<u8>,
    pub platform_parameters: PlatformParametersResource,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformParametersResource {
    pub quotes: Vec<QuoteResource>,
    pub pcrs: Vec<PcrResource>,
    #[serde(with = "base64_text", skip_serializing_if = "Vec::is_empty")]
    pub event_log: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuoteResource {
    #[serde(with = "base64_text")]
    pub quote: Vec<u8>,
    #[serde(with = "base64_text")]
    pub signature: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PcrResource {
    pub index: i32,
    #[serde(with = "base64_text")]
    pub digest: Vec<u8>,
    pub digest_alg: u64,
}

impl From<wire::DeviceCollectedData> for CollectedDataResource {
    fn from(data: wire::DeviceCollectedData) -> Self {
        Self {
            collect_time: moment(data.collect_time.as_ref()),
            record_time: moment(data.record_time.as_ref()),
            os_type: os_name(data.os_type),
            serial_number: data.serial_number,
            model_identifier: data.model_identifier,
            os_version: data.os_version,
            os_build: data.os_build,
            os_username: data.os_username,
            jamf_binary_version: data.jamf_binary_version,
            macos_enrollment_profiles: data.macos_enrollment_profiles,
            reported_asset_tag: data.reported_asset_tag,
            system_serial_number: data.system_serial_number,
            base_board_serial_number: data.base_board_serial_number,
            os_id: data.os_id,
            os_login_user: data.os_login_user,
            tpm_platform_attestation: data.tpm_platform_attestation.map(Into::into),
        }
    }
}

impl From<wire::TpmPlatformAttestation> for PlatformAttestationResource {
    fn from(attestation: wire::TpmPlatformAttestation) -> Self {
        let parameters = attestation.platform_parameters.unwrap_or_default();
        let quote = |quote: wire::TpmQuote| QuoteResource { quote: quote.quote, signature: quote.signature };
        let pcr = |pcr: wire::Tpmpcr| PcrResource {
            index: pcr.index,
            digest: pcr.digest,
            digest_alg: pcr.digest_alg,
        };
        Self {
            nonce: attestation.nonce,
            platform_parameters: PlatformParametersResource {
                quotes: parameters.quotes.into_iter().map(quote).collect(),
                pcrs: parameters.pcrs.into_iter().map(pcr).collect(),
                event_log: parameters.event_log,
            },
        }
    }
}

impl CollectedDataResource {
    pub(super) fn into_wire(self) -> Result<wire::DeviceCollectedData, DeviceResourceError> {
        Ok(wire::DeviceCollectedData {
            collect_time: self.collect_time.map(gatehouse_proto::convert::timestamp),
            record_time: self.record_time.map(gatehouse_proto::convert::timestamp),
            os_type: os_number(&self.os_type)?,
            serial_number: self.serial_number,
            model_identifier: self.model_identifier,
            os_version: self.os_version,
            os_build: self.os_build,
            os_username: self.os_username,
            jamf_binary_version: self.jamf_binary_version,
            macos_enrollment_profiles: self.macos_enrollment_profiles,
            reported_asset_tag: self.reported_asset_tag,
            system_serial_number: self.system_serial_number,
            base_board_serial_number: self.base_board_serial_number,
            tpm_platform_attestation: self
                .tpm_platform_attestation
                .map(PlatformAttestationResource::into_wire),
            os_id: self.os_id,
            os_login_user: self.os_login_user,
        })
    }
}

impl PlatformAttestationResource {
    fn into_wire(self) -> wire::TpmPlatformAttestation {
        let parameters = self.platform_parameters;
        let quote = |quote: QuoteResource| wire::TpmQuote { quote: quote.quote, signature: quote.signature };
        let pcr = |pcr: PcrResource| wire::Tpmpcr {
            index: pcr.index,
            digest: pcr.digest,
            digest_alg: pcr.digest_alg,
        };
        wire::TpmPlatformAttestation {
            nonce: self.nonce,
            platform_parameters: Some(wire::TpmPlatformParameters {
                quotes: parameters.quotes.into_iter().map(quote).collect(),
                pcrs: parameters.pcrs.into_iter().map(pcr).collect(),
                event_log: parameters.event_log,
            }),
        }
    }
}

/// Bytes as standard base64, as protobuf's JSON has them.
pub(super) mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text.trim()).map_err(|_| D::Error::custom("not base64"))
    }
}
