//! Resources as `tctl get`, `create` and `edit` show them: kind, version, metadata, spec.

use serde::{Deserialize, Serialize};

use crate::{
    BootDrift, DeviceTrustMode, EkVendors, Leniency, LinkScheme, SecondFactor, Timestamp, WebSessionMaxAge,
};

pub const KIND_USER: &str = "user";
pub const KIND_ROLE: &str = "role";
pub const KIND_LOCK: &str = "lock";
pub const KIND_DEVICE: &str = "device";
pub const KIND_PREFERENCE: &str = "cluster_auth_preference";
/// The only name of the `cluster_auth_preference`.
pub const PREFERENCE_NAME: &str = "cluster-auth-preference";

/// The outer shape of every resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct Resource<S> {
    pub kind: String,
    pub version: String,
    #[serde(default)]
    pub metadata: Metadata,
    pub spec: S,
}

/// Name of a resource, and what it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct Metadata {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The state that a change starts from: it is refused if that is no longer the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// Whether an account belongs to a person or to a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    #[default]
    Human,
    Bot,
}

impl UserKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
        }
    }
}

/// `spec` of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct UserSpec {
    #[serde(default)]
    pub kind: UserKind,
    pub roles: Vec<String>,
    /// OS logins this user may take, in addition to those of the roles.
    #[serde(default)]
    pub logins: Vec<String>,
}

/// `spec` of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct RoleSpec {
    #[serde(default)]
    pub allow: RoleAllow,
    #[serde(default)]
    pub options: RoleOptions,
}

/// What a role grants. There is nothing to deny: what no role grants is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct RoleAllow {
    #[serde(default)]
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub logins: Vec<String>,
}

/// Verbs on resources; `*` stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct Rule {
    pub resources: Vec<String>,
    pub verbs: Vec<String>,
}

/// Options of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct RoleOptions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_trust_mode: Option<DeviceTrustMode>,
    /// Longest life of a certificate, as in `12h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_ttl: Option<String>,
    /// False refuses browsers on other machines than the device, whatever the cluster allows; true adds nothing to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_browser: Option<bool>,
}

/// `spec` of a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct LockSpec {
    pub target: LockTarget,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// Who is locked: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct LockTarget {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// `spec` of the `cluster_auth_preference`; absent keys fall back to the file and then to the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct PreferenceSpec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    #[serde(default, skip_serializing_if = "DeviceTrustSpec::is_empty")]
    pub device_trust: DeviceTrustSpec,
}

/// `device_trust` of the preference and of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of keys to values")]
pub struct DeviceTrustSpec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<DeviceTrustMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_enroll: Option<bool>,
    /// CA certificates in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ekcert_allowed_cas: Option<Vec<String>>,
    /// TPM makers whose pinned CAs are allowed beside those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ekcert_allowed_vendors: Option<EkVendors>,
    /// What becomes of signatures with SHA-1 above an EK certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ekcert_sha1: Option<Leniency>,
    /// What becomes of CAs that have expired since they issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ekcert_expired_ca: Option<Leniency>,
    /// What becomes of EK certificates that have expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ekcert_expired_ek: Option<Leniency>,
    /// After how long a browser's session has to be authorized anew, as in `8h`; never, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_session_max_age: Option<WebSessionMaxAge>,
    /// Scheme of the links that open the device's client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_scheme: Option<LinkScheme>,
    /// What becomes of devices that booted otherwise than they did when they were good last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_drift: Option<BootDrift>,
    /// Whether missing CAs of EK certificates are fetched from where the certificates say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ekcert_fetch_cas: Option<bool>,
    /// Whether devices enrol themselves whose TPMs were announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_ahead: Option<bool>,
    /// Whether a browser on another machine than the device can be authorized, by a code; no, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_browser: Option<bool>,
}

impl DeviceTrustSpec {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mapping_is_told_in_words() {
        for text in [r#"{"device_trust": "required"}"#, "7"] {
            let error = serde_json::from_str::<PreferenceSpec>(text).map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains("struct"), "{text}: {error}");
        }
        let error = serde_json::from_str::<PreferenceSpec>(r#"{"device_trust": "required"}"#).unwrap_err();
        assert!(error.to_string().contains("expected a mapping of keys to values"), "{error}");
    }
}
