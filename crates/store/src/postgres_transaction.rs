//! PostgreSQL's half of the executor: every statement is sent and answered by itself.

use futures::TryStreamExt as _;
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{
    Column, Connection as _, Either, Error, Executor as _, PgConnection, Postgres, Row as _, Transaction,
};

use crate::decode::{Columns, Decode};
use crate::dialect::{self, Dialect};
use crate::executor::{Answer, Executor, FailedBefore, Statement};
use crate::failure::postgres_failure;
use crate::feed::Told;
use crate::value::Value;

/// A transaction, or a connection on which every call is one.
pub(crate) struct PostgresTransaction {
    on: On,
    /// A statement failed or was cut short.
    failed: bool,
}

enum On {
    Transaction(Transaction<'static, Postgres>),
    /// A call of several statements begins so.
    Connection(PoolConnection<Postgres>, &'static str),
}

impl PostgresTransaction {
    pub(crate) fn new(begun: Transaction<'static, Postgres>) -> Self {
        Self { on: On::Transaction(begun), failed: false }
    }

    /// Every call is a transaction of its own; one of several statements begins as `begin` says.
    pub(crate) fn single(connection: PoolConnection<Postgres>, begin: &'static str) -> Self {
        Self { on: On::Connection(connection, begin), failed: false }
    }

    async fn run_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Answer<PgRow>>, Error> {
        match &mut self.on {
            On::Transaction(transaction) => run_on(transaction, statements).await,
            On::Connection(connection, begin) if statements.len() > 1 => {
                let mut transaction = connection.begin_with(*begin).await?;
                let answers = run_on(&mut transaction, statements).await?;
                transaction.commit().await?;
                Ok(answers)
            }
            On::Connection(connection, _) => run_on(connection, statements).await,
        }
    }
}

struct PostgresColumns<'r> {
    row: &'r PgRow,
    entity: &'static str,
    next: usize,
}

impl PostgresColumns<'_> {
    fn get<T>(&mut self) -> Stored<T>
    where
        T: for<'v> sqlx::Decode<'v, Postgres> + sqlx::Type<Postgres>,
    {
        let index = self.next;
        self.next += 1;
        self.row.try_get::<T, _>(index).map_err(|_| self.corrupt())
    }
}

impl Columns for PostgresColumns<'_> {
    fn maybe_text(&mut self) -> Stored<Option<String>> {
        self.get()
    }

    fn maybe_int(&mut self) -> Stored<Option<i64>> {
        self.get()
    }

    fn maybe_bytes(&mut self) -> Stored<Option<Vec<u8>>> {
        self.get()
    }

    fn place(&self) -> String {
        let last = self.row.columns().get(self.next.saturating_sub(1));
        format!("{} (column {})", self.entity, last.map_or("missing", Column::name))
    }
}

/// The answer to a statement.
async fn answer(connection: &mut PgConnection, statement: &Statement<'_>) -> Result<Answer<PgRow>, Error> {
    let mut query = sqlx::query::<Postgres>(statement.sql);
    for value in statement.values {
        query = match *value {
            Value::Text(text) => query.bind(text),
            Value::Int(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    let (mut rows, mut changed) = (Vec::new(), 0);
    let mut stream = connection.fetch_many(query);
    while let Some(part) = stream.try_next().await? {
        match part {
            Either::Right(row) => rows.push(row),
            Either::Left(done) => changed = i64::try_from(done.rows_affected()).unwrap_or(i64::MAX),
        }
    }
    Ok(Answer { rows, changed })
}

async fn run_on(
    connection: &mut PgConnection,
    statements: &[Statement<'_>],
) -> Result<Vec<Answer<PgRow>>, Error> {
    let mut answers = Vec::with_capacity(statements.len());
    for statement in statements {
        answers.push(answer(connection, statement).await?);
    }
    Ok(answers)
}

impl Executor for PostgresTransaction {
    const DIALECT: &'static Dialect = &dialect::POSTGRES;
    type Row = PgRow;

    async fn run(&mut self, statements: &[Statement<'_>]) -> Stored<Vec<Answer<PgRow>>> {
        if std::mem::replace(&mut self.failed, true) {
            return Err(StoreError::Driver(Box::new(FailedBefore)));
        }
        let answers = self.run_all(statements).await.map_err(postgres_failure)?;
        self.failed = false;
        Ok(answers)
    }

    fn decode<T>(row: PgRow, decode: &Decode<T>) -> Stored<T> {
        (decode.read)(&mut PostgresColumns { row: &row, entity: decode.entity, next: 0 })
    }

    /// The database tells of it.
    async fn commit(self, _told: Told) -> Stored<()> {
        if self.failed {
            return Err(StoreError::Driver(Box::new(FailedBefore)));
        }
        match self.on {
            On::Transaction(transaction) => transaction.commit().await.map_err(postgres_failure),
            // Every call was committed by itself.
            On::Connection(..) => Ok(()),
        }
    }
}
