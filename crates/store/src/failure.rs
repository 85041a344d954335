//! From the driver's errors to the port's.

use gatehouse_domain::ports::StoreError;
use sqlx::Error;

use crate::dialect::Dialect;

/// PostgreSQL's code (character_not_in_repertoire) for text with a NUL in it.
const NO_TEXT: &str = "22021";

/// What the driver's error means to the caller.
pub(crate) fn failure(dialect: &Dialect, error: Error) -> StoreError {
    match error {
        Error::Database(inner) if inner.is_unique_violation() => {
            StoreError::Conflict { constraint: (dialect.uniqueness_rule)(&*inner) }
        }
        Error::Database(inner) if inner.code().is_some_and(|code| (dialect.may_pass)(&code)) => {
            StoreError::Unavailable(Box::new(Error::Database(inner)))
        }
        Error::Database(inner) if inner.code().is_some_and(|code| code == NO_TEXT) => StoreError::NoText,
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            StoreError::Unavailable(Box::new(error))
        }
        Error::ColumnDecode { index, .. } => StoreError::Corrupt { what: format!("value (column {index})") },
        other => StoreError::Driver(Box::new(other)),
    }
}
