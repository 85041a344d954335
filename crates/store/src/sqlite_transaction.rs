//! SQLite's half of the executor.
//!
//! SQLite is a library, not a server: what is asked of it is answered on the thread that asks, since most answers take
//! less time than the way to another thread and back. What waits for the disk, or may take long, tells the runtime so.

use std::time::{Duration, Instant};

use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::decode::Decode;
use crate::dialect::{self, Dialect};
use crate::executor::{Answer, Executor, FailedBefore, Statement};
use crate::failure::{SqliteError, sqlite_failure};
use crate::sqlite_connections::Lease;
use crate::sqlite_row::{SqliteColumns, SqliteRow, rows_of};
use crate::value::Value;

const COMMIT: &str = "commit";
/// Between two attempts to begin while another process writes.
const PAUSE: Duration = Duration::from_millis(5);

/// A transaction, or a connection on which every question is one.
pub(crate) struct SqliteTransaction {
    lease: Lease,
    begin: &'static str,
    /// Every question is a transaction of its own.
    single: bool,
    /// Nothing has been asked yet.
    fresh: bool,
    /// A statement failed or was cut short: nothing is asked any more, and so nothing is committed.
    failed: bool,
    /// What is asked may take long.
    long: bool,
}

impl SqliteTransaction {
    /// A transaction that begins with its first statement, as `begin` says.
    pub(crate) fn new(lease: Lease, begin: &'static str) -> Self {
        Self { lease, begin, single: false, fresh: true, failed: false, long: false }
    }

    /// Every question is a transaction of its own; one of several statements begins as `begin` says.
    pub(crate) fn single(lease: Lease, begin: &'static str) -> Self {
        Self { single: true, ..Self::new(lease, begin) }
    }

    /// Asks; what begins a transaction is asked again while another process writes.
    async fn ask(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let begins = self.single || self.fresh;
        let started = Instant::now();
        loop {
            // What is a transaction of its own ends at the disk.
            let answered = if self.long || self.single {
                apart(|| self.ask_once(begins, statements))
            } else {
                self.ask_once(begins, statements)
            };
            match answered {
                Err(error) if begins && error.is_busy() && started.elapsed() < self.lease.patience => {
                    self.lease.roll_back()?;
                    tokio::time::sleep(PAUSE).await;
                }
                answered => return answered,
            }
        }
    }

    fn ask_once(
        &self,
        begins: bool,
        statements: &[Statement<'_>],
    ) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let connection = self.lease.connection()?;
        let whole = !self.single || statements.len() > 1;
        if whole && begins {
            order(connection, self.begin)?;
        }
        let mut answers = Vec::with_capacity(statements.len());
        for statement in statements {
            answers.push(answer(connection, statement)?);
        }
        if whole && self.single {
            order(connection, COMMIT)?;
        }
        Ok(answers)
    }

    fn usable(&self) -> Stored<()> {
        if self.failed { Err(StoreError::Driver(Box::new(FailedBefore))) } else { Ok(()) }
    }
}

/// Runs what may hold up its thread; the runtime's other tasks go on elsewhere.
fn apart<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Runs a statement without arguments or rows.
fn order(connection: &Connection, sql: &str) -> Result<(), SqliteError> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

fn answer(
    connection: &Connection,
    Statement { sql, values }: &Statement<'_>,
) -> Result<Answer<SqliteRow>, SqliteError> {
    let mut prepared = connection.prepare_cached(sql)?;
    for index in 1..=prepared.parameter_count() {
        // `$7` is the seventh argument, wherever in the text it is met first.
        let number = prepared.parameter_name(index).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        match value.ok_or(SqliteError::NoArgument)? {
            Value::Text(text) => prepared.raw_bind_parameter(index, text),
            Value::Int(number) => prepared.raw_bind_parameter(index, number),
            Value::Bytes(bytes) => prepared.raw_bind_parameter(index, bytes),
        }?;
    }
    if prepared.column_count() > 0 {
        return Ok(Answer { rows: rows_of(&mut prepared)?, changed: 0 });
    }
    let changed = prepared.raw_execute()?;
    Ok(Answer { rows: Vec::new(), changed: i64::try_from(changed).unwrap_or(i64::MAX) })
}

impl Executor for SqliteTransaction {
    const DIALECT: &'static Dialect = &dialect::SQLITE;
    type Row = SqliteRow;

    async fn run(&mut self, statements: &[Statement<'_>]) -> Stored<Vec<Answer<SqliteRow>>> {
        self.usable()?;
        self.failed = true;
        let answers = self.ask(statements).await.map_err(sqlite_failure)?;
        (self.fresh, self.failed) = (false, false);
        Ok(answers)
    }

    fn takes_long(&mut self) {
        self.long = true;
    }

    fn decode<T>(row: SqliteRow, decode: &Decode<T>) -> Stored<T> {
        (decode.read)(&mut SqliteColumns::new(row, decode.entity))
    }

    async fn commit(self) -> Stored<()> {
        self.usable()?;
        if self.single || self.fresh {
            return Ok(());
        }
        let committed = self.lease.connection().and_then(|connection| apart(|| order(connection, COMMIT)));
        committed.map_err(sqlite_failure)
    }
}
