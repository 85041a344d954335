//! A fresh, empty database of each engine.

use std::sync::Arc;

use gatehouse_domain::ports::Store;
use gatehouse_store::{Location, open};
use gatehouse_testkit::postgres::Postgres;
use tempfile::TempDir;

/// A database that ends with the test.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) location: Location,
    _folder: Option<TempDir>,
}

impl Fresh {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("data/gatehouse.db"));
        let store = open(&location).await.unwrap();
        Self { store, location, _folder: Some(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        let location = Location::Postgres(Postgres::shared().fresh_database());
        let store = open(&location).await.unwrap();
        Self { store, location, _folder: None }
    }

    /// A connection beside the store's own, to look at what it did.
    pub(crate) async fn sqlite_pool(&self) -> sqlx::SqlitePool {
        let Location::Sqlite(path) = &self.location else { panic!("not SQLite") };
        sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap()
    }

    /// As [`Fresh::sqlite_pool`].
    pub(crate) async fn postgres_pool(&self) -> sqlx::PgPool {
        let Location::Postgres(url) = &self.location else { panic!("not PostgreSQL") };
        sqlx::PgPool::connect(url).await.unwrap()
    }
}

/// Runs each of the named functions on a fresh database of each engine.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let fresh = $crate::engines::Fresh::sqlite().await;
                super::$name(std::sync::Arc::clone(&fresh.store)).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let fresh = $crate::engines::Fresh::postgres().await;
                super::$name(std::sync::Arc::clone(&fresh.store)).await;
            })*
        }
    };
}
pub(crate) use on_both_engines;
