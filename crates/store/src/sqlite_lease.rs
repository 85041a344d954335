//! A connection on loan.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::failure::SqliteError;
use crate::feed::Told;
use crate::sqlite_connections::SqliteConnections;
use crate::sqlite_group::{Turn, order, undo};

/// A connection on loan; dropped, it goes on without what was not committed.
pub(crate) struct Lease {
    /// `None` only once it has gone on.
    turn: Option<Turn>,
    home: Arc<SqliteConnections>,
    part: Part,
}

/// What of the transaction that is open belongs to this unit of work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    /// All of it.
    Whole,
    /// What came after a savepoint.
    Rest,
}

impl Lease {
    pub(crate) fn new(turn: Turn, home: Arc<SqliteConnections>) -> Self {
        Self { turn: Some(turn), home, part: Part::Nothing }
    }

    /// The turn of a loan that nobody took.
    pub(crate) fn take_back(&mut self) -> Option<Turn> {
        self.turn.take()
    }

    /// # Errors
    /// That of `open`.
    pub(crate) fn open_with(
        &mut self,
        open: impl FnOnce() -> Result<Connection, SqliteError>,
    ) -> Result<(), SqliteError> {
        match &mut self.turn {
            Some(turn) if turn.connection.is_none() => turn.connection = Some(open()?),
            _ => {}
        }
        Ok(())
    }

    /// How long to wait for another process that writes.
    pub(crate) fn patience(&self) -> Duration {
        self.home.patience
    }

    /// # Errors
    /// [`SqliteError::NoTurn`] if it is closed, as a commit has failed on it.
    pub(crate) fn connection(&self) -> Result<&Connection, SqliteError> {
        self.turn.as_ref().and_then(|turn| turn.connection.as_ref()).ok_or(SqliteError::NoTurn)
    }

    /// Begins with these words, or where the one before has left his transaction open. What takes `long` does not keep
    /// others waiting for theirs.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn begin(&mut self, words: &str, long: bool) -> Result<(), SqliteError> {
        if let Some(turn) = self.turn.as_mut().filter(|_| long) {
            turn.end_group(&self.home.disk);
        }
        let connection = self.connection()?;
        self.part = if connection.is_autocommit() {
            order(connection, words)?;
            Part::Whole
        } else {
            order(connection, "savepoint part")?;
            Part::Rest
        };
        Ok(())
    }

    /// Takes back what was not committed of this unit of work.
    ///
    /// # Errors
    /// The database's; the connection is of no more use then.
    pub(crate) fn roll_back(&mut self) -> Result<(), SqliteError> {
        let connection = self.connection()?;
        match self.part {
            Part::Whole => undo(connection)?,
            Part::Rest if !connection.is_autocommit() => {
                order(connection, "rollback to part")?;
                order(connection, "release part")?;
            }
            // SQLite itself gives a transaction up where the disk is full, say: whole.
            Part::Rest | Part::Nothing => {}
        }
        self.part = Part::Nothing;
        Ok(())
    }

    /// Commits, and tells of it; comes back when the disk has it.
    ///
    /// # Errors
    /// The database's, also where somebody else's part of the transaction is what cannot be kept.
    pub(crate) async fn commit(mut self, told: Told) -> Result<(), SqliteError> {
        let connection = self.connection()?;
        match self.part {
            Part::Nothing => return Ok(()),
            Part::Rest => {
                order(connection, "release part")?;
                // It goes where those before it go, whatever becomes of who asked for it.
                self.part = Part::Nothing;
            }
            Part::Whole if !self.home.commits_together => {
                order(connection, "commit")?;
                self.part = Part::Nothing;
                told.committed();
                return Ok(());
            }
            Part::Whole => {}
        }
        if self.home.is_worth_a_pause() {
            tokio::task::yield_now().await;
        }
        let Some(mut turn) = self.turn.take() else { return Err(SqliteError::NoTurn) };
        let outcome = turn.group.join(told);
        self.home.pass_on(turn);
        outcome.await.map_err(|_| SqliteError::GivenUp)?.map_err(SqliteError::Together)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let usable = self.roll_back().is_ok();
        if let Some(mut turn) = self.turn.take() {
            if !usable {
                // Closed, it keeps nothing either: also not of those who were before.
                turn.connection = None;
            }
            self.home.pass_on(turn);
        }
    }
}
