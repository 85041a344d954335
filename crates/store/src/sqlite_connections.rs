//! SQLite's connections: opened when first wanted, kept for good, lent to one unit of work at a time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::SqliteError;

/// More than there are statements, so that each is prepared once a connection.
const STATEMENTS_KEPT: usize = 512;

/// Connections that rest between units of work.
type Idle = Arc<Mutex<Vec<Connection>>>;

/// How long the disk takes for what is to last, as a mean that forgets; in nanoseconds.
#[derive(Default)]
pub(crate) struct DiskPace(AtomicU64);

impl DiskPace {
    /// From here on the way to another thread is the smaller evil.
    const SLOW: Duration = Duration::from_millis(1);
    /// The newest counts one part in so many.
    const PARTS: u64 = 8;

    pub(crate) fn is_slow(&self) -> bool {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)) > Self::SLOW
    }

    /// Notes how long it took since `begun`. That two threads may lose one of their notes does not matter.
    pub(crate) fn note(&self, begun: Instant) {
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX) / Self::PARTS;
        let mean = self.0.load(Ordering::Relaxed);
        self.0.store((mean - mean / Self::PARTS).saturating_add(took), Ordering::Relaxed);
    }
}

/// At most so many connections, in turns.
pub(crate) struct SqliteConnections {
    path: PathBuf,
    /// What every connection is told first.
    settings: &'static str,
    patience: Duration,
    turns: Arc<Semaphore>,
    idle: Idle,
    disk: Arc<DiskPace>,
}

impl SqliteConnections {
    /// `patience` is how long to wait for a turn, or for another process that writes.
    pub(crate) fn new(path: PathBuf, settings: &'static str, count: usize, patience: Duration) -> Self {
        Self {
            path,
            settings,
            patience,
            turns: Arc::new(Semaphore::new(count)),
            idle: Idle::default(),
            disk: Arc::default(),
        }
    }

    /// A connection that is in no transaction.
    ///
    /// # Errors
    /// [`SqliteError::NoTurn`] if none came free in time; the database's if none can be opened.
    pub(crate) async fn lend(&self) -> Result<Lease, SqliteError> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        self.lease(turn.ok().and_then(Result::ok).ok_or(SqliteError::NoTurn)?)
    }

    /// As [`SqliteConnections::lend`], if nobody has to be waited for.
    ///
    /// # Errors
    /// The database's if none can be opened.
    pub(crate) fn lend_now(&self) -> Result<Option<Lease>, SqliteError> {
        Arc::clone(&self.turns).try_acquire_owned().ok().map(|turn| self.lease(turn)).transpose()
    }

    fn lease(&self, turn: OwnedSemaphorePermit) -> Result<Lease, SqliteError> {
        let rested = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match rested {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(Lease {
            connection: Some(connection),
            idle: Arc::clone(&self.idle),
            patience: self.patience,
            disk: Arc::clone(&self.disk),
            _turn: turn,
        })
    }

    fn open(&self) -> Result<Connection, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.busy_timeout(self.patience)?;
        connection.execute_batch(self.settings)?;
        // From now on nobody blocks a thread to wait for another process.
        connection.busy_timeout(Duration::ZERO)?;
        Ok(connection)
    }
}

/// A connection on loan; dropped, it goes back without what was not committed.
pub(crate) struct Lease {
    /// `None` only while it goes back.
    connection: Option<Connection>,
    idle: Idle,
    /// How long to wait for another process that writes.
    pub(crate) patience: Duration,
    pub(crate) disk: Arc<DiskPace>,
    _turn: OwnedSemaphorePermit,
}

impl Lease {
    /// # Errors
    /// [`SqliteError::NoTurn`] never, in practice: the connection is there until the lease is dropped.
    pub(crate) fn connection(&self) -> Result<&Connection, SqliteError> {
        self.connection.as_ref().ok_or(SqliteError::NoTurn)
    }

    /// Ends the transaction, if there is one, without keeping anything of it.
    ///
    /// # Errors
    /// The database's; the connection is of no more use then.
    pub(crate) fn roll_back(&self) -> Result<(), SqliteError> {
        let connection = self.connection()?;
        if !connection.is_autocommit() {
            connection.prepare_cached("rollback")?.raw_execute()?;
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // One that cannot roll back is closed, with the same effect.
        let usable = self.roll_back().is_ok();
        if let Some(connection) = self.connection.take().filter(|_| usable) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
