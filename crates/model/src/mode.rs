use serde::{Deserialize, Serialize};

/// `device_trust.mode` of the cluster and `device_trust_mode` of a role, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceTrustMode {
    /// No device authentication and no device in the audit log.
    Off,
    /// Devices authenticate where they can; nobody is refused for lack of one.
    #[default]
    Optional,
    /// People need a trusted device; bots do not.
    RequiredForHumans,
    /// Everybody needs a trusted device.
    Required,
}

impl DeviceTrustMode {
    pub const ALL: [Self; 4] = [Self::Off, Self::Optional, Self::Required, Self::RequiredForHumans];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::RequiredForHumans => "required-for-humans",
            Self::Required => "required",
        }
    }

    /// Whether this mode demands a trusted device of a person or of a bot.
    #[must_use]
    pub const fn requires_device(self, is_bot: bool) -> bool {
        match self {
            Self::Off | Self::Optional => false,
            Self::RequiredForHumans => !is_bot,
            Self::Required => true,
        }
    }
}

impl std::fmt::Display for DeviceTrustMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for DeviceTrustMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| {
            format!(
                "device trust mode \"{}\" not supported: use off, optional, required or required-for-humans",
                crate::clean_label(text)
            )
        })
    }
}

/// `second_factor` of the cluster: what proves, beside the password, that it is the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactor {
    /// A password is enough. For closed test systems.
    Off,
    /// A time-based one-time code (RFC 6238).
    Otp,
    /// A passkey or security key (WebAuthn).
    Webauthn,
    /// A passkey or a one-time code, as each user likes.
    #[default]
    On,
    /// As `On` for users who have one; a password is enough for the others.
    Optional,
}

impl SecondFactor {
    pub const ALL: [Self; 5] = [Self::Off, Self::Otp, Self::Webauthn, Self::On, Self::Optional];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Otp => "otp",
            Self::Webauthn => "webauthn",
            Self::On => "on",
            Self::Optional => "optional",
        }
    }

    /// Whether passkeys and security keys count, as second factor and without a password.
    #[must_use]
    pub const fn allows_passkeys(self) -> bool {
        matches!(self, Self::Webauthn | Self::On | Self::Optional)
    }

    /// Whether one-time codes of an authenticator app count.
    #[must_use]
    pub const fn allows_codes(self) -> bool {
        matches!(self, Self::Otp | Self::On | Self::Optional)
    }

    /// Whether nobody gets in without one.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Otp | Self::Webauthn | Self::On)
    }
}

impl std::str::FromStr for SecondFactor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|factor| factor.as_str() == text).ok_or_else(|| {
            format!(
                "second factor \"{}\" not supported: use on, otp, webauthn, optional or off",
                crate::clean_label(text)
            )
        })
    }
}
