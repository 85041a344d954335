use gatehouse_model::resource::{KIND_DEVICE, Metadata};
use gatehouse_model::{AttestationTier, DeviceOrigin, OsType, Timestamp};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::devicetrust as wire;

use super::{CredentialResource, DeviceResource, DeviceSpec, ProfileResource, SourceResource, VERSION};

pub(super) const UNSPECIFIED: &str = "unspecified";

impl From<wire::Device> for DeviceResource {
    /// The enrolment token is never part of the document.
    fn from(device: wire::Device) -> Self {
        Self {
            kind: KIND_DEVICE.to_owned(),
            version: VERSION.to_owned(),
            metadata: Metadata { name: device.id, ..Metadata::default() },
            spec: DeviceSpec {
                os_type: os_name(device.os_type),
                asset_tag: device.asset_tag,
                create_time: moment(device.create_time.as_ref()),
                update_time: moment(device.update_time.as_ref()),
                enroll_status: match device.enroll_status {
                    1 => "not_enrolled",
                    2 => "enrolled",
                    _ => UNSPECIFIED,
                }
                .to_owned(),
                owner: device.owner,
                credential: device.credential.map(Into::into),
                source: device.source.map(|source| SourceResource {
                    name: source.name,
                    origin: DeviceOrigin::from_number(source.origin)
                        .map_or(UNSPECIFIED, DeviceOrigin::as_str)
                        .to_owned(),
                }),
                profile: device.profile.map(Into::into),
                collected_data: device.collected_data.into_iter().map(Into::into).collect(),
            },
        }
    }
}

impl From<wire::DeviceCredential> for CredentialResource {
    fn from(credential: wire::DeviceCredential) -> Self {
        Self {
            id: credential.id,
            public_key_der: credential.public_key_der,
            device_attestation_type: AttestationTier::from_number(credential.device_attestation_type)
                .map_or("", AttestationTier::as_str)
                .to_owned(),
            tpm_ekcert_serial: credential.tpm_ekcert_serial,
            tpm_ak_public: credential.tpm_ak_public,
        }
    }
}

impl From<wire::DeviceProfile> for ProfileResource {
    fn from(profile: wire::DeviceProfile) -> Self {
        Self {
            update_time: moment(profile.update_time.as_ref()),
            model_identifier: profile.model_identifier,
            os_version: profile.os_version,
            os_build: profile.os_build,
            os_build_supplemental: profile.os_build_supplemental,
            os_usernames: profile.os_usernames,
            jamf_binary_version: profile.jamf_binary_version,
            external_id: profile.external_id,
            os_id: profile.os_id,
        }
    }
}

pub(super) fn os_name(number: i32) -> String {
    OsType::from_number(number).map_or(UNSPECIFIED, OsType::as_str).to_owned()
}

pub(super) fn moment(wire: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    wire.and_then(|moment| read_timestamp(moment).ok())
}
