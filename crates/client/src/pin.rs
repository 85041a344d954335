use std::fmt;
use std::str::FromStr;

use gatehouse_model::clean_label;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

/// SHA-256 of a certificate's SubjectPublicKeyInfo (as in RFC 7469 section 2.4), written `sha256:<hex>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a certificate; `None` if it does not parse.
    #[must_use]
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.public_key().raw);
        Some(Self(digest.as_ref().try_into().ok()?))
    }
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{}\" is not a CA pin: write it as the server prints it, sha256:<64 hex digits>",
                clean_label(text)
            )
        };
        let digits = text.trim().strip_prefix("sha256:").ok_or_else(wrong)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| wrong())?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Pin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.to_string()
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_read_back_and_short_ones_are_refused() {
        let text = format!("sha256:{}", "ab".repeat(32));
        assert_eq!(text.parse::<Pin>().unwrap().to_string(), text);
        for bad in ["", "sha256:", "sha256:ab", "md5:00", &"ab".repeat(32)] {
            assert!(bad.parse::<Pin>().is_err(), "{bad:?}");
        }
    }
}
