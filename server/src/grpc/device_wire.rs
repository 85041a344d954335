//! Devices between the domain's types and the wire's.

use gatehouse_domain::Failure;
use gatehouse_domain::device::{DeviceChange, DeviceSpec, DeviceView, NewEnrollToken};
use gatehouse_domain::entity::{CollectedRecord, Credential, DeviceProfile, DeviceSource, Evidence};
use gatehouse_model::{AssetTag, DeviceOrigin, EnrollStatus, clean_label};
use gatehouse_proto::convert::{collected_data, platform_parameters, read_os, read_timestamp, timestamp};
use gatehouse_proto::devicetrust as wire;

use super::status;

const API_VERSION: &str = "v1";

pub(super) fn device(view: DeviceView) -> wire::Device {
    let device = view.device;
    wire::Device {
        api_version: API_VERSION.to_owned(),
        id: device.id,
        os_type: device.os_type.number(),
        asset_tag: device.asset_tag.to_string(),
        create_time: Some(timestamp(device.created)),
        update_time: Some(timestamp(device.updated)),
        enroll_token: None,
        enroll_status: device.enroll_status as i32,
        credential: view.credential.map(credential),
        collected_data: view.collected.iter().map(|record| collected(record, &view.evidence)).collect(),
        source: device
            .source
            .map(|source| wire::DeviceSource { name: source.name, origin: source.origin as i32 }),
        profile: device.profile.map(profile),
        owner: device.owner.unwrap_or_default(),
    }
}

pub(super) fn enroll_token(token: &NewEnrollToken) -> wire::DeviceEnrollToken {
    wire::DeviceEnrollToken {
        token: token.token.reveal().to_owned(),
        expire_time: Some(timestamp(token.expires)),
    }
}

fn credential(credential: Credential) -> wire::DeviceCredential {
    wire::DeviceCredential {
        id: credential.id,
        public_key_der: credential.public_key_der,
        device_attestation_type: credential.tier as i32,
        tpm_ekcert_serial: credential.ekcert_serial,
        tpm_ak_public: credential.ak_public,
    }
}

fn collected(record: &CollectedRecord, evidence: &[Evidence]) -> wire::DeviceCollectedData {
    let proof = evidence.iter().find(|proof| {
        proof.kind == record.kind
            && Some(proof.time) == record.data.record_time
            && !proof.platform.quotes.is_empty()
    });
    wire::DeviceCollectedData {
        tpm_platform_attestation: proof.map(|proof| wire::TpmPlatformAttestation {
            nonce: proof.nonce.clone(),
            platform_parameters: Some(platform_parameters(proof.platform.clone())),
        }),
        ..collected_data(&record.data)
    }
}

fn profile(profile: DeviceProfile) -> wire::DeviceProfile {
    wire::DeviceProfile {
        update_time: profile.update_time.map(timestamp),
        model_identifier: profile.model_identifier,
        os_version: profile.os_version,
        os_build: profile.os_build,
        os_usernames: profile.os_usernames,
        jamf_binary_version: profile.jamf_binary_version,
        external_id: profile.external_id,
        os_build_supplemental: profile.os_build_supplemental,
        os_id: profile.os_id,
    }
}

/// Reads a device that is to be registered; fields that only the server sets are looked at where it is created as
/// a resource.
pub(super) fn read_spec(device: wire::Device, as_resource: bool) -> Result<DeviceSpec, Failure> {
    let os_type = read_os(device.os_type).map_err(|error| status::malformed(&error))?;
    let asset_tag =
        AssetTag::try_from(device.asset_tag).map_err(gatehouse_domain::device::DeviceError::from)?;
    let mut spec = DeviceSpec::new(os_type, asset_tag);
    spec.source = device.source.map(read_source).transpose()?;
    spec.profile = device.profile.map(read_profile).transpose()?;
    spec.owner = Some(device.owner).filter(|owner| !owner.is_empty());
    if as_resource {
        spec.id = Some(device.id).filter(|id| !id.is_empty());
        spec.enroll_status = read_enroll_status(device.enroll_status)?;
    }
    Ok(spec)
}

/// Reads the fields that a mask names; without a mask, every field that can change.
pub(super) fn read_change(device: wire::Device, paths: &[String]) -> Result<DeviceChange, Failure> {
    let mut change = DeviceChange::default();
    let all = ["enroll_status", "owner", "source", "profile"].map(str::to_owned);
    let paths: &[String] = if paths.is_empty() { &all } else { paths };
    let owner = Some(device.owner).filter(|owner| !owner.is_empty());
    let source = device.source.map(read_source).transpose()?;
    let profile = device.profile.map(read_profile).transpose()?;
    for path in paths {
        match path.as_str() {
            "enroll_status" => change.enroll_status = read_enroll_status(device.enroll_status)?,
            "owner" => change.owner = Some(owner.clone()),
            "source" => change.source = Some(source.clone()),
            "profile" => change.profile = Some(profile.clone()),
            other => {
                let text = format!("field \"{}\" cannot be changed", clean_label(other));
                return Err(status::invalid("field_immutable", text));
            }
        }
    }
    Ok(change)
}

fn read_enroll_status(number: i32) -> Result<Option<EnrollStatus>, Failure> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(EnrollStatus::NotEnrolled)),
        2 => Ok(Some(EnrollStatus::Enrolled)),
        _ => Err(status::invalid("invalid_enroll_status", "unknown enroll status")),
    }
}

fn read_source(source: wire::DeviceSource) -> Result<DeviceSource, Failure> {
    let origin = DeviceOrigin::from_number(source.origin)
        .ok_or_else(|| status::invalid("invalid_source", "unknown device origin"))?;
    Ok(DeviceSource { name: clean_label(&source.name), origin })
}

fn read_profile(profile: wire::DeviceProfile) -> Result<DeviceProfile, Failure> {
    let update_time = profile
        .update_time
        .as_ref()
        .map(read_timestamp)
        .transpose()
        .map_err(|error| status::malformed(&error))?;
    if profile.os_usernames.len() > 100 {
        return Err(status::invalid("invalid_profile", "a profile holds at most 100 OS user names"));
    }
    Ok(DeviceProfile {
        update_time,
        model_identifier: clean_label(&profile.model_identifier),
        os_version: clean_label(&profile.os_version),
        os_build: clean_label(&profile.os_build),
        os_build_supplemental: clean_label(&profile.os_build_supplemental),
        os_usernames: profile.os_usernames.iter().map(|name| clean_label(name)).collect(),
        jamf_binary_version: clean_label(&profile.jamf_binary_version),
        external_id: clean_label(&profile.external_id),
        os_id: clean_label(&profile.os_id),
    })
}
