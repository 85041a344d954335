use gatehouse_model::ErrorKind;

use super::sheet::{MAX_IMPORT_BYTES, MAX_IMPORT_LINES};
use crate::Decision;
use crate::authz::AuthzError;
use crate::ports::StoreError;

/// Why a file is no list of devices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    #[error("the file is larger than {} MiB", MAX_IMPORT_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("the file names more than {MAX_IMPORT_LINES} devices")]
    TooManyLines,
    #[error("there is nothing in the file")]
    Empty,
    #[error("there are no devices below the first row")]
    NoLines,
    #[error("this is not a text file")]
    NotText,
    #[error("the file is neither UTF-8 nor UTF-16: line {line} cannot be read")]
    Encoding { line: usize },
    #[error("the first row must name the columns: {} missing, {}", listed(missing), found_columns(found))]
    Columns { missing: Vec<&'static str>, found: Vec<String> },
    #[error("two columns say the same: \"{0}\" is the second")]
    ColumnTwice(String),
}

fn listed(missing: &[&str]) -> String {
    match missing {
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(" and ")),
    }
}

fn found_columns(found: &[String]) -> String {
    match found {
        [] => "it holds nothing".to_owned(),
        found => {
            let quoted: Vec<String> = found.iter().map(|name| format!("\"{name}\"")).collect();
            format!("it holds {}", quoted.join(", "))
        }
    }
}

/// Why something about an import cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Unknown, expired, or somebody else's: one answer.
    #[error("there is no such import any more")]
    NotFound,
    #[error("this list was replaced or has expired: nothing was written")]
    Expired,
    #[error("reading the list broke off: {0}")]
    BrokeOff(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for ImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Sheet(_) => ErrorKind::InvalidInput,
            Self::NotFound => ErrorKind::NotFound,
            Self::Expired => ErrorKind::FailedPrecondition,
            Self::BrokeOff(_) => ErrorKind::Internal,
            Self::Authz(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Sheet(SheetError::TooLarge) => "import_too_large",
            Self::Sheet(SheetError::TooManyLines) => "import_too_many_lines",
            Self::Sheet(SheetError::Empty | SheetError::NoLines) => "import_empty",
            Self::Sheet(SheetError::NotText | SheetError::Encoding { .. }) => "import_encoding",
            Self::Sheet(SheetError::Columns { .. } | SheetError::ColumnTwice(_)) => "import_columns",
            Self::NotFound => "import_not_found",
            Self::Expired => "import_expired",
            Self::BrokeOff(_) => "import_broke_off",
            Self::Authz(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Sheet(SheetError::TooLarge | SheetError::TooManyLines) => {
                "divide the list into several files and import one after the other"
            }
            Self::Sheet(SheetError::Empty | SheetError::NoLines) => {
                "the first row names the columns, each further row a device; the template shows how"
            }
            Self::Sheet(SheetError::NotText) => {
                "save the table as CSV (comma separated values) and upload that file"
            }
            Self::Sheet(SheetError::Encoding { .. }) => "save the file as \"CSV UTF-8\" and upload it again",
            Self::Sheet(SheetError::Columns { .. } | SheetError::ColumnTwice(_)) => {
                "the columns are os_type and asset_tag, and if you like owner, model and source; the template has them"
            }
            Self::NotFound | Self::Expired => "lists are kept for an hour: upload the file again",
            Self::Authz(error) => return error.hint(),
            Self::Store(_) | Self::BrokeOff(_) => return None,
        };
        Some(hint.to_owned())
    }
}
