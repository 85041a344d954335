//! From the driver's errors to the port's.

use gatehouse_domain::ports::StoreError;
use sqlx::Error;

use crate::dialect::Dialect;

/// What the driver's error means to the caller.
pub(crate) fn failure(dialect: &Dialect, error: Error) -> StoreError {
    match error {
        Error::Database(inner) if inner.is_unique_violation() => {
            StoreError::Conflict { constraint: (dialect.uniqueness_rule)(&*inner) }
        }
        Error::Database(inner) if inner.code().is_some_and(|code| (dialect.may_pass)(&code)) => {
            StoreError::Unavailable(Box::new(Error::Database(inner)))
        }
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            StoreError::Unavailable(Box::new(error))
        }
        Error::ColumnDecode { index, .. } => StoreError::Corrupt { what: format!("value (column {index})") },
        other => StoreError::Driver(Box::new(other)),
    }
}
