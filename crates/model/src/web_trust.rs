//! Settings of browsers' sessions that are trusted for a device.

use serde::{Deserialize, Serialize};

use crate::{clean_label, duration};

/// How a browser's session came to its trusted device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmedBy {
    /// The browser is on the device: the device's client brought the proof back to it.
    Browser,
    /// The browser is elsewhere: a person typed its code, and the number that it showed, on the device.
    Code,
}

impl ConfirmedBy {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Browser, Self::Code];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Code => "code",
        }
    }
}

/// Scheme of the links that open the device's client (RFC 3986, section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkScheme(String);

/// Schemes that browsers keep for themselves or for other programs.
const TAKEN: [&str; 14] = [
    "about",
    "blob",
    "data",
    "file",
    "ftp",
    "http",
    "https",
    "javascript",
    "mailto",
    "sms",
    "ssh",
    "tel",
    "ws",
    "wss",
];
/// Longest scheme, in bytes.
const MAX_SCHEME: usize = 32;

impl LinkScheme {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LinkScheme {
    fn default() -> Self {
        Self("gatehouse".to_owned())
    }
}

impl std::str::FromStr for LinkScheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let ok = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')
        };
        if !starts_well || text.len() > MAX_SCHEME || !text.bytes().all(ok) || TAKEN.contains(&text) {
            return Err(format!(
                "\"{}\" cannot be the scheme of links: use small letters, digits, '+', '-' and '.', a letter first, and none \
                 that other programs have",
                clean_label(text)
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for LinkScheme {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<LinkScheme> for String {
    fn from(scheme: LinkScheme) -> Self {
        scheme.0
    }
}

/// After how long a browser's session has to be authorized anew: 5 minutes to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebSessionMaxAge(i64);

impl WebSessionMaxAge {
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for WebSessionMaxAge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&duration::format_secs(self.0))
    }
}

impl std::str::FromStr for WebSessionMaxAge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let secs = duration::parse_secs(text)?;
        if (300..=30 * 86_400).contains(&secs) {
            Ok(Self(secs))
        } else {
            Err(format!("\"{}\" is too short or too long: use 5m to 30d", clean_label(text)))
        }
    }
}

impl TryFrom<String> for WebSessionMaxAge {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<WebSessionMaxAge> for String {
    fn from(age: WebSessionMaxAge) -> Self {
        age.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_of_other_programs_are_refused() {
        assert_eq!("acme-gate".parse::<LinkScheme>().unwrap().as_str(), "acme-gate");
        for bad in ["", "https", "javascript", "Gate", "1gate", "ga te", "gate:", "gate/", &"a".repeat(33)] {
            assert!(bad.parse::<LinkScheme>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ages_read_back() {
        let age: WebSessionMaxAge = "8h".parse().unwrap();
        assert_eq!(age.secs(), 28_800);
        assert_eq!(age.to_string().parse::<WebSessionMaxAge>(), Ok(age));
        for bad in ["", "0s", "4m", "31d", "x"] {
            assert!(bad.parse::<WebSessionMaxAge>().is_err(), "{bad}");
        }
    }
}
