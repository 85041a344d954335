//! SQLite's connections: opened when first wanted, kept for good, lent to one unit of work at a time.
//!
//! The writer's goes from one unit of work to the next with its transaction open, if somebody waits for it: what they
//! write is committed together, and the disk is waited for once ([`crate::sqlite_group`]).

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use crate::failure::SqliteError;
use crate::sqlite_group::{DiskPace, Turn};
use crate::sqlite_lease::Lease;

/// More than there are statements, so that each is prepared once a connection.
const STATEMENTS_KEPT: usize = 512;

/// At most so many connections, in turns.
pub(crate) struct SqliteConnections {
    path: PathBuf,
    /// What every connection is told first.
    settings: &'static str,
    /// How long to wait for a turn, or for another process that writes.
    pub(crate) patience: Duration,
    queue: Mutex<Queue>,
    pub(crate) disk: DiskPace,
    /// Whoever follows another writes to the same transaction.
    pub(crate) commits_together: bool,
}

/// Turns that nobody has, and who waits for one.
struct Queue {
    resting: Vec<Turn>,
    waiting: VecDeque<oneshot::Sender<Lease>>,
    /// For so many commits, what happened of late counts: that somebody waited.
    crowded: u8,
}

/// How many commits long somebody who waited is remembered.
const REMEMBERED: u8 = 16;

impl SqliteConnections {
    /// As many as there are that only read.
    pub(crate) fn readers(path: PathBuf, settings: &'static str, count: usize, patience: Duration) -> Self {
        let resting = std::iter::repeat_with(Turn::default).take(count).collect();
        Self {
            path,
            settings,
            patience,
            queue: Mutex::new(Queue { resting, waiting: VecDeque::new(), crowded: 0 }),
            disk: DiskPace::default(),
            commits_together: false,
        }
    }

    /// The one that writes.
    pub(crate) fn writer(path: PathBuf, settings: &'static str, patience: Duration) -> Self {
        Self { commits_together: true, ..Self::readers(path, settings, 1, patience) }
    }

    /// A connection for a unit of work, in its turn.
    ///
    /// # Errors
    /// [`SqliteError::NoTurn`] if none came free in time; the database's if none can be opened.
    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Lease, SqliteError> {
        let turn = {
            let mut queue = self.queue();
            match queue.resting.pop() {
                Some(turn) => Ok(turn),
                None => Err(queue.wait()),
            }
        };
        let lease = match turn {
            Ok(turn) => Lease::new(turn, Arc::clone(self)),
            Err(given) => {
                let given = tokio::time::timeout(self.patience, given).await;
                given.ok().and_then(Result::ok).ok_or(SqliteError::NoTurn)?
            }
        };
        self.opened(lease)
    }

    /// As [`SqliteConnections::lend`], if nobody has to be waited for.
    ///
    /// # Errors
    /// The database's if none can be opened.
    pub(crate) fn lend_now(self: &Arc<Self>) -> Result<Option<Lease>, SqliteError> {
        let turn = self.queue().resting.pop();
        turn.map(|turn| self.opened(Lease::new(turn, Arc::clone(self)))).transpose()
    }

    /// Gives a turn to who waits longest; an open transaction is ended where nobody waits, or too many share it.
    pub(crate) fn pass_on(self: &Arc<Self>, mut turn: Turn) {
        loop {
            if turn.must_end_group() {
                turn.end_group(&self.disk);
            }
            let next = {
                let mut queue = self.queue();
                match queue.waiting.pop_front() {
                    None if turn.group.is_empty() => return queue.resting.push(turn),
                    next => next,
                }
            };
            match next {
                None => turn.end_group(&self.disk),
                Some(next) => match next.send(Lease::new(turn, Arc::clone(self))) {
                    Ok(()) => return,
                    // He no longer waits.
                    Err(mut lease) => match lease.take_back() {
                        Some(back) => turn = back,
                        None => return,
                    },
                },
            }
        }
    }

    /// Whether it is worth to let others come as far as to wait for the connection: nobody does, and somebody did of late.
    pub(crate) fn is_worth_a_pause(&self) -> bool {
        let mut queue = self.queue();
        let is_crowded = queue.crowded > 0;
        queue.crowded = queue.crowded.saturating_sub(1);
        is_crowded && queue.waiting.is_empty()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self, mut lease: Lease) -> Result<Lease, SqliteError> {
        lease.open_with(|| self.open())?;
        Ok(lease)
    }

    fn open(&self) -> Result<Connection, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.busy_timeout(self.patience)?;
        // A plan is made once: without this, a statement is planned anew at every use for the value of its limit.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(self.settings)?;
        // From now on nobody blocks a thread to wait for another process.
        connection.busy_timeout(Duration::ZERO)?;
        Ok(connection)
    }
}

impl Queue {
    fn wait(&mut self) -> oneshot::Receiver<Lease> {
        let (waiting, given) = oneshot::channel();
        self.waiting.push_back(waiting);
        self.crowded = REMEMBERED;
        given
    }
}
