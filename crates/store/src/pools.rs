//! Connections, and the units of work that run on them.

use std::sync::OnceLock;

use async_trait::async_trait;
use gatehouse_domain::ports::Changes;
use gatehouse_domain::ports::store::{Store, Stored, UnitOfWork};
use sqlx::PgPool;

use crate::dialect::{POSTGRES, SQLITE};
use crate::executor::{Executor, PostgresTransaction, SqliteTransaction};
use crate::failure::failure;
use crate::feed::{self, Feed, Told};
use crate::rows::Unit;
use crate::sqlite_connections::SqliteConnections;
use crate::value::values;

#[async_trait]
impl<E: Executor> UnitOfWork for Unit<E> {
    async fn commit(mut self: Box<Self>) -> Stored<()> {
        self.settle().await?;
        let Self(mut transaction, told, _) = *self;
        if let Some(notify) = E::DIALECT.notify {
            for message in told.messages()? {
                transaction.execute(notify, values![&message]).await?;
            }
        }
        transaction.commit().await?;
        told.committed();
        Ok(())
    }
}

/// One connection writes, others read beside it (write-ahead log).
pub(crate) struct SqliteStore {
    pub(crate) writer: SqliteConnections,
    pub(crate) reader: SqliteConnections,
    pub(crate) feed: Feed,
}

impl SqliteStore {
    pub(crate) async fn begin_unit(&self) -> Stored<Unit<SqliteTransaction>> {
        let begun = SqliteTransaction::begin(&self.writer).await;
        Ok(Unit::new(begun.map_err(|error| failure(&SQLITE, error))?, self.feed.unit()))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.begin_unit().await?))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        let begun = SqliteTransaction::begin_with_first_statement(&self.reader).await;
        Ok(Box::new(Unit::new(begun.map_err(|error| failure(&SQLITE, error))?, self.feed.unit())))
    }

    fn changes(&self) -> Box<dyn Changes> {
        self.feed.listen()
    }

    fn engine(&self) -> &'static str {
        SQLITE.engine
    }
}

/// Writers and readers share the connections.
pub(crate) struct PostgresStore {
    pub(crate) pool: PgPool,
    /// Hears of every commit through the database, those of this server included.
    pub(crate) feed: Feed,
    /// Listening begins when somebody first wants to hear.
    pub(crate) ear: OnceLock<()>,
}

impl PostgresStore {
    pub(crate) async fn begin_unit(&self) -> Stored<Unit<PostgresTransaction>> {
        let begun = self.pool.begin_with(POSTGRES.begin).await;
        let begun = begun.map_err(|error| failure(&POSTGRES, error))?;
        Ok(Unit::new(PostgresTransaction::new(begun), Told::through_the_database()))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.begin_unit().await?))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        let begun = self.pool.begin_with(POSTGRES.begin_read).await;
        let begun = begun.map_err(|error| failure(&POSTGRES, error))?;
        Ok(Box::new(Unit::new(PostgresTransaction::new(begun), Told::through_the_database())))
    }

    fn changes(&self) -> Box<dyn Changes> {
        self.ear.get_or_init(|| feed::listen_to(&self.pool, &self.feed));
        self.feed.listen()
    }

    fn engine(&self) -> &'static str {
        POSTGRES.engine
    }
}
