//! SQLite's half of the executor.
//!
//! A command costs a crossing to the connection's own thread and back, far more than most statements. So one command
//! takes along what has waited: the beginning, changes whose answer nobody needs, and the commit.

use std::mem;

use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Error, Executor as _, Sqlite};

use crate::decode::{Columns as _, Decode};
use crate::dialect::{self, Dialect};
use crate::executor::{Answer, Executor, FailedBefore, Statement, answers};
use crate::failure::failure;
use crate::fusion::Part;
use crate::sqlite_connections::Lease;
use crate::value::Value;

/// Changes that wait at most; more are sent by themselves.
const MOST_WAITING: usize = 16;
const COMMIT: &str = "commit";

answers!(SqliteColumns, collect, Sqlite);

/// A transaction, or a connection on which every question is one.
pub(crate) struct SqliteTransaction {
    lease: Lease,
    begin: &'static str,
    /// Every question is a transaction of its own.
    single: bool,
    /// Nothing has been sent yet.
    fresh: bool,
    /// A statement failed or was cut short: nothing is sent any more, and so nothing is committed.
    failed: bool,
    /// What the next command takes along, with its arguments.
    waiting: Vec<Part>,
    arguments: SqliteArguments,
}

impl SqliteTransaction {
    /// A transaction that begins with its first statement, as `begin` says.
    pub(crate) fn new(lease: Lease, begin: &'static str) -> Self {
        Self {
            lease,
            begin,
            single: false,
            fresh: true,
            failed: false,
            waiting: Vec::new(),
            arguments: SqliteArguments::default(),
        }
    }

    /// Every question is a transaction of its own; one of several statements begins as `begin` says.
    pub(crate) fn single(lease: Lease, begin: &'static str) -> Self {
        Self { single: true, ..Self::new(lease, begin) }
    }

    fn add(&mut self, Statement { sql, values }: Statement<'_>) -> Result<(), Error> {
        for value in values {
            match *value {
                Value::Text(text) => self.arguments.add(text),
                Value::Int(number) => self.arguments.add(number),
                Value::Bytes(bytes) => self.arguments.add(bytes),
            }
            .map_err(Error::Encode)?;
        }
        self.waiting.push(Part { sql, arguments: values.len() });
        Ok(())
    }

    /// Sends all that waits as one command; answers with what came of each.
    async fn send(&mut self) -> Result<Vec<Answer<SqliteRow>>, Error> {
        let text = self.lease.texts().text(&self.waiting);
        let mut answers = Vec::with_capacity(self.waiting.len());
        self.waiting.clear();
        let arguments = mem::take(&mut self.arguments);
        (self.fresh, self.failed) = (false, true);
        let connection = self.lease.start()?;
        let ended = collect(connection.fetch_many(sqlx::query_with(text, arguments)), &mut answers).await;
        self.lease.done(ended)?;
        self.failed = false;
        Ok(answers)
    }

    async fn run_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Answer<SqliteRow>>, Error> {
        let whole = !self.single || statements.len() > 1;
        if whole && (self.single || self.fresh) {
            self.waiting.insert(0, Part::bare(self.begin));
        }
        let before = self.waiting.len();
        for statement in statements {
            self.add(*statement)?;
        }
        if whole && self.single {
            self.waiting.push(Part::bare(COMMIT));
        }
        let mut answers = self.send().await?;
        if self.single {
            self.lease.committed();
        }
        answers.truncate(before + statements.len());
        answers.drain(..before.min(answers.len()));
        Ok(answers)
    }

    fn usable(&self) -> Stored<()> {
        if self.failed { Err(StoreError::Driver(Box::new(FailedBefore))) } else { Ok(()) }
    }
}

impl Executor for SqliteTransaction {
    const DIALECT: &'static Dialect = &dialect::SQLITE;
    type Row = SqliteRow;

    async fn run(&mut self, statements: &[Statement<'_>]) -> Stored<Vec<Answer<SqliteRow>>> {
        self.usable()?;
        self.run_all(statements).await.map_err(|error| failure(Self::DIALECT, error))
    }

    async fn later(&mut self, sql: &'static str, values: &[Value<'_>]) -> Stored<()> {
        self.usable()?;
        let statement = Statement { sql, values };
        if self.single || self.waiting.len() >= MOST_WAITING {
            return self.run(&[statement]).await.map(drop);
        }
        self.add(statement).map_err(|error| failure(Self::DIALECT, error))
    }

    fn decode<T>(row: &SqliteRow, decode: &Decode<T>) -> Stored<T> {
        (decode.read)(&mut SqliteColumns { row, entity: decode.entity, next: 0 })
    }

    async fn commit(mut self) -> Stored<()> {
        self.usable()?;
        if self.single || (self.fresh && self.waiting.is_empty()) {
            return Ok(());
        }
        let committed = self.run_all(&[Statement { sql: COMMIT, values: &[] }]).await;
        committed.map_err(|error| failure(Self::DIALECT, error))?;
        self.lease.committed();
        Ok(())
    }
}
