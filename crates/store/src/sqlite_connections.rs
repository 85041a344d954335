//! SQLite's connections: opened when first wanted, kept for good, lent to one unit of work at a time.
//!
//! Every command costs a crossing to the connection's own thread and back, so nothing is asked of it but what a unit
//! of work needs: no ping when a connection comes back, and nobody waits for the rollback of what only read.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Error, Sqlite, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fusion::FusedTexts;

/// Connections that rest between units of work.
type Idle = Arc<Mutex<Vec<SqliteConnection>>>;

/// At most so many connections, in turns.
pub(crate) struct SqliteConnections {
    options: SqliteConnectOptions,
    patience: Duration,
    turns: Arc<Semaphore>,
    idle: Idle,
    texts: FusedTexts,
}

impl SqliteConnections {
    /// `patience` is how long to wait for a turn.
    pub(crate) fn new(options: SqliteConnectOptions, count: usize, patience: Duration) -> Self {
        Self {
            options,
            patience,
            turns: Arc::new(Semaphore::new(count)),
            idle: Idle::default(),
            texts: FusedTexts::default(),
        }
    }

    /// A connection that is in no transaction.
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] if none came free in time; the driver's if none can be opened.
    pub(crate) async fn lend(&self) -> Result<Lease, Error> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        let rested = resting(&self.idle, Vec::pop);
        let connection = match rested {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let idle = Arc::clone(&self.idle);
        let texts = self.texts.clone();
        Ok(Lease { connection: Some(connection), turn: Some(turn), idle, texts, open: false, running: false })
    }
}

fn resting<T>(idle: &Idle, look: impl FnOnce(&mut Vec<SqliteConnection>) -> T) -> T {
    look(&mut idle.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A connection on loan; dropped, it goes back without what was not committed.
pub(crate) struct Lease {
    /// `None` once it has failed and was closed.
    connection: Option<SqliteConnection>,
    turn: Option<OwnedSemaphorePermit>,
    idle: Idle,
    texts: FusedTexts,
    /// A transaction may be open.
    open: bool,
    /// A statement is under way, or was cut short.
    running: bool,
}

impl Lease {
    /// The texts of the commands that such connections have prepared.
    pub(crate) fn texts(&self) -> &FusedTexts {
        &self.texts
    }

    /// The connection, to use outside of a transaction.
    ///
    /// # Errors
    /// [`Error::PoolClosed`] if it has failed before.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.connection.as_mut().ok_or(Error::PoolClosed)
    }

    /// The connection for a statement, whose end is to be told to [`Lease::done`]. From now on a transaction may be
    /// open.
    ///
    /// # Errors
    /// [`Error::PoolClosed`] if it has failed before.
    pub(crate) fn start(&mut self) -> Result<&mut SqliteConnection, Error> {
        (self.open, self.running) = (true, true);
        self.connection.as_mut().ok_or(Error::PoolClosed)
    }

    /// Notes that a statement has ended. A connection that failed otherwise than by the database's word is closed.
    pub(crate) fn done<T>(&mut self, ended: Result<T, Error>) -> Result<T, Error> {
        self.running = false;
        if ended.as_ref().is_err_and(|error| !matches!(error, Error::Database(_))) {
            self.close();
        }
        ended
    }

    /// Notes that the transaction has been committed.
    pub(crate) fn committed(&mut self) {
        self.open = false;
    }

    /// Closes the connection, which rolls back: the next unit of work opens another.
    fn close(&mut self) {
        self.connection = None;
    }
}

/// Ends the transaction, if there is one. SQLite may have ended it itself: that is an answer too.
async fn roll_back(connection: &mut SqliteConnection) -> bool {
    let ended = sqlx::query::<Sqlite>("rollback").execute(connection).await;
    matches!(ended, Ok(_) | Err(Error::Database(_)))
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.running {
            // What was cut short may still run: the turn is over when that and the rollback are. Outside of a runtime
            // the connection is closed, with the same effect.
            let (idle, turn) = (Arc::clone(&self.idle), self.turn.take());
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(async move {
                    if roll_back(&mut connection).await {
                        resting(&idle, |idle| idle.push(connection));
                    }
                    drop(turn);
                });
            }
            return;
        }
        if self.open {
            // The first poll hands the statement to the connection's thread, which does one after the other: nobody
            // has to wait for it. Were it lost, the next `begin` would fail, and the connection be closed.
            let _ = pin!(roll_back(&mut connection)).poll(&mut Context::from_waker(Waker::noop()));
        }
        resting(&self.idle, |idle| idle.push(connection));
    }
}
