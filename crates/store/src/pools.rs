//! Connections, and the units of work that run on them.

use async_trait::async_trait;
use gatehouse_domain::ports::store::{Store, Stored, UnitOfWork};
use sqlx::PgPool;

use crate::dialect::{POSTGRES, SQLITE};
use crate::executor::{Executor, PostgresTransaction, SqliteTransaction};
use crate::failure::failure;
use crate::rows::Unit;
use crate::sqlite_connections::SqliteConnections;

#[async_trait]
impl<E: Executor> UnitOfWork for Unit<E> {
    async fn commit(mut self: Box<Self>) -> Stored<()> {
        self.settle().await?;
        self.0.commit().await
    }
}

/// One connection writes, others read beside it (write-ahead log).
pub(crate) struct SqliteStore {
    pub(crate) writer: SqliteConnections,
    pub(crate) reader: SqliteConnections,
}

impl SqliteStore {
    pub(crate) async fn begin_unit(&self) -> Stored<Unit<SqliteTransaction>> {
        let begun = SqliteTransaction::begin(&self.writer).await;
        Ok(Unit::new(begun.map_err(|error| failure(&SQLITE, error))?))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.begin_unit().await?))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        let begun = SqliteTransaction::begin_with_first_statement(&self.reader).await;
        Ok(Box::new(Unit::new(begun.map_err(|error| failure(&SQLITE, error))?)))
    }

    fn engine(&self) -> &'static str {
        SQLITE.engine
    }
}

/// Writers and readers share the connections.
pub(crate) struct PostgresStore {
    pub(crate) pool: PgPool,
}

impl PostgresStore {
    pub(crate) async fn begin_unit(&self) -> Stored<Unit<PostgresTransaction>> {
        let begun = self.pool.begin_with(POSTGRES.begin).await;
        Ok(Unit::new(PostgresTransaction::new(begun.map_err(|error| failure(&POSTGRES, error))?)))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.begin_unit().await?))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        let begun = self.pool.begin_with(POSTGRES.begin_read).await;
        Ok(Box::new(Unit::new(PostgresTransaction::new(begun.map_err(|error| failure(&POSTGRES, error))?))))
    }

    fn engine(&self) -> &'static str {
        POSTGRES.engine
    }
}
