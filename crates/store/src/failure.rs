//! From the drivers' errors to the port's.

use std::sync::Arc;

use gatehouse_domain::ports::StoreError;
use rusqlite::ffi;
use sqlx::Error;

use crate::dialect::SQLITE_RULES;

/// PostgreSQL's code (character_not_in_repertoire) for text with a NUL in it.
const NO_TEXT: &str = "22021";

/// Why SQLite did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqliteError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("no connection to the database came free in time")]
    NoTurn,
    #[error("the database gave up the transaction that this was part of")]
    GivenUp,
    /// That of the commit that others had a part in.
    #[error(transparent)]
    Together(Arc<SqliteError>),
    /// A mistake of this program, as is the next.
    #[error("the statement has a parameter without an argument")]
    NoArgument,
    #[error("a statement that changes something was given where nothing may be changed")]
    Changes,
}

impl SqliteError {
    /// Asking again may help.
    fn may_pass(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.sqlite_error().is_some_and(|error| sqlite_may_pass(error.extended_code))
            }
            Self::NoTurn | Self::GivenUp => true,
            Self::Together(error) => error.may_pass(),
            Self::NoArgument | Self::Changes => false,
        }
    }

    /// Another process holds what is wanted.
    pub(crate) fn is_busy(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.sqlite_error().is_some_and(|error| matches!(error.extended_code & 0xff, ffi::SQLITE_BUSY))
    }
}

/// What SQLite's error means to the caller.
pub(crate) fn sqlite_failure(error: SqliteError) -> StoreError {
    match &error {
        SqliteError::Database(rusqlite::Error::SqliteFailure(code, message)) => match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => {
                StoreError::Conflict { constraint: sqlite_rule(message.as_deref().unwrap_or_default()) }
            }
            code if sqlite_may_pass(code) => StoreError::Unavailable(Box::new(error)),
            _ => StoreError::Driver(Box::new(error)),
        },
        SqliteError::NoTurn | SqliteError::GivenUp => StoreError::Unavailable(Box::new(error)),
        SqliteError::Together(shared) if shared.may_pass() => StoreError::Unavailable(Box::new(error)),
        _ => StoreError::Driver(Box::new(error)),
    }
}

/// The name of the uniqueness rule whose columns the message names.
fn sqlite_rule(message: &str) -> String {
    let columns = message.rsplit_once("failed: ").map_or(message, |(_, columns)| columns);
    let known = SQLITE_RULES.iter().find(|(named, _)| *named == columns);
    known.map_or(columns, |(_, rule)| rule).to_owned()
}

/// Whether an error says that asking again may help (sqlite.org/rescode.html).
fn sqlite_may_pass(extended: i32) -> bool {
    matches!(
        extended & 0xff,
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_IOERR | ffi::SQLITE_FULL | ffi::SQLITE_CANTOPEN
    )
}

/// What PostgreSQL's error means to the caller.
pub(crate) fn postgres_failure(error: Error) -> StoreError {
    match error {
        Error::Database(inner) if inner.is_unique_violation() => {
            StoreError::Conflict { constraint: inner.constraint().unwrap_or("unknown").to_owned() }
        }
        Error::Database(inner) if inner.code().is_some_and(|code| postgres_may_pass(&code)) => {
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

/// Whether an error with this code says that asking again may help.
///
/// SQLSTATE (PostgreSQL manual, appendix A): connection exceptions, insufficient resources, operator intervention,
/// system errors, serialisation failure, deadlock, lock not available, and a transaction that sat idle too long.
fn postgres_may_pass(code: &str) -> bool {
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        || matches!(code, "40001" | "40P01" | "55P03" | "25P03")
}
