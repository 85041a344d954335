//! Runs statements on a transaction; stamped for each engine.

use std::future::Future;

use gatehouse_domain::ports::store::Stored;
use sqlx::{
    AssertSqlSafe, Column, Error, PgConnection, Postgres, Row, SqlSafeStr, SqlStr, Sqlite, SqliteConnection,
    Transaction,
};

use crate::decode::{Columns, Decode};
use crate::dialect::{self, Dialect};
use crate::failure::failure;
use crate::sqlite_connections::{Lease, SqliteConnections};
use crate::value::Value;

/// A transaction of one engine.
pub(crate) trait Executor: Send + 'static {
    const DIALECT: &'static Dialect;

    /// Runs a statement; answers with the number of rows that it changed.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Stored<i64>> + Send;

    /// The first row, if there is one.
    fn optional<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        decode: Decode<T>,
    ) -> impl Future<Output = Stored<Option<T>>> + Send;

    /// Every row.
    fn all<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        decode: Decode<T>,
    ) -> impl Future<Output = Stored<Vec<T>>> + Send;

    fn commit(self) -> impl Future<Output = Stored<()>> + Send;
}

/// Binds the arguments in order.
macro_rules! bound {
    ($engine:ty, $sql:expr, $values:expr) => {{
        let mut query = sqlx::query::<$engine>($sql);
        for value in $values {
            query = match *value {
                Value::Text(text) => query.bind(text),
                Value::Int(number) => query.bind(number),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

/// Runs a query on the transaction's connection.
macro_rules! run {
    ($transaction:expr, $query:expr, $how:ident) => {{
        let query = $query;
        match $transaction.start() {
            Ok(connection) => {
                let ended = query.$how(connection).await;
                $transaction.done(ended)
            }
            Err(error) => Err(error),
        }
    }};
}

macro_rules! executor {
    ($name:ident, $columns:ident, $engine:ty, $dialect:expr) => {
        struct $columns<'r> {
            row: &'r <$engine as sqlx::Database>::Row,
            entity: &'static str,
            next: usize,
        }

        impl $columns<'_> {
            fn get<T>(&mut self) -> Stored<T>
            where
                T: for<'v> sqlx::Decode<'v, $engine> + sqlx::Type<$engine>,
            {
                let index = self.next;
                self.next += 1;
                self.row.try_get::<T, _>(index).map_err(|_| self.corrupt())
            }
        }

        impl Columns for $columns<'_> {
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

        impl Executor for $name {
            const DIALECT: &'static Dialect = &$dialect;

            async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Stored<i64> {
                let done = run!(self, bound!($engine, self.text(sql), values), execute);
                let done = done.map_err(|error| failure(Self::DIALECT, error))?;
                Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
            }

            async fn optional<T: Send + 'static>(
                &mut self,
                sql: &'static str,
                values: &[Value<'_>],
                decode: Decode<T>,
            ) -> Stored<Option<T>> {
                let row = run!(self, bound!($engine, self.text(sql), values), fetch_optional);
                let row = row.map_err(|error| failure(Self::DIALECT, error))?;
                row.map(|row| (decode.read)(&mut $columns { row: &row, entity: decode.entity, next: 0 }))
                    .transpose()
            }

            async fn all<T: Send + 'static>(
                &mut self,
                sql: &'static str,
                values: &[Value<'_>],
                decode: Decode<T>,
            ) -> Stored<Vec<T>> {
                let rows = run!(self, bound!($engine, self.text(sql), values), fetch_all);
                let rows = rows.map_err(|error| failure(Self::DIALECT, error))?;
                rows.iter()
                    .map(|row| (decode.read)(&mut $columns { row, entity: decode.entity, next: 0 }))
                    .collect()
            }

            async fn commit(self) -> Stored<()> {
                self.end().await.map_err(|error| failure(Self::DIALECT, error))
            }
        }
    };
}

/// A transaction on SQLite.
pub(crate) struct SqliteTransaction {
    lease: Lease,
    /// The transaction begins together with its first statement.
    begin: Option<&'static str>,
}

impl SqliteTransaction {
    /// Begins to write: nobody else writes from now on.
    pub(crate) async fn begin(connections: &SqliteConnections) -> Result<Self, Error> {
        let mut transaction = Self { lease: connections.lend().await?, begin: None };
        let begun = run!(transaction, sqlx::query::<Sqlite>(dialect::SQLITE.begin), execute);
        if begun.is_err() {
            transaction.lease.close();
        }
        begun.map(|_| transaction)
    }

    /// Reads one snapshot, the one that the first statement finds; the beginning costs no crossing of its own.
    pub(crate) async fn begin_with_first_statement(connections: &SqliteConnections) -> Result<Self, Error> {
        Ok(Self { lease: connections.lend().await?, begin: Some(dialect::SQLITE.begin_read) })
    }

    fn text(&mut self, sql: &'static str) -> SqlStr {
        match self.begin.take() {
            None => sql.into_sql_str(),
            // Two texts of this program.
            Some(begin) => AssertSqlSafe(format!("{begin};{sql}")).into_sql_str(),
        }
    }

    fn start(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.lease.start()
    }

    fn done<T>(&mut self, ended: Result<T, Error>) -> Result<T, Error> {
        self.lease.done(ended)
    }

    async fn end(mut self) -> Result<(), Error> {
        if self.begin.is_some() {
            return Ok(());
        }
        run!(self, sqlx::query::<Sqlite>("commit"), execute)?;
        self.lease.committed();
        Ok(())
    }
}

/// A transaction on PostgreSQL.
pub(crate) struct PostgresTransaction(Transaction<'static, Postgres>);

impl PostgresTransaction {
    pub(crate) fn new(begun: Transaction<'static, Postgres>) -> Self {
        Self(begun)
    }

    fn text(&self, sql: &'static str) -> SqlStr {
        sql.into_sql_str()
    }

    fn start(&mut self) -> Result<&mut PgConnection, Error> {
        Ok(&mut self.0)
    }

    fn done<T>(&self, ended: Result<T, Error>) -> Result<T, Error> {
        ended
    }

    async fn end(self) -> Result<(), Error> {
        self.0.commit().await
    }
}

executor!(SqliteTransaction, SqliteColumns, Sqlite, dialect::SQLITE);
executor!(PostgresTransaction, PostgresColumns, Postgres, dialect::POSTGRES);
