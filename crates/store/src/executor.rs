//! Runs statements on one engine's transaction.

use std::future::Future;

use gatehouse_domain::ports::store::Stored;

use crate::decode::Decode;
use crate::dialect::Dialect;
use crate::feed::Told;
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
pub(crate) trait Executor: Send + 'static {
    const DIALECT: &'static Dialect;
    type Row: Send;

    /// Runs statements in order; the first that fails is the last that runs. One answer for each.
    fn run(
        &mut self,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Stored<Vec<Answer<Self::Row>>>> + Send;

    /// What is asked from now on may take long.
    fn takes_long(&mut self) {}

    /// Reads a row.
    fn decode<T>(row: Self::Row, decode: &Decode<T>) -> Stored<T>;

    /// Ends the transaction; whoever listens is told, also if who waits for this goes away.
    fn commit(self, told: Told) -> impl Future<Output = Stored<()>> + Send;

    /// Runs a statement; answers with the number of rows that it changed.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Stored<i64>> + Send {
        async move { Ok(self.run(&[Statement { sql, values }]).await?.first().map_or(0, |answer| answer.changed)) }
    }

    /// Runs a change; how many rows it meets does not matter.
    fn change(&mut self, sql: &'static str, values: &[Value<'_>]) -> impl Future<Output = Stored<()>> + Send {
        async move { self.run(&[Statement { sql, values }]).await.map(drop) }
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
        row.map(|row| Self::decode(row, decode)).transpose()
    }

    /// Every row of an answer.
    fn every<T>(answer: Option<Answer<Self::Row>>, decode: &Decode<T>) -> Stored<Vec<T>> {
        answer.into_iter().flat_map(|answer| answer.rows).map(|row| Self::decode(row, decode)).collect()
    }
}
