use serde::{Deserialize, Serialize};

use crate::text::clean_label;

/// What becomes of a device that booted otherwise than it did when it was good last: `device_trust.boot_drift`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BootDrift {
    /// It is reported and audited.
    #[default]
    Report,
    /// It also makes no session trusted until an administrator accepts how it boots now.
    Review,
}

impl BootDrift {
    pub const ALL: [Self; 2] = [Self::Report, Self::Review];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Review => "review",
        }
    }
}

impl std::fmt::Display for BootDrift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for BootDrift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|value| value.as_str() == text).ok_or_else(|| {
            format!("unknown policy for boots \"{}\": it is report or review", clean_label(text))
        })
    }
}
