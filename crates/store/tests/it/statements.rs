//! Every statement is prepared on both engines.

use gatehouse_store::{dialect, sql};
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr};

use crate::engines::Fresh;

fn every_statement(dialect: &dialect::Dialect) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = sql::AREAS.concat();
    all.push(("the dialect's device_for_update", dialect.device_for_update));
    assert!(all.len() > 80, "the lists have lost statements: {}", all.len());
    all
}

#[tokio::test]
async fn sqlite_prepares_every_statement() {
    let fresh = Fresh::sqlite().await;
    let pool = fresh.sqlite_pool().await;
    let mut connection = pool.acquire().await.unwrap();
    for (name, text) in every_statement(&dialect::SQLITE) {
        let prepared = connection.prepare(AssertSqlSafe(text).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
    connection.clear_cached_statements().await.unwrap();
}

#[tokio::test]
async fn postgres_prepares_every_statement() {
    let fresh = Fresh::postgres().await;
    let pool = fresh.postgres_pool().await;
    let mut connection = pool.acquire().await.unwrap();
    for (name, text) in every_statement(&dialect::POSTGRES) {
        let prepared = connection.prepare(AssertSqlSafe(text).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
    connection.clear_cached_statements().await.unwrap();
}
