use serde::{Deserialize, Serialize};

use crate::text::{clean_label, is_unprintable};

/// Inventory label of a device, the serial number on most: 1 to 128 printable characters, no outer white space.
///
/// A tag is a label and never a proof. It is compared without regard to case ([`AssetTag::normalised`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AssetTag(String);

/// Values that factories leave in SMBIOS fields, in normalised form. They name thousands of machines at once.
const RUBBISH: &[&str] = &[
    "0",
    "00",
    "0000",
    "00000000",
    "0123456789",
    "01234567",
    "012345678",
    "123456789",
    "1234567890",
    "-",
    ".",
    "chassis serial number",
    "default",
    "default string",
    "default_string",
    "empty",
    "fill by oem",
    "invalid",
    "n/a",
    "na",
    "nil",
    "no asset information",
    "no asset tag",
    "none",
    "not applicable",
    "not available",
    "not defined",
    "not provided",
    "not settable",
    "not specified",
    "null",
    "o.e.m.",
    "oem",
    "serial number",
    "serialnumber",
    "sku",
    "standard",
    "system serial number",
    "tbd",
    "to be filled by o.e.m",
    "to be filled by o.e.m.",
    "to be filled by oem",
    "type1productconfigid",
    "undefined",
    "unknown",
    "unspecified",
    "xxxxxxxx",
    "xxxxxxxxxx",
];

impl AssetTag {
    /// A tag that was accepted when it was stored: a later, stricter rule must not make the device unreadable.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The tag as it was entered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag in lower case, for lookups and uniqueness.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.0.to_lowercase()
    }
}

impl TryFrom<&str> for AssetTag {
    type Error = AssetTagError;

    fn try_from(text: &str) -> Result<Self, AssetTagError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(AssetTagError::Missing);
        }
        if trimmed.chars().count() > 128 {
            return Err(AssetTagError::TooLong);
        }
        if trimmed.chars().any(is_unprintable) {
            return Err(AssetTagError::Unprintable(clean_label(trimmed)));
        }
        let lower = trimmed.to_lowercase();
        let one_character_repeated = lower.len() > 3 && lower.chars().all(|c| lower.starts_with(c));
        if RUBBISH.contains(&lower.as_str()) || one_character_repeated {
            return Err(AssetTagError::Rubbish(clean_label(trimmed)));
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl TryFrom<String> for AssetTag {
    type Error = AssetTagError;

    fn try_from(text: String) -> Result<Self, AssetTagError> {
        Self::try_from(text.as_str())
    }
}

impl From<AssetTag> for String {
    fn from(tag: AssetTag) -> Self {
        tag.0
    }
}

impl std::fmt::Display for AssetTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text cannot be an asset tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetTagError {
    Missing,
    TooLong,
    Unprintable(String),
    Rubbish(String),
}

impl std::fmt::Display for AssetTagError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("missing asset tag"),
            Self::TooLong => f.write_str("asset tag is longer than 128 characters"),
            Self::Unprintable(tag) => {
                write!(f, "asset tag \"{tag}\" holds control or text-direction characters")
            }
            Self::Rubbish(tag) => {
                write!(f, "\"{tag}\" is a factory placeholder that many machines share, not an asset tag")
            }
        }
    }
}

impl std::error::Error for AssetTagError {}

/// The first of the candidates that can serve as a serial number: non-empty, no space, no factory placeholder.
#[must_use]
pub fn usable_serial<'a>(candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(str::trim)
        .find(|text| !text.contains(' ') && AssetTag::try_from(*text).is_ok())
}

/// How well a device's key is attested, weakest first. The numbers are those of `DeviceAttestationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttestationTier {
    /// A bare key with proof of possession (Secure Enclave keys of macOS, unattested).
    #[serde(rename = "")]
    BareKey = 0,
    /// An AK bound to an EK public key that nobody vouches for.
    TpmEkpub = 1,
    /// An AK bound to an EK whose certificate was sent but not verified.
    TpmEkcert = 2,
    /// An AK bound to an EK whose certificate chains to an allowed CA.
    TpmEkcertTrusted = 3,
}

impl AttestationTier {
    const ALL: [Self; 4] = [Self::BareKey, Self::TpmEkpub, Self::TpmEkcert, Self::TpmEkcertTrusted];

    /// The spelling of resources: empty, `tpm_ekpub`, `tpm_ekcert`, `tpm_ekcert_trusted`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BareKey => "",
            Self::TpmEkpub => "tpm_ekpub",
            Self::TpmEkcert => "tpm_ekcert",
            Self::TpmEkcertTrusted => "tpm_ekcert_trusted",
        }
    }

    /// What a person should read; says "not verified" where software could have made the evidence.
    #[must_use]
    pub const fn friendly(self) -> &'static str {
        match self {
            Self::BareKey => "bare key, not attested",
            Self::TpmEkpub => "TPM key, EK not verified",
            Self::TpmEkcert => "TPM key, EK certificate not verified",
            Self::TpmEkcertTrusted => "TPM key, EK certificate verified",
        }
    }

    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| *tier as i32 == number)
    }
}

impl std::str::FromStr for AttestationTier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.as_str() == text)
            .ok_or_else(|| format!("unknown attestation type \"{}\"", clean_label(text)))
    }
}

/// Whether a key is bound to the device; the numbers are those of `DeviceEnrollStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrollStatus {
    NotEnrolled = 1,
    Enrolled = 2,
}

impl EnrollStatus {
    /// The spelling of resources: `enrolled`, `not_enrolled`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEnrolled => "not_enrolled",
            Self::Enrolled => "enrolled",
        }
    }

    /// The spelling of tables: `enrolled`, `not enrolled`.
    #[must_use]
    pub const fn friendly(self) -> &'static str {
        match self {
            Self::NotEnrolled => "not enrolled",
            Self::Enrolled => "enrolled",
        }
    }
}

impl std::str::FromStr for EnrollStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "enrolled" => Ok(Self::Enrolled),
            "not_enrolled" => Ok(Self::NotEnrolled),
            other => Err(format!("unknown enroll status \"{}\"", clean_label(other))),
        }
    }
}

/// Who registered a device; the numbers are those of `DeviceOrigin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceOrigin {
    Api = 1,
    Jamf = 2,
    Intune = 3,
}

impl DeviceOrigin {
    const ALL: [Self; 3] = [Self::Api, Self::Jamf, Self::Intune];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Jamf => "jamf",
            Self::Intune => "intune",
        }
    }

    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| *origin as i32 == number)
    }
}

impl std::str::FromStr for DeviceOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|origin| origin.as_str() == text)
            .ok_or_else(|| format!("unknown device origin \"{}\"", clean_label(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_tags_are_refused_and_good_ones_kept() {
        for bad in [
            "Default string",
            "To Be Filled By O.E.M.",
            "None",
            "0",
            "XXXXXXXX",
            "000000000",
            "  ",
            "a\u{202e}b",
        ] {
            assert!(AssetTag::try_from(bad).is_err(), "{bad:?}");
        }
        assert_eq!(AssetTag::try_from(" C00AA0AAAA0A ").unwrap().as_str(), "C00AA0AAAA0A");
    }

    #[test]
    fn serial_takes_the_first_usable_value() {
        assert_eq!(usable_serial(["No Asset Tag", "None", "PF2ABC", "X1"]), Some("PF2ABC"));
        assert_eq!(usable_serial(["", "Default string"]), None);
    }
}
