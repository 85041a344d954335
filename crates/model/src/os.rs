use serde::{Deserialize, Serialize};

/// Operating system of a device; the numbers are those of `OSType` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OsType {
    Linux = 1,
    Macos = 2,
    Windows = 3,
}

impl OsType {
    /// Every operating system, in wire order.
    pub const ALL: [Self; 3] = [Self::Linux, Self::Macos, Self::Windows];

    /// The spelling of resources and flags: `linux`, `macos`, `windows`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Windows => "windows",
        }
    }

    /// The spelling people see: `Linux`, `macOS`, `Windows`.
    #[must_use]
    pub const fn friendly(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Macos => "macOS",
            Self::Windows => "Windows",
        }
    }

    /// The number of `OSType` on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// Reads the wire's number; `None` for unspecified and unknown ones.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|os| os.number() == number)
    }

    /// The system this program was built for; `None` where devices are not supported.
    #[must_use]
    pub const fn current() -> Option<Self> {
        if cfg!(target_os = "linux") {
            Some(Self::Linux)
        } else if cfg!(target_os = "macos") {
            Some(Self::Macos)
        } else if cfg!(target_os = "windows") {
            Some(Self::Windows)
        } else {
            None
        }
    }
}

impl std::fmt::Display for OsType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for OsType {
    type Err = UnknownOs;

    fn from_str(text: &str) -> Result<Self, UnknownOs> {
        let lower = text.trim().to_lowercase();
        Self::ALL
            .into_iter()
            .find(|os| os.as_str() == lower)
            .ok_or_else(|| UnknownOs(crate::clean_label(text)))
    }
}

/// The text names no operating system that devices can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOs(pub String);

impl std::fmt::Display for UnknownOs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unknown os type \"{}\"", self.0)
    }
}

impl std::error::Error for UnknownOs {}
