//! SQLite's half of the executor.
//!
//! SQLite is a library, not a server: what is asked of it is answered on the thread that asks, since most answers take
//! less time than the way to another thread and back. What waits for the disk, or may take long, tells the runtime so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use rusqlite::Connection;

use crate::decode::Decode;
use crate::dialect::{self, Dialect};
use crate::executor::{Answer, Executor, FailedBefore, Statement};
use crate::failure::{SqliteError, sqlite_failure};
use crate::feed::Told;
use crate::sqlite_connections::SqliteConnections;
use crate::sqlite_group::apart;
use crate::sqlite_lease::Lease;
use crate::sqlite_row::{SqliteColumns, SqliteRow, rows_of};
use crate::value::Value;

/// Between two attempts to begin while another process writes.
const PAUSE: Duration = Duration::from_millis(5);

/// A transaction, or questions of which each is one.
pub(crate) struct SqliteTransaction {
    on: On,
    begin: &'static str,
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
    /// Every question is a transaction of its own.
    Each(Arc<SqliteConnections>),
    /// Every question changes nothing.
    Looks(Looks),
}

struct Looks {
    writer: Arc<SqliteConnections>,
    reader: Arc<SqliteConnections>,
}

impl SqliteTransaction {
    /// A transaction that begins with its first statement, as `begin` says.
    pub(crate) fn new(lease: Lease, begin: &'static str) -> Self {
        Self::on(On::Leased(lease), begin)
    }

    /// Every question is a transaction of its own, which begins as `begin` says.
    pub(crate) fn single(writer: &Arc<SqliteConnections>, begin: &'static str) -> Self {
        Self::on(On::Each(Arc::clone(writer)), begin)
    }

    /// Questions that change nothing, each on the writer's connection if that is at rest, which has in memory what was
    /// written last, or else on one that reads.
    pub(crate) fn looks(
        writer: &Arc<SqliteConnections>,
        reader: &Arc<SqliteConnections>,
        begin: &'static str,
    ) -> Self {
        Self::on(On::Looks(Looks { writer: Arc::clone(writer), reader: Arc::clone(reader) }), begin)
    }

    fn on(on: On, begin: &'static str) -> Self {
        Self { on, begin, fresh: true, failed: false, long: false }
    }

    async fn ask(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let question = Question { statements, begin: Some(self.begin), looks: false, long: self.long };
        match &mut self.on {
            On::Leased(lease) => {
                Question { begin: question.begin.filter(|_| self.fresh), ..question }.ask(lease).await
            }
            On::Each(writer) => {
                let mut lease = writer.lend().await?;
                let answers = question.ask(&mut lease).await?;
                lease.commit(Told::without_feed()).await?;
                Ok(answers)
            }
            On::Looks(looks) => {
                let mut lease = looks.lend(self.long).await?;
                // A single one sees one state of the database by itself.
                let begin = question.begin.filter(|_| statements.len() > 1);
                Question { begin, looks: true, ..question }.ask(&mut lease).await
            }
        }
    }

    fn usable(&self) -> Stored<()> {
        if self.failed { Err(StoreError::Driver(Box::new(FailedBefore))) } else { Ok(()) }
    }
}

impl Looks {
    async fn lend(&self, long: bool) -> Result<Lease, SqliteError> {
        let rested = if long { None } else { self.writer.lend_now()? };
        match rested {
            Some(lease) => Ok(lease),
            None => self.reader.lend().await,
        }
    }
}

/// Statements that are asked together, and how.
#[derive(Clone, Copy)]
struct Question<'q> {
    statements: &'q [Statement<'q>],
    /// Begins a transaction with these words.
    begin: Option<&'static str>,
    /// It may change nothing.
    looks: bool,
    long: bool,
}

impl Question<'_> {
    /// Asks; what begins a transaction is asked again while another process writes.
    async fn ask(&self, lease: &mut Lease) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        let started = Instant::now();
        loop {
            let answered = if self.long { apart(|| self.ask_once(lease)) } else { self.ask_once(lease) };
            match answered {
                Err(error)
                    if (self.begin.is_some() || self.looks)
                        && error.is_busy()
                        && started.elapsed() < lease.patience() =>
                {
                    lease.roll_back()?;
                    tokio::time::sleep(PAUSE).await;
                }
                answered => return answered,
            }
        }
    }

    fn ask_once(&self, lease: &mut Lease) -> Result<Vec<Answer<SqliteRow>>, SqliteError> {
        if let Some(begin) = self.begin {
            lease.begin(begin, self.long)?;
        }
        let connection = lease.connection()?;
        self.statements.iter().map(|statement| answer(connection, statement, self.looks)).collect()
    }
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

    async fn commit(self, told: Told) -> Stored<()> {
        self.usable()?;
        match self.on {
            On::Leased(lease) => lease.commit(told).await.map_err(sqlite_failure),
            On::Each(_) | On::Looks(_) => Ok(()),
        }
    }
}
