//! Messages in protobuf's JSON with the names of the `.proto` files; absent values are left out.

use gatehouse_model::CollectedData;
use serde_json::{Map, Value};

/// A `DeviceCollectedData`.
#[must_use]
pub fn collected_data_json(data: &CollectedData) -> Value {
    let texts = [
        ("serial_number", &data.serial_number),
        ("model_identifier", &data.model_identifier),
        ("os_version", &data.os_version),
        ("os_build", &data.os_build),
        ("os_username", &data.os_username),
        ("jamf_binary_version", &data.jamf_binary_version),
        ("macos_enrollment_profiles", &data.macos_enrollment_profiles),
        ("reported_asset_tag", &data.reported_asset_tag),
        ("system_serial_number", &data.system_serial_number),
        ("base_board_serial_number", &data.base_board_serial_number),
        ("os_id", &data.os_id),
        ("os_login_user", &data.os_login_user),
    ];
    let mut object = Map::new();
    object.insert("collect_time".to_owned(), Value::String(data.collect_time.to_string()));
    let os = format!("OS_TYPE_{}", data.os_type.as_str().to_uppercase());
    object.insert("os_type".to_owned(), Value::String(os));
    for (name, text) in texts {
        if !text.is_empty() {
            object.insert(name.to_owned(), Value::String(text.clone()));
        }
    }
    Value::Object(object)
}

/// A `DeviceCredential` of a TPM, which has an id alone on this side.
#[must_use]
pub fn credential_json(id: &str) -> Value {
    serde_json::json!({ "id": id })
}

#[cfg(test)]
mod tests {
    use gatehouse_model::{OsType, Timestamp};

    use super::*;

    #[test]
    fn enums_have_their_proto_names_and_empty_texts_are_left_out() {
        let mut data = CollectedData::new(Timestamp::from_secs(0), OsType::Linux, "PF1");
        data.os_id = "debian".to_owned();
        assert_eq!(
            collected_data_json(&data),
            serde_json::json!({
                "collect_time": "1970-01-01T00:00:00Z",
                "os_type": "OS_TYPE_LINUX",
                "serial_number": "PF1",
                "os_id": "debian",
            })
        );
    }
}
