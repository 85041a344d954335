use gatehouse_model::{OsType, Timestamp};
use serde::{Deserialize, Serialize};

/// An event of the audit log, as it is written: the names of the fields are the contract's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// UUID.
    pub uid: String,
    pub time: Timestamp,
    /// Such as `device.enroll`.
    pub event: String,
    /// Such as `TV005I`.
    pub code: String,
    pub cluster_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// 1 = human, 2 = bot; absent where no account acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_kind: Option<u8>,
    pub success: bool,
    /// For people: what went wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Stable code of what went wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The device that the event is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceMetadata>,
    /// The trusted device that the acting session is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_device: Option<DeviceMetadata>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remote_address: String,
    /// What the event is about, where it is not a device: a user, a role, a lock.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Facts of the event's own.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// A device inside an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMetadata {
    pub device_id: String,
    /// The number of an [`OsType`]; left out where it is not known, as of the device that a session is on.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub os_type: i32,
    pub asset_tag: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credential_id: String,
    /// How its key is vouched for, as [`gatehouse_model::AttestationTier::as_str`] says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tier: String,
    /// Since when a session is trusted for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How a browser's session came to it, as [`gatehouse_model::ConfirmedBy::as_str`] says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub confirmed_by: String,
    /// It spoke for a browser's session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub web_authentication: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub web_session_id: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_unknown(os_type: &i32) -> bool {
    *os_type == 0
}

impl DeviceMetadata {
    #[must_use]
    pub fn new(device_id: &str, os_type: OsType, asset_tag: &str, credential_id: &str) -> Self {
        Self {
            device_id: device_id.to_owned(),
            os_type: os_type.number(),
            asset_tag: asset_tag.to_owned(),
            credential_id: credential_id.to_owned(),
            ..Self::default()
        }
    }
}

/// Which events to list, newest first: by time, and those of one moment by sequence number.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub event: Option<String>,
    pub user: Option<String>,
    pub device_id: Option<String>,
    /// What the event is about, where it is not a device.
    pub target: Option<String>,
    pub request_id: Option<String>,
    pub success: Option<bool>,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Only events that come after the one with this sequence number in the list, which are older.
    pub before: Option<i64>,
    /// Only events that come before the one with this sequence number in the list, which are newer; the nearest of them.
    pub after: Option<i64>,
}

/// One page of the log, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    pub events: Vec<StoredEvent>,
    /// For `before`, if there are older events.
    pub older: Option<i64>,
    /// For `after`, if there may be newer events.
    pub newer: Option<i64>,
}

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Grows with every event.
    pub sequence: i64,
    pub event: AuditEvent,
}
