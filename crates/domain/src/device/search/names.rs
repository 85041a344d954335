//! How addresses spell what a list is filtered and sorted by.

use gatehouse_model::{AttestationTier, DeviceOrigin};

use crate::entity::ListOrder;

const TIERS: [Option<AttestationTier>; 5] = [
    None,
    Some(AttestationTier::BareKey),
    Some(AttestationTier::TpmEkpub),
    Some(AttestationTier::TpmEkcert),
    Some(AttestationTier::TpmEkcertTrusted),
];

const ORIGINS: [Option<DeviceOrigin>; 4] =
    [None, Some(DeviceOrigin::Api), Some(DeviceOrigin::Jamf), Some(DeviceOrigin::Intune)];

/// `none`, `bare_key`, `tpm_ekpub`, `tpm_ekcert`, `tpm_ekcert_trusted`.
#[must_use]
pub const fn tier_name(tier: Option<AttestationTier>) -> &'static str {
    match tier {
        None => "none",
        // The contract's spelling is empty.
        Some(AttestationTier::BareKey) => "bare_key",
        Some(tier) => tier.as_str(),
    }
}

/// `none`, `api`, `jamf`, `intune`.
#[must_use]
pub const fn origin_name(origin: Option<DeviceOrigin>) -> &'static str {
    match origin {
        None => "none",
        Some(origin) => origin.as_str(),
    }
}

pub(super) fn tier(name: &str) -> Option<Option<AttestationTier>> {
    TIERS.into_iter().find(|tier| tier_name(*tier) == name)
}

pub(super) fn origin(name: &str) -> Option<Option<DeviceOrigin>> {
    ORIGINS.into_iter().find(|origin| origin_name(*origin) == name)
}

impl ListOrder {
    /// `tag`, `os`, `model`, `owner`, `state`, `tier`, `source`, `seen`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Os => "os",
            Self::Model => "model",
            Self::Owner => "owner",
            Self::Status => "state",
            Self::Tier => "tier",
            Self::Source => "source",
            Self::Seen => "seen",
        }
    }
}
