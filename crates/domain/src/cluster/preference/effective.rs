//! The values in force: dynamic ones win over the configuration file, which wins over the defaults, each key by itself.

use std::collections::BTreeMap;

use gatehouse_attestation::ChainPolicy;
use gatehouse_model::resource::{DeviceTrustSpec, PreferenceSpec};
use gatehouse_model::{BootDrift, DeviceTrustMode, EkVendors, LinkScheme, SecondFactor, WebSessionMaxAge};

use super::values::Values;
use crate::entity::{PREFERENCE_KEYS, PreferenceKey};
use crate::ports::StoreError;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Dynamic,
    File,
    Default,
}

impl Source {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// The values in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    pub second_factor: SecondFactor,
    pub mode: DeviceTrustMode,
    pub auto_enroll: bool,
    /// PEM.
    pub ekcert_allowed_cas: Vec<String>,
    /// TPM makers whose pinned CAs are allowed beside those.
    pub ekcert_allowed_vendors: EkVendors,
    /// How faults of EK certificates' chains are taken.
    pub ekcert_policy: ChainPolicy,
    /// After how long a browser's session has to be authorized anew.
    pub web_session_max_age: Option<WebSessionMaxAge>,
    /// Scheme of the links that open the device's client.
    pub link_scheme: LinkScheme,
    /// What becomes of devices that booted otherwise than they did when they were good last.
    pub boot_drift: BootDrift,
    /// Whether missing CAs of EK certificates are fetched from where the certificates say.
    pub ekcert_fetch_cas: bool,
    /// Whether devices enrol themselves whose TPMs were announced.
    pub ship_ahead: bool,
    /// A browser on another machine than the device can be authorized, by a code.
    pub remote_browser: bool,
}

/// What is not set is the default.
impl From<PreferenceSpec> for Effective {
    fn from(PreferenceSpec { second_factor, device_trust: trust }: PreferenceSpec) -> Self {
        let safe = ChainPolicy::default();
        Self {
            second_factor: second_factor.unwrap_or_default(),
            mode: trust.mode.unwrap_or_default(),
            auto_enroll: trust.auto_enroll.unwrap_or_default(),
            ekcert_allowed_cas: trust.ekcert_allowed_cas.unwrap_or_default(),
            ekcert_allowed_vendors: trust.ekcert_allowed_vendors.unwrap_or_default(),
            ekcert_policy: ChainPolicy {
                sha1: trust.ekcert_sha1.unwrap_or(safe.sha1),
                expired_ca: trust.ekcert_expired_ca.unwrap_or(safe.expired_ca),
                expired_ek: trust.ekcert_expired_ek.unwrap_or(safe.expired_ek),
            },
            web_session_max_age: trust.web_session_max_age,
            link_scheme: trust.link_scheme.unwrap_or_default(),
            boot_drift: trust.boot_drift.unwrap_or_default(),
            ekcert_fetch_cas: trust.ekcert_fetch_cas.unwrap_or_default(),
            ship_ahead: trust.ship_ahead.unwrap_or_default(),
            remote_browser: trust.remote_browser.unwrap_or_default(),
        }
    }
}

/// A document with every value set.
impl From<Effective> for PreferenceSpec {
    fn from(effective: Effective) -> Self {
        Self {
            second_factor: Some(effective.second_factor),
            device_trust: DeviceTrustSpec {
                mode: Some(effective.mode),
                auto_enroll: Some(effective.auto_enroll),
                ekcert_allowed_cas: Some(effective.ekcert_allowed_cas),
                ekcert_allowed_vendors: Some(effective.ekcert_allowed_vendors),
                ekcert_sha1: Some(effective.ekcert_policy.sha1),
                ekcert_expired_ca: Some(effective.ekcert_policy.expired_ca),
                ekcert_expired_ek: Some(effective.ekcert_policy.expired_ek),
                web_session_max_age: effective.web_session_max_age,
                link_scheme: Some(effective.link_scheme),
                boot_drift: Some(effective.boot_drift),
                ekcert_fetch_cas: Some(effective.ekcert_fetch_cas),
                ship_ahead: Some(effective.ship_ahead),
                remote_browser: Some(effective.remote_browser),
            },
        }
    }
}

/// The values in force, from the dynamic ones and the file's.
///
/// # Errors
/// Values that are none of their keys'.
pub(super) fn merge(dynamic: &Values, file: &Values) -> Result<Effective, StoreError> {
    Ok(dynamic.or(file).spec()?.into())
}

/// Where each value in force comes from.
pub(super) fn sources(dynamic: &Values, file: &Values) -> BTreeMap<&'static str, Source> {
    let source = |key| match key {
        key if dynamic.has(key) => Source::Dynamic,
        key if file.has(key) => Source::File,
        _ => Source::Default,
    };
    PREFERENCE_KEYS.into_iter().map(|key| (key.as_str(), source(key))).collect()
}

/// Keys of the file that a dynamic value shadows.
pub(super) fn shadowed(dynamic: &Values, file: &Values) -> Vec<&'static str> {
    let both = |key: &PreferenceKey| dynamic.has(*key) && file.has(*key);
    PREFERENCE_KEYS.into_iter().filter(both).map(PreferenceKey::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_wins_over_the_file_key_by_key() {
        let file = Values::of(&PreferenceSpec {
            second_factor: Some(SecondFactor::Off),
            device_trust: DeviceTrustSpec {
                mode: Some(DeviceTrustMode::Required),
                auto_enroll: Some(true),
                ..DeviceTrustSpec::default()
            },
        });
        let dynamic = Values::of(&PreferenceSpec {
            second_factor: None,
            device_trust: DeviceTrustSpec { mode: Some(DeviceTrustMode::Off), ..DeviceTrustSpec::default() },
        });
        let effective = merge(&dynamic, &file).unwrap();
        assert_eq!(effective.mode, DeviceTrustMode::Off);
        assert!(effective.auto_enroll);
        assert_eq!(effective.second_factor, SecondFactor::Off);
        let sources = sources(&dynamic, &file);
        assert_eq!(sources["device_trust.mode"], Source::Dynamic);
        assert_eq!(sources["device_trust.auto_enroll"], Source::File);
        assert_eq!(sources["device_trust.ekcert_allowed_cas"], Source::Default);
        assert_eq!(shadowed(&dynamic, &file), ["device_trust.mode"]);
    }

    #[test]
    fn defaults_are_optional_and_on() {
        let effective = Effective::from(PreferenceSpec::default());
        assert_eq!((effective.mode, effective.second_factor), (DeviceTrustMode::Optional, SecondFactor::On));
        assert_eq!(Effective::from(PreferenceSpec::from(effective.clone())), effective);
    }
}
