use serde::{Deserialize, Serialize};

use crate::clean_label;

/// What becomes of an EK certificate with a fault that genuine ones have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Leniency {
    /// It counts as if the fault were not there; the fault is reported.
    Accept,
    /// It counts as a certificate that nobody has verified.
    LowerTier,
    Refuse,
}

impl Leniency {
    /// All of them, the most lenient first.
    pub const ALL: [Self; 3] = [Self::Accept, Self::LowerTier, Self::Refuse];

    /// The spelling of configuration: `accept`, `lower_tier`, `refuse`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::LowerTier => "lower_tier",
            Self::Refuse => "refuse",
        }
    }
}

impl std::fmt::Display for Leniency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Leniency {
    type Err = String;

    /// `lower tier` and `lower-tier` are understood as well.
    fn from_str(text: &str) -> Result<Self, String> {
        let spelled = text.trim().replace([' ', '-'], "_");
        Self::ALL.into_iter().find(|value| value.as_str() == spelled).ok_or_else(|| {
            format!("unknown policy \"{}\": it is accept, lower_tier or refuse", clean_label(text))
        })
    }
}

impl TryFrom<String> for Leniency {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Leniency> for String {
    fn from(value: Leniency) -> Self {
        value.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_as_people_write_them() {
        for (text, value) in [
            ("accept", Leniency::Accept),
            ("lower_tier", Leniency::LowerTier),
            ("lower tier", Leniency::LowerTier),
            ("lower-tier", Leniency::LowerTier),
            ("refuse", Leniency::Refuse),
        ] {
            assert_eq!(text.parse(), Ok(value));
        }
        assert!("Accept".parse::<Leniency>().unwrap_err().contains("accept, lower_tier or refuse"));
    }
}
