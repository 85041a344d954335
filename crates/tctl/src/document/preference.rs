//! What people write into the `cluster_auth_preference` and JSON has no word for.

use gatehouse_client::Result;
use gatehouse_model::{DeviceTrustMode, Leniency};
use serde_yaml_ng::Value;

use super::invalid;

/// Reads `yes` and `no` of YAML 1.1 as the configuration file does, and knows the modes.
pub(super) fn read(mut document: Value) -> Result<Value> {
    let trust = document.get_mut("spec").and_then(|spec| spec.get_mut("device_trust"));
    let Some(trust) = trust else { return Ok(document) };
    if let Some(mode) = trust.get("mode").and_then(Value::as_str) {
        mode.parse::<DeviceTrustMode>().map_err(|error| invalid(error.to_string()))?;
    }
    for key in ["ekcert_sha1", "ekcert_expired_ca", "ekcert_expired_ek"] {
        if let Some(text) = trust.get(key).and_then(Value::as_str) {
            text.parse::<Leniency>().map_err(|error| invalid(format!("device_trust.{key}: {error}")))?;
        }
    }
    for key in ["auto_enroll", "ekcert_fetch_cas", "ship_ahead", "remote_browser"] {
        if let Some(flag) = trust.get_mut(key)
            && let Some(text) = flag.as_str()
        {
            *flag = match text.to_ascii_lowercase().as_str() {
                "yes" | "on" => Value::Bool(true),
                "no" | "off" => Value::Bool(false),
                _ => return Err(invalid(format!("device_trust.{key} is true or false"))),
            };
        }
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(text: &str) -> Result<Value> {
        let document = format!("kind: cap\nspec: {{device_trust: {{{text}}}}}\n");
        Ok(read(serde_yaml_ng::from_str(&document).unwrap())?["spec"]["device_trust"].clone())
    }

    #[test]
    fn yes_and_no_are_truth_values() {
        assert_eq!(trust("auto_enroll: yes").unwrap()["auto_enroll"], Value::Bool(true));
        assert_eq!(trust("auto_enroll: No").unwrap()["auto_enroll"], Value::Bool(false));
        assert_eq!(trust("auto_enroll: true").unwrap()["auto_enroll"], Value::Bool(true));
        assert!(trust("auto_enroll: perhaps").is_err());
        for key in ["ekcert_fetch_cas", "ship_ahead", "remote_browser"] {
            assert_eq!(trust(&format!("{key}: yes")).unwrap()[key], Value::Bool(true));
            let message = trust(&format!("{key}: perhaps")).unwrap_err().message;
            assert_eq!(message, format!("device_trust.{key} is true or false"));
        }
    }

    #[test]
    fn modes_are_known() {
        assert_eq!(trust("mode: off").unwrap()["mode"], Value::from("off"));
        let message = trust("mode: sometimes").unwrap_err().message;
        assert!(message.starts_with("device trust mode \"sometimes\" not supported"), "{message}");
        assert!(read(Value::from("cap")).is_ok());
    }
}
