//! Connections, and the units of work that run on them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use gatehouse_domain::entity::{Credential, Device};
use gatehouse_domain::ports::Changes;
use gatehouse_domain::ports::store::{Store, Stored, UnitOfWork};
use sqlx::PgPool;

use crate::dialect::{POSTGRES, SQLITE};
use crate::executor::Executor;
use crate::failure::{postgres_failure, sqlite_failure};
use crate::feed::{self, Feed, Told};
use crate::postgres_transaction::PostgresTransaction;
use crate::rows::{CommonWords, Unit};
use crate::sqlite_connections::SqliteConnections;
use crate::sqlite_lease::Lease;
use crate::sqlite_transaction::SqliteTransaction;
use crate::value::values;

#[async_trait]
impl<E: Executor> UnitOfWork for Unit<E> {
    async fn commit(mut self: Box<Self>) -> Stored<()> {
        self.settle().await?;
        let (mut transaction, told) = self.end();
        if let Some(notify) = E::DIALECT.notify {
            for message in told.messages()? {
                transaction.execute(notify, values![&message]).await?;
            }
        }
        transaction.commit(told).await
    }

    async fn commit_enrolment(mut self: Box<Self>, device: &Device, credential: &Credential) -> Stored<()> {
        self.bind(device, credential).await?;
        self.commit().await
    }
}

/// One connection writes, others read beside it (write-ahead log).
pub(crate) struct SqliteStore {
    pub(crate) writer: Arc<SqliteConnections>,
    pub(crate) reader: Arc<SqliteConnections>,
    pub(crate) feed: Feed,
    pub(crate) common_words: CommonWords,
}

impl SqliteStore {
    pub(crate) async fn begin_unit(&self) -> Stored<Unit<SqliteTransaction>> {
        Ok(self.unit(SqliteTransaction::new(lend(&self.writer).await?, SQLITE.begin)))
    }

    fn unit(&self, transaction: SqliteTransaction) -> Unit<SqliteTransaction> {
        Unit::new(transaction, self.feed.unit(), &self.common_words)
    }
}

async fn lend(connections: &Arc<SqliteConnections>) -> Stored<Lease> {
    connections.lend().await.map_err(sqlite_failure)
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.begin_unit().await?))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.unit(SqliteTransaction::new(lend(&self.reader).await?, SQLITE.begin_read))))
    }

    async fn lists(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.read().await
    }

    async fn act(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.unit(SqliteTransaction::single(&self.writer, SQLITE.begin))))
    }

    async fn look(&self) -> Stored<Box<dyn UnitOfWork>> {
        let looks = SqliteTransaction::looks(&self.writer, &self.reader, SQLITE.begin_read);
        Ok(Box::new(self.unit(looks)))
    }

    fn changes(&self) -> Box<dyn Changes> {
        self.feed.listen()
    }

    fn engine(&self) -> &'static str {
        SQLITE.engine
    }
}

/// Writers and readers share connections.
pub(crate) struct PostgresStore {
    pub(crate) pool: PgPool,
    /// For lists, whose statements are planned in their own way.
    pub(crate) lists: PgPool,
    /// Hears of every commit through the database, those of this server included.
    pub(crate) feed: Feed,
    /// Listening begins when somebody first wants to hear.
    pub(crate) ear: OnceLock<()>,
    pub(crate) common_words: CommonWords,
}

impl PostgresStore {
    pub(crate) async fn begin_unit(&self) -> Stored<Unit<PostgresTransaction>> {
        self.open(&self.pool, POSTGRES.begin).await
    }

    async fn open(&self, pool: &PgPool, begin: &'static str) -> Stored<Unit<PostgresTransaction>> {
        let begun = pool.begin_with(begin).await.map_err(postgres_failure)?;
        Ok(Unit::new(PostgresTransaction::new(begun), Told::without_feed(), &self.common_words))
    }

    async fn single(&self, begin: &'static str) -> Stored<Box<dyn UnitOfWork>> {
        let connection = self.pool.acquire().await.map_err(postgres_failure)?;
        let single = PostgresTransaction::single(connection, begin);
        Ok(Box::new(Unit::new(single, Told::without_feed(), &self.common_words)))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.begin_unit().await?))
    }

    async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.open(&self.pool, POSTGRES.begin_read).await?))
    }

    async fn lists(&self) -> Stored<Box<dyn UnitOfWork>> {
        Ok(Box::new(self.open(&self.lists, POSTGRES.begin_read).await?))
    }

    async fn act(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.single(POSTGRES.begin).await
    }

    async fn look(&self) -> Stored<Box<dyn UnitOfWork>> {
        self.single(POSTGRES.begin_read).await
    }

    fn changes(&self) -> Box<dyn Changes> {
        self.ear.get_or_init(|| feed::listen_to(&self.pool, &self.feed));
        self.feed.listen()
    }

    fn engine(&self) -> &'static str {
        POSTGRES.engine
    }
}
