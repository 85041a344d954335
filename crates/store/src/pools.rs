//! Connections, and the units of work that run on them.

use async_trait::async_trait;
use gatehouse_domain::entity::{Credential, Device};
use gatehouse_domain::ports::store::{Store, Stored, UnitOfWork};
use sqlx::PgPool;

use crate::dialect::{POSTGRES, SQLITE};
use crate::executor::Executor;
use crate::failure::failure;
use crate::postgres_transaction::PostgresTransaction;
use crate::rows::Unit;
use crate::sqlite_connections::{Lease, SqliteConnections};
use crate::sqlite_transaction::SqliteTransaction;

#[async_trait]
impl<E: Executor> UnitOfWork for Unit<E> {
    async fn commit(self: Box<Self>) -> Stored<()> {
        self.0.commit().await
    }

    async fn commit_enrolment(self: Box<Self>, device: &Device, credential: &Credential) -> Stored<()> {
        self.bind_and_commit(device, credential).await
    }
}

/// One connection writes, others read beside it (write-ahead log).
pub(crate) struct SqliteStore {
    pub(crate) writer: SqliteConnections,
    pub(crate) reader: SqliteConnections,
}

async fn lend(connections: &SqliteConnections) -> Stored<Lease> {
    connections.lend().await.map_err(|error| failure(&SQLITE, error))
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(Unit(SqliteTransaction::new(lend(&self.writer).await?, SQLITE.begin))))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(Unit(SqliteTransaction::new(lend(&self.reader).await?, SQLITE.begin_read))))
    }

    async fn act(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(Unit(SqliteTransaction::single(lend(&self.writer).await?, SQLITE.begin))))
    }

    async fn look(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(Unit(SqliteTransaction::single(lend(&self.reader).await?, SQLITE.begin_read))))
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
    async fn open(&self, begin: &'static str) -> Stored<Box<dyn UnitOfWork>> {
        let begun = self.pool.begin_with(begin).await;
        Ok(Box::new(Unit(PostgresTransaction::new(begun.map_err(|error| failure(&POSTGRES, error))?))))
    }

    async fn single(&self, begin: &'static str) -> Stored<Box<dyn UnitOfWork>> {
        let connection = self.pool.acquire().await.map_err(|error| failure(&POSTGRES, error))?;
        Ok(Box::new(Unit(PostgresTransaction::single(connection, begin))))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.open(POSTGRES.begin).await
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.open(POSTGRES.begin_read).await
    }

    async fn act(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.single(POSTGRES.begin).await
    }

    async fn look(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.single(POSTGRES.begin_read).await
    }

    fn engine(&self) -> &'static str {
        POSTGRES.engine
    }
}
