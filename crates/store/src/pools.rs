//! Connections, and the units of work that run on them.

use async_trait::async_trait;
use gatehouse_domain::ports::store::{Store, Stored, UnitOfWork};
use sqlx::{PgPool, SqlitePool};

use crate::dialect;
use crate::executor::{Executor, PostgresTransaction, SqliteTransaction};
use crate::failure::failure;
use crate::rows::Unit;

#[async_trait]
impl<E: Executor> UnitOfWork for Unit<E> {
    async fn commit(self: Box<Self>) -> Stored<()> {
        self.0.commit().await
    }
}

macro_rules! store {
    ($(#[$meta:meta])* $name:ident, $pool:ty, $transaction:ident, $dialect:expr) => {
        $(#[$meta])*
        pub(crate) struct $name {
            pub(crate) writer: $pool,
            pub(crate) reader: $pool,
        }

        #[async_trait]
        impl Store for $name {
            async fn begin(&self) -> Stored<Box<dyn UnitOfWork>> {
                let begun = self.writer.begin_with($dialect.begin).await;
                Ok(Box::new(Unit($transaction(begun.map_err(|error| failure(&$dialect, error))?))))
            }

            async fn read(&self) -> Stored<Box<dyn UnitOfWork>> {
                let begun = self.reader.begin_with($dialect.begin_read).await;
                Ok(Box::new(Unit($transaction(begun.map_err(|error| failure(&$dialect, error))?))))
            }

            fn engine(&self) -> &'static str {
                $dialect.engine
            }
        }
    };
}

store!(
    /// One connection writes, others read beside it (write-ahead log).
    SqliteStore,
    SqlitePool,
    SqliteTransaction,
    dialect::SQLITE
);
store!(
    /// Writer and reader are the same pool.
    PostgresStore,
    PgPool,
    PostgresTransaction,
    dialect::POSTGRES
);
