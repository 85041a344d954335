use gatehouse_model::resource::KIND_DEVICE;
use gatehouse_model::{
    AssetTag, AssetTagError, AttestationTier, DeviceOrigin, EnrollStatus, OsType, clean_label,
};
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::devicetrust as wire;

use super::write::UNSPECIFIED;
use super::{CredentialResource, DeviceResource, ProfileResource, SourceResource, VERSION};
use crate::error::ClientError;

/// Why a document is no device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceResourceError {
    #[error("unexpected resource kind \"{0}\", must be \"device\"")]
    Kind(String),
    #[error("unexpected version \"{0}\" of a device, must be \"v1\"")]
    Version(String),
    #[error("missing OS type")]
    MissingOs,
    #[error("unknown os type \"{0}\"")]
    UnknownOs(String),
    #[error("{0}")]
    AssetTag(String),
    #[error("unknown enroll status \"{0}\"")]
    EnrollStatus(String),
    #[error("unknown attestation type \"{0}\"")]
    AttestationType(String),
    #[error("unknown device origin \"{0}\"")]
    Origin(String),
}

impl From<DeviceResourceError> for ClientError {
    fn from(error: DeviceResourceError) -> Self {
        Self::new(gatehouse_model::ErrorKind::InvalidInput, "invalid_device", error.to_string())
    }
}

impl From<AssetTagError> for DeviceResourceError {
    fn from(error: AssetTagError) -> Self {
        Self::AssetTag(error.to_string())
    }
}

impl DeviceResource {
    /// The device for the wire.
    ///
    /// # Errors
    /// The document is of another kind or holds what a device cannot have.
    pub fn into_wire(self) -> Result<wire::Device, DeviceResourceError> {
        if self.kind != KIND_DEVICE {
            return Err(DeviceResourceError::Kind(clean_label(&self.kind)));
        }
        if self.version != VERSION {
            return Err(DeviceResourceError::Version(clean_label(&self.version)));
        }
        let spec = self.spec;
        if spec.os_type.is_empty() || spec.os_type == UNSPECIFIED {
            return Err(DeviceResourceError::MissingOs);
        }
        let os_type = os_number(&spec.os_type)?;
        let asset_tag = AssetTag::try_from(spec.asset_tag)?;
        let enroll_status = match spec.enroll_status.as_str() {
            "" | UNSPECIFIED => 0,
            text => text
                .parse::<EnrollStatus>()
                .map(|status| status as i32)
                .map_err(|_| DeviceResourceError::EnrollStatus(clean_label(text)))?,
        };
        Ok(wire::Device {
            api_version: VERSION.to_owned(),
            id: self.metadata.name,
            os_type,
            asset_tag: asset_tag.into(),
            create_time: spec.create_time.map(timestamp),
            update_time: spec.update_time.map(timestamp),
            enroll_token: None,
            enroll_status,
            credential: spec.credential.map(CredentialResource::into_wire).transpose()?,
            collected_data: spec
                .collected_data
                .into_iter()
                .map(super::CollectedDataResource::into_wire)
                .collect::<Result<_, _>>()?,
            source: spec.source.map(SourceResource::into_wire).transpose()?,
            profile: spec.profile.map(ProfileResource::into_wire),
            owner: spec.owner,
        })
    }
}

impl CredentialResource {
    fn into_wire(self) -> Result<wire::DeviceCredential, DeviceResourceError> {
        let tier: AttestationTier = self
            .device_attestation_type
            .parse()
            .map_err(|_| DeviceResourceError::AttestationType(clean_label(&self.device_attestation_type)))?;
        Ok(wire::DeviceCredential {
            id: self.id,
            public_key_der: self.public_key_der,
            device_attestation_type: tier as i32,
            tpm_ekcert_serial: self.tpm_ekcert_serial,
            tpm_ak_public: self.tpm_ak_public,
        })
    }
}

impl SourceResource {
    fn into_wire(self) -> Result<wire::DeviceSource, DeviceResourceError> {
        let origin = match self.origin.as_str() {
            "" | UNSPECIFIED => 0,
            text => text
                .parse::<DeviceOrigin>()
                .map(|origin| origin as i32)
                .map_err(|_| DeviceResourceError::Origin(clean_label(text)))?,
        };
        Ok(wire::DeviceSource { name: self.name, origin })
    }
}

impl ProfileResource {
    fn into_wire(self) -> wire::DeviceProfile {
        wire::DeviceProfile {
            update_time: self.update_time.map(timestamp),
            model_identifier: self.model_identifier,
            os_version: self.os_version,
            os_build: self.os_build,
            os_usernames: self.os_usernames,
            jamf_binary_version: self.jamf_binary_version,
            external_id: self.external_id,
            os_build_supplemental: self.os_build_supplemental,
            os_id: self.os_id,
        }
    }
}

pub(super) fn os_number(text: &str) -> Result<i32, DeviceResourceError> {
    if text.is_empty() || text == UNSPECIFIED {
        return Ok(0);
    }
    text.parse::<OsType>().map(OsType::number).map_err(|_| DeviceResourceError::UnknownOs(clean_label(text)))
}
