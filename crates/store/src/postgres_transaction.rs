//! PostgreSQL's half of the executor: every statement is sent and answered by itself.

use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{Connection as _, Error, Executor as _, PgConnection, Postgres, Transaction};

use crate::decode::{Columns as _, Decode};
use crate::dialect::{self, Dialect};
use crate::executor::{Answer, Executor, FailedBefore, Statement, answers};
use crate::failure::failure;
use crate::value::Value;

answers!(PostgresColumns, collect, Postgres);

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

async fn run_on(
    connection: &mut PgConnection,
    statements: &[Statement<'_>],
) -> Result<Vec<Answer<PgRow>>, Error> {
    let mut answers = Vec::with_capacity(statements.len());
    for Statement { sql, values } in statements {
        let mut query = sqlx::query::<Postgres>(*sql);
        for value in *values {
            query = match *value {
                Value::Text(text) => query.bind(text),
                Value::Int(number) => query.bind(number),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        collect(connection.fetch_many(query), &mut answers).await?;
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
        let answers = self.run_all(statements).await.map_err(|error| failure(Self::DIALECT, error))?;
        self.failed = false;
        Ok(answers)
    }

    async fn later(&mut self, sql: &'static str, values: &[Value<'_>]) -> Stored<()> {
        self.run(&[Statement { sql, values }]).await.map(drop)
    }

    fn decode<T>(row: &PgRow, decode: &Decode<T>) -> Stored<T> {
        (decode.read)(&mut PostgresColumns { row, entity: decode.entity, next: 0 })
    }

    async fn commit(self) -> Stored<()> {
        if self.failed {
            return Err(StoreError::Driver(Box::new(FailedBefore)));
        }
        match self.on {
            On::Transaction(transaction) => {
                transaction.commit().await.map_err(|error| failure(Self::DIALECT, error))
            }
            // Every call was committed by itself.
            On::Connection(..) => Ok(()),
        }
    }
}
