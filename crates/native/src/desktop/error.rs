use std::io;
use std::path::PathBuf;

use gatehouse_model::ErrorKind;

/// Why `tsh` could not become the program that opens links.
#[derive(Debug, thiserror::Error)]
pub enum DesktopError {
    #[error("there is no home folder to register the handler in")]
    NoHome,
    /// A desktop entry cannot name it.
    #[error("this program lies at a path that a desktop cannot start: {}", path.display())]
    ProgramPath { path: PathBuf },
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// `read`, `write`, …
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Everything was written, and still another program opens the links.
    #[error("links with {scheme}:// are still opened by {by}")]
    NotTheDefault { scheme: String, by: String },
}

impl DesktopError {
    /// Stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "no_home",
            Self::ProgramPath { .. } => "program_path",
            Self::File { .. } => "file",
            Self::NotTheDefault { .. } => "handler_not_default",
        }
    }

    /// What kind of failure it is, for exit codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                ErrorKind::PermissionDenied
            }
            _ => ErrorKind::FailedPrecondition,
        }
    }

    /// The way out, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoHome => Some("set HOME to your home folder"),
            Self::ProgramPath { .. } => Some("put tsh where its path is plain text, such as ~/.local/bin"),
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("the folder belongs to somebody else; give it back with chown")
            }
            Self::File { .. } => None,
            Self::NotTheDefault { .. } => Some(
                "choose tsh for these links in the settings of your desktop, or use `tsh device authorize <code>`",
            ),
        }
    }
}
