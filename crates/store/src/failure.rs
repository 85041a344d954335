//! From the drivers' errors to the port's.

use std::sync::Arc;

use gatehouse_domain::ports::StoreError;
use rusqlite::ffi;
use sqlx::Error;
use sqlx::migrate::MigrateError;

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
        SqliteError::Database(rusqlite::Error::SqliteFailure(code, message)) if is_uniqueness(*code) => {
            StoreError::Conflict { constraint: sqlite_rule(message.as_deref().unwrap_or_default()) }
        }
        _ if error.may_pass() => StoreError::Unavailable(Box::new(error)),
        _ => StoreError::Driver(Box::new(error)),
    }
}

fn is_uniqueness(error: ffi::Error) -> bool {
    matches!(
        error.extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID
    )
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

/// What an administrator can do about a database that does not let a server start, by what is at the bottom of it.
#[must_use]
pub fn way_out(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut at = Some(error);
    while let Some(error) = at {
        let found = error
            .downcast_ref::<ffi::Error>()
            .map(|error| error.extended_code)
            .or_else(|| error.downcast_ref::<Error>().and_then(sqlite_code_of));
        if let Some(hint) = found.and_then(sqlite_way_out) {
            return Some(hint);
        }
        if let Some(MigrateError::VersionMismatch(_)) = error.downcast_ref() {
            return Some(
                "another build of this program made the database: start that one, or restore a backup of this one's",
            );
        }
        if let Some(Error::Io(_) | Error::PoolTimedOut) = error.downcast_ref() {
            return Some(
                "check that PostgreSQL runs, and that host and port in `auth_service.storage.url` are right",
            );
        }
        at = error.source();
    }
    None
}

/// SQLite's code, as the driver of the migrations tells it.
fn sqlite_code_of(error: &Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    sqlx::error::DatabaseError::code(error)?.parse().ok()
}

fn sqlite_way_out(extended: i32) -> Option<&'static str> {
    match extended & 0xff {
        ffi::SQLITE_FULL => {
            Some("make room on the disk that holds the database, then start the server again")
        }
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
            Some("the database is damaged: restore it from its backup")
        }
        ffi::SQLITE_READONLY | ffi::SQLITE_CANTOPEN => {
            Some("give the server's user the right to write to the database and to its folder")
        }
        ffi::SQLITE_BUSY => {
            Some("another program holds the database open: end it, then start the server again")
        }
        _ => None,
    }
}
