//! Runs statements on one engine's transaction.

use std::future::Future;

use gatehouse_domain::ports::store::Stored;

use crate::decode::Decode;
use crate::dialect::Dialect;
use crate::value::Value;

/// A statement with its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Statement<'v> {
    pub(crate) sql: &'static str,
    pub(crate) values: &'v [Value<'v>],
}

/// What came of one statement.
pub(crate) struct Answer<R> {
    pub(crate) rows: Vec<R>,
    /// How many rows it changed; means nothing of a query.
    pub(crate) changed: i64,
}

/// Something of this unit of work has failed or was cut short: nothing of it is kept.
#[derive(Debug, thiserror::Error)]
#[error("an earlier statement of this unit of work failed")]
pub(crate) struct FailedBefore;

/// A transaction of one engine.
///
/// What an engine charges for is the way to it and back, so statements may go together: several questions at once
/// ([`Executor::run`]), and changes whose answer nobody needs with whatever comes next ([`Executor::later`]).
pub(crate) trait Executor: Send + 'static {
    const DIALECT: &'static Dialect;
    type Row: Send;

    /// Runs statements in order; the first that fails is the last that runs. One answer for each.
    fn run(
        &mut self,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Stored<Vec<Answer<Self::Row>>>> + Send;

    /// Takes a change whose answer nobody needs. It is made before whatever is asked next, or before the commit; that
    /// it fails may come out only there, and nothing of the unit of work is kept then.
    fn later(&mut self, sql: &'static str, values: &[Value<'_>]) -> impl Future<Output = Stored<()>> + Send;

    /// Reads a row.
    fn decode<T>(row: &Self::Row, decode: &Decode<T>) -> Stored<T>;

    fn commit(self) -> impl Future<Output = Stored<()>> + Send;

    /// Runs a statement; answers with the number of rows that it changed.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Stored<i64>> + Send {
        async move { Ok(self.run(&[Statement { sql, values }]).await?.first().map_or(0, |answer| answer.changed)) }
    }

    /// The first row, if there is one.
    fn optional<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        decode: Decode<T>,
    ) -> impl Future<Output = Stored<Option<T>>> + Send {
        async move { Self::first(self.run(&[Statement { sql, values }]).await?.pop(), &decode) }
    }

    /// Every row.
    fn all<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        decode: Decode<T>,
    ) -> impl Future<Output = Stored<Vec<T>>> + Send {
        async move { Self::every(self.run(&[Statement { sql, values }]).await?.pop(), &decode) }
    }

    /// The first row of an answer, if there is one.
    fn first<T>(answer: Option<Answer<Self::Row>>, decode: &Decode<T>) -> Stored<Option<T>> {
        let row = answer.and_then(|answer| answer.rows.into_iter().next());
        row.map(|row| Self::decode(&row, decode)).transpose()
    }

    /// Every row of an answer.
    fn every<T>(answer: Option<Answer<Self::Row>>, decode: &Decode<T>) -> Stored<Vec<T>> {
        answer.iter().flat_map(|answer| &answer.rows).map(|row| Self::decode(row, decode)).collect()
    }
}

/// Stamps what reads an engine's rows: `$columns`, and `$collect`, which takes the answers out of a stream of rows and
/// results.
macro_rules! answers {
    ($columns:ident, $collect:ident, $engine:ty) => {
        struct $columns<'r> {
            row: &'r <$engine as sqlx::Database>::Row,
            entity: &'static str,
            next: usize,
        }

        impl $columns<'_> {
            fn get<T>(&mut self) -> gatehouse_domain::ports::store::Stored<T>
            where
                T: for<'v> sqlx::Decode<'v, $engine> + sqlx::Type<$engine>,
            {
                let index = self.next;
                self.next += 1;
                sqlx::Row::try_get::<T, _>(self.row, index).map_err(|_| self.corrupt())
            }
        }

        impl $crate::decode::Columns for $columns<'_> {
            fn maybe_text(&mut self) -> gatehouse_domain::ports::store::Stored<Option<String>> {
                self.get()
            }

            fn maybe_int(&mut self) -> gatehouse_domain::ports::store::Stored<Option<i64>> {
                self.get()
            }

            fn maybe_bytes(&mut self) -> gatehouse_domain::ports::store::Stored<Option<Vec<u8>>> {
                self.get()
            }

            fn place(&self) -> String {
                let last = sqlx::Row::columns(self.row).get(self.next.saturating_sub(1));
                format!("{} (column {})", self.entity, last.map_or("missing", sqlx::Column::name))
            }
        }

        /// Appends an answer for each statement of a command.
        async fn $collect(
            mut stream: impl futures::Stream<
                Item = Result<
                    sqlx::Either<<$engine as sqlx::Database>::QueryResult, <$engine as sqlx::Database>::Row>,
                    sqlx::Error,
                >,
            > + Unpin
            + Send,
            answers: &mut Vec<$crate::executor::Answer<<$engine as sqlx::Database>::Row>>,
        ) -> Result<(), sqlx::Error> {
            let mut rows = Vec::new();
            while let Some(part) = futures::StreamExt::next(&mut stream).await {
                match part? {
                    sqlx::Either::Right(row) => rows.push(row),
                    sqlx::Either::Left(done) => {
                        let changed = i64::try_from(done.rows_affected()).unwrap_or(i64::MAX);
                        answers.push($crate::executor::Answer { rows: std::mem::take(&mut rows), changed });
                    }
                }
            }
            Ok(())
        }
    };
}
pub(crate) use answers;
