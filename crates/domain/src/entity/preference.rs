use gatehouse_model::Timestamp;

/// Keys of the `cluster_auth_preference`; each is stored, and overridden, by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreferenceKey {
    SecondFactor,
    Mode,
    AutoEnroll,
    EkcertAllowedCas,
    EkcertAllowedVendors,
    EkcertSha1,
    EkcertExpiredCa,
    EkcertExpiredEk,
    WebSessionMaxAge,
    LinkScheme,
    BootDrift,
    EkcertFetchCas,
    ShipAhead,
    RemoteBrowser,
}

/// Every key, in the order in which they are shown.
pub const PREFERENCE_KEYS: [PreferenceKey; 14] = [
    PreferenceKey::SecondFactor,
    PreferenceKey::Mode,
    PreferenceKey::AutoEnroll,
    PreferenceKey::EkcertAllowedCas,
    PreferenceKey::EkcertAllowedVendors,
    PreferenceKey::EkcertSha1,
    PreferenceKey::EkcertExpiredCa,
    PreferenceKey::EkcertExpiredEk,
    PreferenceKey::WebSessionMaxAge,
    PreferenceKey::LinkScheme,
    PreferenceKey::BootDrift,
    PreferenceKey::EkcertFetchCas,
    PreferenceKey::ShipAhead,
    PreferenceKey::RemoteBrowser,
];

impl PreferenceKey {
    /// The key's path in the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::Mode => "device_trust.mode",
            Self::AutoEnroll => "device_trust.auto_enroll",
            Self::EkcertAllowedCas => "device_trust.ekcert_allowed_cas",
            Self::EkcertAllowedVendors => "device_trust.ekcert_allowed_vendors",
            Self::EkcertSha1 => "device_trust.ekcert_sha1",
            Self::EkcertExpiredCa => "device_trust.ekcert_expired_ca",
            Self::EkcertExpiredEk => "device_trust.ekcert_expired_ek",
            Self::WebSessionMaxAge => "device_trust.web_session_max_age",
            Self::LinkScheme => "device_trust.link_scheme",
            Self::BootDrift => "device_trust.boot_drift",
            Self::EkcertFetchCas => "device_trust.ekcert_fetch_cas",
            Self::ShipAhead => "device_trust.ship_ahead",
            Self::RemoteBrowser => "device_trust.remote_browser",
        }
    }
}

/// A dynamic value: JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    pub key: String,
    pub json: String,
    pub updated: Timestamp,
    pub updated_by: String,
}
