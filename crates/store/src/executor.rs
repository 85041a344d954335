//! Runs statements on a transaction; stamped for each engine.

use std::future::Future;

use gatehouse_domain::ports::store::Stored;
use sqlx::{Column, Postgres, Row, Sqlite, Transaction};

use crate::decode::{Columns, Decode};
use crate::dialect::{self, Dialect};
use crate::failure::failure;
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

macro_rules! executor {
    ($(#[$meta:meta])* $name:ident, $columns:ident, $engine:ty, $dialect:expr) => {
        $(#[$meta])*
        pub(crate) struct $name(pub(crate) Transaction<'static, $engine>);

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
                let done = bound!($engine, sql, values).execute(&mut *self.0).await;
                let done = done.map_err(|error| failure(Self::DIALECT, error))?;
                Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
            }

            async fn optional<T: Send + 'static>(
                &mut self,
                sql: &'static str,
                values: &[Value<'_>],
                decode: Decode<T>,
            ) -> Stored<Option<T>> {
                let row = bound!($engine, sql, values).fetch_optional(&mut *self.0).await;
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
                let rows = bound!($engine, sql, values).fetch_all(&mut *self.0).await;
                let rows = rows.map_err(|error| failure(Self::DIALECT, error))?;
                rows.iter()
                    .map(|row| (decode.read)(&mut $columns { row, entity: decode.entity, next: 0 }))
                    .collect()
            }

            async fn commit(self) -> Stored<()> {
                self.0.commit().await.map_err(|error| failure(Self::DIALECT, error))
            }
        }
    };
}

executor!(
    /// A transaction on SQLite.
    SqliteTransaction,
    SqliteColumns,
    Sqlite,
    dialect::SQLITE
);
executor!(
    /// A transaction on PostgreSQL.
    PostgresTransaction,
    PostgresColumns,
    Postgres,
    dialect::POSTGRES
);
