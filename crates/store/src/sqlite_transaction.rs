//! SQLite's half of the executor.
//!
//! SQLite is a library, not a server: what is asked of it is answered on the thread that asks, since most answers take
//! less time than the way to another thread and back. What waits for the disk, or may take long, tells the runtime so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::decode::Decode;
use crate::dialect::{self, Dialect};
use crate::executor::{Answer, Executor, FailedBefore, Statement};
use crate::failure::{SqliteError, sqlite_failure};
use crate::sqlite_connections::{Lease, SqliteConnections};
use crate::sqlite_row::{SqliteColumns, SqliteRow, rows_of};
use crate::value::Value;

const COMMIT: &str = "commit";
/// Between two attempts to begin while another process writes.
const PAUSE: Duration = Duration::from_millis(5);

/// A transaction, or a connection on which every question is one.
pub(crate) struct SqliteTransaction {
    on: On,
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

enum On {
    /// One connection, to the end.
    Leased(Lease),
    /// A connection for each question.
    Each(Arc<SqliteConnections>, Arc<SqliteConnections>),
}

impl SqliteTransaction {
    /// A transaction that begins with its first statement, as `begin` says.
    pub(crate) fn new(lease: Lease, begin: &'static str) -> Self {
        Self { on: On::Leased(lease), begin, single: false, fresh: true, failed: false, long: false }
    }

    /// Every question is a transaction of its own; one of several statements begins as `begin` says.
    pub(crate) fn single(lease: Lease, begin: &'static str) -> Self {
        Self { single: true, ..Self::new(lease, begin) }
    }

    /// Questions that change nothing, each on the writer's connection if that is at rest, which has in memory what was
    /// written last, or else on one that reads.
    pub(crate) fn looks(
        writer: &Arc<SqliteConnections>,
        reader: &Arc<SqliteConnections>,
        begin: &'static str,
    ) -> Self {
        let on = On::Each(Arc::clone(writer), Arc::clone(reader));
        Self { on, begin, single: true, fresh: true, failed: false, long: false }
    }

    async fn ask(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let mut question = Question {
            statements,
            begin: Some(self.begin).filter(|_| if self.single { statements.len() > 1 } else { self.fresh }),
            may_begin_again: self.single || self.fresh,
            ends: self.single,
            looks: false,
            long: self.long,
        };
        match &mut self.on {
            On::Leased(lease) => question.ask(lease).await,
            On::Each(writer, reader) => {
                question.looks = true;
                let rested = if self.long { None } else { writer.lend_now()? };
                let mut lease = match rested {
                    Some(lease) => lease,
                    None => reader.lend().await?,
                };
                question.ask(&mut lease).await
            }
        }
    }

    fn usable(&self) -> Stored<()> {
        if self.failed { Err(StoreError::Driver(Box::new(FailedBefore))) } else { Ok(()) }
    }
}

/// Statements that are asked together, and how.
struct Question<'q> {
    statements: &'q [Statement<'q>],
    /// Begins a transaction with these words.
    begin: Option<&'static str>,
    /// Nothing is lost if it is asked once more.
    may_begin_again: bool,
    /// A transaction that it has begun ends with it.
    ends: bool,
    /// It may change nothing.
    looks: bool,
    long: bool,
}

impl Question<'_> {
    /// Asks; what begins a transaction is asked again while another process writes.
    async fn ask(&self, lease: &mut Lease) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let started = Instant::now();
        loop {
            let answered = if self.long {
                apart(|| self.ask_once(lease))
            } else if self.ends && !self.looks {
                at_the_disk(lease, || self.ask_once(lease))
            } else {
                self.ask_once(lease)
            };
            match answered {
                Err(error)
                    if self.may_begin_again && error.is_busy() && started.elapsed() < lease.patience =>
                {
                    lease.roll_back()?;
                    tokio::time::sleep(PAUSE).await;
                }
                answered => return answered,
            }
        }
    }

    fn ask_once(&self, lease: &Lease) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let connection = lease.connection()?;
        if let Some(begin) = self.begin {
            order(connection, begin)?;
        }
        let mut answers = Vec::with_capacity(self.statements.len());
        for statement in self.statements {
            answers.push(answer(connection, statement, self.looks)?);
        }
        if self.begin.is_some() && self.ends {
            order(connection, COMMIT)?;
        }
        Ok(answers)
    }
}

/// Runs what ends with a wait for the disk: on this thread as long as the disk is quicker than the way to another.
fn at_the_disk<T>(lease: &Lease, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = if lease.disk.is_slow() { apart(work) } else { work() };
    lease.disk.note(begun);
    done
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
    looks: bool,
) -> Result<Answer<SqliteRow>, SqliteError> {
    let mut prepared = connection.prepare_cached(sql)?;
    if looks && !prepared.readonly() {
        return Err(SqliteError::Changes);
    }
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
        let On::Leased(lease) = &self.on else { return Ok(()) };
        at_the_disk(lease, || order(lease.connection()?, COMMIT)).map_err(sqlite_failure)
    }
}
