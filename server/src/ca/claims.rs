//! What a certificate says beyond the user's name.

use gatehouse_domain::ports::DeviceExtensions;
use serde::{Deserialize, Serialize};

/// Subject attribute: the device's id.
pub(crate) const DEVICE_ID_OID: &[u64] = &[1, 3, 9999, 3, 1];
/// Subject attribute: the device's asset tag.
pub(crate) const ASSET_TAG_OID: &[u64] = &[1, 3, 9999, 3, 2];
/// Subject attribute: the id of the credential that the device authenticated with.
pub(crate) const CREDENTIAL_ID_OID: &[u64] = &[1, 3, 9999, 3, 3];
/// Private extension, non-critical: a [`Grant`] as JSON.
pub(crate) const SESSION_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 64514, 1, 1];

/// Session and roles of an X.509 user certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    pub(crate) session: String,
    pub(crate) roles: Vec<String>,
}

/// Name of the SSH extension, OID of the subject attribute and value of each device claim.
pub(super) fn device_claims(device: &DeviceExtensions) -> [(&'static str, &'static [u64], &str); 3] {
    [
        (DEVICE_ID_EXTENSION, DEVICE_ID_OID, &device.device_id),
        (ASSET_TAG_EXTENSION, ASSET_TAG_OID, &device.asset_tag),
        (CREDENTIAL_ID_EXTENSION, CREDENTIAL_ID_OID, &device.credential_id),
    ]
}

pub(super) const DEVICE_ID_EXTENSION: &str = "teleport-device-id";
pub(super) const ASSET_TAG_EXTENSION: &str = "teleport-device-asset-tag";
pub(super) const CREDENTIAL_ID_EXTENSION: &str = "teleport-device-credential-id";
