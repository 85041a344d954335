use std::fmt;
use std::str::FromStr;

use gatehouse_model::clean_label;

/// Longest scheme, in characters.
const MAX_LENGTH: usize = 32;
/// Schemes that belong to other programs, or that browsers never hand on.
const TAKEN: [&str; 18] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "http",
    "https",
    "javascript",
    "mailto",
    "sms",
    "ssh",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Scheme of the links that a browser hands to `tsh` (RFC 3986, section 3.1), in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkScheme(String);

impl LinkScheme {
    /// The scheme of a server that configures none.
    pub const DEFAULT: &'static str = "gatehouse";

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }

    /// The media type that stands for the scheme in the lists of a desktop.
    #[must_use]
    pub fn media_type(&self) -> String {
        format!("x-scheme-handler/{}", self.0)
    }
}

impl Default for LinkScheme {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl FromStr for LinkScheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scheme = text.to_ascii_lowercase();
        let starts_well = scheme.starts_with(|first: char| first.is_ascii_lowercase());
        let ok = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
        if !starts_well || scheme.len() > MAX_LENGTH || !scheme.bytes().all(ok) {
            return Err(format!(
                "\"{}\" is not a scheme of links: use a letter, then letters, digits, +, - or ., at most {MAX_LENGTH}",
                clean_label(text)
            ));
        }
        if TAKEN.contains(&scheme.as_str()) {
            return Err(format!("links with {scheme}: belong to other programs; choose another scheme"));
        }
        Ok(Self(scheme))
    }
}

impl fmt::Display for LinkScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_names_of_their_own() {
        assert!("gatehouse".parse::<LinkScheme>().unwrap().is_default());
        assert_eq!("Corp-Gate.1".parse::<LinkScheme>().unwrap().media_type(), "x-scheme-handler/corp-gate.1");
        for bad in
            ["", "1a", "a b", "a/b", "a;b", "a=b", "a\n", "ä", "https", "FILE", "javascript", &"a".repeat(33)]
        {
            assert!(bad.parse::<LinkScheme>().is_err(), "{bad:?}");
        }
    }
}
