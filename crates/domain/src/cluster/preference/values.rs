//! The preference as one value for each of its keys: JSON, as it is stored and as the keys' paths name it in the document.

use std::collections::BTreeMap;

use gatehouse_model::resource::PreferenceSpec;
use gatehouse_model::{BootDrift, DeviceTrustMode, Leniency};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::entity::{PREFERENCE_KEYS, PreferenceKey, StoredValue};
use crate::ports::StoreError;

/// Values by their keys; what is left out is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values(BTreeMap<PreferenceKey, Value>);

impl Values {
    pub(super) fn of(spec: &PreferenceSpec) -> Self {
        let document = json!(spec);
        let value = |key: PreferenceKey| {
            let steps = key.as_str().split('.');
            steps.into_iter().try_fold(&document, |within, step| within.get(step)).cloned()
        };
        Self(PREFERENCE_KEYS.into_iter().filter_map(|key| Some((key, value(key)?))).collect())
    }

    /// Values as they are stored; those of keys that a newer server has written are left out.
    ///
    /// # Errors
    /// One that this server does not understand, unless the strictest can stand for it: never fail open.
    pub(super) fn stored(stored: &[StoredValue]) -> Result<Self, StoreError> {
        let mut values = Self::default();
        for StoredValue { key: name, json, .. } in stored {
            let Some(key) = PREFERENCE_KEYS.into_iter().find(|key| key.as_str() == name) else { continue };
            let understood = serde_json::from_str(json).ok().filter(|value| is_understood(key, value));
            let value = understood.or_else(|| strictest(key));
            let corrupt = || StoreError::Corrupt { what: format!("preference value of {name}") };
            values.0.insert(key, value.ok_or_else(corrupt)?);
        }
        Ok(values)
    }

    /// # Errors
    /// Values that are none of their keys'.
    pub(super) fn spec(self) -> Result<PreferenceSpec, StoreError> {
        let mut document = Map::new();
        for (key, value) in self.0 {
            match key.as_str().split_once('.') {
                None => _ = document.insert(key.as_str().to_owned(), value),
                Some((section, name)) => {
                    let section = document.entry(section).or_insert_with(|| json!({}));
                    section[name] = value;
                }
            }
        }
        let corrupt = |_| StoreError::Corrupt { what: "values of the preference".to_owned() };
        serde_json::from_value(Value::Object(document)).map_err(corrupt)
    }

    pub(super) fn get(&self, key: PreferenceKey) -> Option<&Value> {
        self.0.get(&key)
    }

    pub(super) fn has(&self, key: PreferenceKey) -> bool {
        self.0.contains_key(&key)
    }

    /// Without those for which `keep` is false.
    pub(super) fn only(mut self, keep: impl Fn(PreferenceKey, &Value) -> bool) -> Self {
        self.0.retain(|key, value| keep(*key, value));
        self
    }

    /// These, and for keys that are not set those of `others`.
    pub(super) fn or(&self, others: &Self) -> Self {
        Self(others.0.iter().chain(&self.0).map(|(key, value)| (*key, value.clone())).collect())
    }

    /// Another for every change.
    pub(super) fn revision(&self) -> String {
        let values: Vec<_> = PREFERENCE_KEYS.into_iter().map(|key| self.get(key)).collect();
        hex::encode(&Sha256::digest(json!(values).to_string())[..8])
    }
}

fn is_understood(key: PreferenceKey, value: &Value) -> bool {
    Values(BTreeMap::from([(key, value.clone())])).spec().is_ok()
}

/// What stands for a mode of which this server does not know the name.
const STRICTEST_MODE: DeviceTrustMode = DeviceTrustMode::Required;

/// What stands for a policy of which this server does not know the name.
fn strictest(key: PreferenceKey) -> Option<Value> {
    match key {
        PreferenceKey::Mode => Some(json!(STRICTEST_MODE)),
        PreferenceKey::EkcertSha1 | PreferenceKey::EkcertExpiredCa | PreferenceKey::EkcertExpiredEk => {
            Some(json!(Leniency::Refuse))
        }
        PreferenceKey::BootDrift => Some(json!(BootDrift::Review)),
        _ => None,
    }
}

/// A mode from its dynamic value, as [`Values::stored`] reads it.
pub(super) fn read_mode(json: &str) -> DeviceTrustMode {
    serde_json::from_str(json).unwrap_or(STRICTEST_MODE)
}

/// A value as the audit log has it. Lists of CAs are long: it says how many and which.
pub(super) fn audit_form(key: PreferenceKey, value: Option<&Value>) -> Value {
    match (key, value) {
        (_, None) => Value::Null,
        (PreferenceKey::EkcertAllowedCas, Some(Value::Array(pems))) => {
            let hash = |pem: &Value| json!(hex::encode(Sha256::digest(pem.as_str().unwrap_or_default())));
            Value::Array(pems.iter().map(hash).collect())
        }
        (_, Some(value)) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::resource::DeviceTrustSpec;
    use gatehouse_model::{EkVendors, LinkScheme, SecondFactor, Timestamp};

    use super::*;

    fn stored(key: &str, json: &str) -> StoredValue {
        StoredValue {
            key: key.to_owned(),
            json: json.to_owned(),
            updated: Timestamp::from_secs(0),
            updated_by: String::new(),
        }
    }

    #[test]
    fn every_key_has_its_place_in_the_document() {
        let full = PreferenceSpec {
            second_factor: Some(SecondFactor::Otp),
            device_trust: DeviceTrustSpec {
                mode: Some(DeviceTrustMode::Required),
                auto_enroll: Some(true),
                ekcert_allowed_cas: Some(vec!["PEM".to_owned()]),
                ekcert_allowed_vendors: Some(EkVendors::new(["all"]).unwrap()),
                ekcert_sha1: Some(Leniency::Refuse),
                ekcert_expired_ca: Some(Leniency::Refuse),
                ekcert_expired_ek: Some(Leniency::Refuse),
                web_session_max_age: Some("8h".parse().unwrap()),
                link_scheme: Some(LinkScheme::default()),
                boot_drift: Some(BootDrift::Review),
                ekcert_fetch_cas: Some(true),
                ship_ahead: Some(true),
                remote_browser: Some(true),
            },
        };
        let values = Values::of(&full);
        for key in PREFERENCE_KEYS {
            assert!(values.has(key), "{}", key.as_str());
        }
        assert_eq!(values.spec().unwrap(), full);
        assert_eq!(Values::of(&PreferenceSpec::default()), Values::default());
    }

    #[test]
    fn what_a_newer_server_has_stored_never_opens_anything() {
        let values = Values::stored(&[
            stored("device_trust.mode", "\"sometimes\""),
            stored("device_trust.ekcert_sha1", "{}"),
            stored("device_trust.boot_drift", "not even JSON"),
            stored("device_trust.later", "true"),
        ]);
        let trust = values.unwrap().spec().unwrap().device_trust;
        assert_eq!(trust.mode, Some(DeviceTrustMode::Required));
        assert_eq!(trust.ekcert_sha1, Some(Leniency::Refuse));
        assert_eq!(trust.boot_drift, Some(BootDrift::Review));
        assert_eq!(read_mode("\"sometimes\""), DeviceTrustMode::Required);
        let damaged = Values::stored(&[stored("device_trust.auto_enroll", "\"perhaps\"")]);
        assert!(
            matches!(damaged, Err(StoreError::Corrupt { what }) if what.contains("device_trust.auto_enroll"))
        );
    }
}
