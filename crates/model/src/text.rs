//! Text that came from outside and will be shown to people.

use serde::{Deserialize, Serialize};

/// Longest label that is kept, in characters.
pub const MAX_LABEL_CHARS: usize = 256;

/// Makes text safe to print: control and bidirectional formatting characters are dropped (a name must not be able
/// to move the cursor or to reorder what stands around it), outer white space is trimmed, and the rest is cut at
/// [`MAX_LABEL_CHARS`].
#[must_use]
pub fn clean_label(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !is_unprintable(*c)).take(MAX_LABEL_CHARS).collect();
    kept.trim().to_owned()
}

/// A number and what it counts: `1 second`, `2 seconds`.
#[must_use]
pub fn counted(number: impl std::fmt::Display, one: &str, many: &str) -> String {
    let number = number.to_string();
    let what = if number == "1" { one } else { many };
    format!("{number} {what}")
}

/// Control characters, bidirectional controls (Unicode UAX #9), zero-width characters and the byte order mark.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Name of a user: 1 to 64 of letters, digits and `.`, `_`, `-`, `@`, `+`; compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// The name in lower case, as it is stored and put into certificates.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for UserName {
    type Error = UserNameError;

    fn try_from(text: &str) -> Result<Self, UserNameError> {
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+');
        let starts_well = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        if text.len() > 64 || !starts_well || !text.chars().all(ok) {
            return Err(UserNameError(clean_label(text)));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl TryFrom<String> for UserName {
    type Error = UserNameError;

    fn try_from(text: String) -> Result<Self, UserNameError> {
        Self::try_from(text.as_str())
    }
}

impl std::str::FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        Self::try_from(text)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

impl std::fmt::Display for UserName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be the name of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserNameError(String);

impl std::fmt::Display for UserNameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "\"{}\" cannot be a user name: use 1 to 64 letters, digits and . _ - @ +, with a letter, digit or _ first",
            self.0
        )
    }
}

impl std::error::Error for UserNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lose_control_and_bidi_characters() {
        assert_eq!(clean_label(" a\u{1b}[31mb\u{202e}c\n\u{200b}d "), "a[31mbcd");
        assert_eq!(clean_label(&"x".repeat(1000)).chars().count(), MAX_LABEL_CHARS);
    }

    #[test]
    fn user_names_are_lower_case_and_plain() {
        assert_eq!(UserName::try_from("Alice@Example.com").unwrap().as_str(), "alice@example.com");
        for bad in ["", " a", "a b", "-x", "a\u{202e}b", "a/b", &"x".repeat(65)] {
            assert!(UserName::try_from(bad).is_err(), "{bad:?}");
        }
    }
}
