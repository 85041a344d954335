use serde::{Deserialize, Serialize};

use crate::{OsType, Timestamp};

/// What a device tells about itself during a ceremony; all of it is claimed, none of it proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedData {
    /// When the client collected it, by the client's clock.
    pub collect_time: Timestamp,
    /// When the server stored it; set by the server alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_time: Option<Timestamp>,
    pub os_type: OsType,
    /// Matched against the device's asset tag.
    pub serial_number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model_identifier: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os_build: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os_username: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jamf_binary_version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub macos_enrollment_profiles: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reported_asset_tag: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_serial_number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_board_serial_number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os_login_user: String,
}

impl CollectedData {
    /// Data with only what is required.
    #[must_use]
    pub fn new(collect_time: Timestamp, os_type: OsType, serial_number: impl Into<String>) -> Self {
        Self {
            collect_time,
            record_time: None,
            os_type,
            serial_number: serial_number.into(),
            model_identifier: String::new(),
            os_version: String::new(),
            os_build: String::new(),
            os_username: String::new(),
            jamf_binary_version: String::new(),
            macos_enrollment_profiles: String::new(),
            reported_asset_tag: String::new(),
            system_serial_number: String::new(),
            base_board_serial_number: String::new(),
            os_id: String::new(),
            os_login_user: String::new(),
        }
    }
}

/// SMBIOS values as Linux shows them below `/sys/class/dmi/id`; the names are those of the cached JSON file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DmiData {
    pub product_name: String,
    pub product_serial: String,
    pub board_serial: String,
    pub chassis_asset_tag: String,
}
