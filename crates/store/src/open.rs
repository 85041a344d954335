//! Opens a database: creates it where it is missing, and brings its schema up to date.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gatehouse_domain::ports::store::{Stored, UnitOfWork as _};
use gatehouse_domain::ports::{Store, StoreError};
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::executor::Executor;
use crate::feed::Feed;
use crate::pools::{PostgresStore, SqliteStore};
use crate::rows::{CommonWords, Unit};
use crate::sqlite_connections::SqliteConnections;
use crate::sqlite_file;

/// The schema of SQLite, step by step.
pub static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
/// The schema of PostgreSQL: the same steps.
pub static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long to wait for a connection, or for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Devices of an earlier release that are listed in one commit.
const LISTED_AT_ONCE: i64 = 1000;
const SQLITE_READERS: usize = 8;
const POSTGRES_CONNECTIONS: u32 = 16;
/// Connections for lists: few, as each of them plans every statement of lists once.
const POSTGRES_LISTERS: u32 = 4;
/// A connection that rested for longer is tried before it is used.
const TRUSTED_REST: Duration = Duration::from_secs(5);
/// More than there are statements, so that each is prepared once a connection.
const STATEMENTS_KEPT: usize = 256;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file; it and its folder are made if missing.
    Sqlite(PathBuf),
    /// A URL, `postgres://…`; it may hold a password, so it is never shown.
    Postgres(String),
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot create or open the database file {}: check that its folder belongs to the server's user", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the database URL is malformed: write it as postgres://user:password@host:5432/database")]
    Url(#[source] sqlx::Error),
    #[error("cannot connect to the database")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("cannot bring the database's schema up to date")]
    Migrate(#[source] MigrateError),
    #[error("cannot list the devices that an earlier release has registered")]
    List(#[source] StoreError),
}

/// Opens the database.
///
/// # Errors
/// If it can neither be opened nor created, or if its schema is not one that this program knows how to bring up to
/// date.
pub async fn open(location: &Location) -> Result<Arc<dyn Store>, OpenError> {
    match location {
        Location::Sqlite(path) => {
            sqlite_file::prepare(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
            let store = connect_sqlite(path).await?;
            let mut builder = SqliteConnectOptions::new()
                .filename(path)
                .busy_timeout(PATIENCE)
                .connect()
                .await
                .map_err(cannot_connect)?;
            migrate(&SQLITE_MIGRATIONS, &mut builder).await?;
            builder.close().await.map_err(cannot_connect)?;
            list_devices(async || store.begin_unit().await).await?;
            Ok(Arc::new(store))
        }
        Location::Postgres(url) => {
            let store = connect_postgres(url).await?;
            migrate(&POSTGRES_MIGRATIONS, &store.pool).await?;
            list_devices(async || store.begin_unit().await).await?;
            Ok(Arc::new(store))
        }
    }
}

fn cannot_connect(error: sqlx::Error) -> OpenError {
    OpenError::Connect(Box::new(error))
}

/// Opens a database as it is, for a look: nothing is created, and its schema stays. `None` if there is no file.
///
/// # Errors
/// If it cannot be opened.
pub async fn open_as_is(location: &Location) -> Result<Option<Arc<dyn Store>>, OpenError> {
    match location {
        Location::Sqlite(path) if !path.exists() => Ok(None),
        Location::Sqlite(path) => Ok(Some(Arc::new(connect_sqlite(path).await?))),
        Location::Postgres(url) => Ok(Some(Arc::new(connect_postgres(url).await?))),
    }
}

/// What every connection to SQLite is told. In the write-ahead log, only FULL waits for the disk at every commit; 4000
/// of its pages (16 MiB) are carried over to the database at a time, so that what many commits change is written once.
macro_rules! sqlite_settings {
    ($($more:literal)*) => {
        concat!(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;",
            "pragma wal_autocheckpoint = 4000; pragma temp_store = memory; pragma trusted_schema = off;",
            $($more),*
        )
    };
}

async fn connect_sqlite(path: &Path) -> Result<SqliteStore, OpenError> {
    let writer = Arc::new(SqliteConnections::writer(path.to_owned(), sqlite_settings!(), PATIENCE));
    // Opened at once, so that a file that is no database is told of here.
    drop(writer.lend().await.map_err(|error| OpenError::Connect(Box::new(error)))?);
    let settings = sqlite_settings!("pragma query_only = on; pragma cache_size = -16384;");
    let reader = SqliteConnections::readers(path.to_owned(), settings, SQLITE_READERS, PATIENCE);
    let reader = Arc::new(reader);
    Ok(SqliteStore { writer, reader, feed: Feed::new(), common_words: CommonWords::default() })
}

/// Limits of a session: a commit is on disk when it returns, even where the cluster's default is weaker; nobody waits
/// for a row, and no row waits for a server that has gone, for long.
const POSTGRES_SESSION: &str = "
    select set_config('synchronous_commit',
                      case when current_setting('synchronous_commit') = 'off' then 'on'
                           else current_setting('synchronous_commit') end, false),
           set_config('lock_timeout', '10s', false),
           set_config('idle_in_transaction_session_timeout', '60s', false)";

/// The planner takes the indexes that the statements of lists are written for, whatever it guesses about the data, and
/// plans each once.
pub const POSTGRES_LISTS: &str = "
    select set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),
           set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
           set_config('enable_sort', 'off', false), set_config('jit', 'off', false),
           set_config('plan_cache_mode', 'force_generic_plan', false),
           case when current_setting('server_version_num')::bigint >= 140000
                then set_config('enable_memoize', 'off', false) end";

async fn connect_postgres(url: &str) -> Result<PostgresStore, OpenError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(OpenError::Url)?
        .application_name("gatehouse")
        .statement_cache_capacity(STATEMENTS_KEPT);
    let first = try_once(&options).await?;
    let lists = postgres_pool(POSTGRES_LISTERS, &[POSTGRES_SESSION, POSTGRES_LISTS]);
    let lists = lists.connect_lazy_with(options.clone());
    let pool = postgres_pool(POSTGRES_CONNECTIONS, &[POSTGRES_SESSION]);
    let pool = pool.connect_with(options).await.map_err(|error| match (error, first) {
        // That nobody answered in time says less than why nobody did.
        (sqlx::Error::PoolTimedOut, Some(why)) => cannot_connect(why),
        (error, _) => cannot_connect(error),
    })?;
    let (feed, ear, common_words) = (Feed::new(), OnceLock::new(), CommonWords::default());
    Ok(PostgresStore { pool, lists, feed, ear, common_words })
}

/// A pool of connections, each of which is told the settings first.
fn postgres_pool(connections: u32, settings: &'static [&'static str]) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, rest| {
            Box::pin(async move {
                if rest.idle_for > TRUSTED_REST {
                    sqlx::Connection::ping(connection).await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for told in settings {
                    sqlx::query(*told).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
}

/// Tries once before the pool does, which tries again and again and does not say why. Answers with why it has to wait.
async fn try_once(options: &PgConnectOptions) -> Result<Option<sqlx::Error>, OpenError> {
    match options.connect().await {
        Ok(connection) => connection.close().await.map(|()| None).map_err(cannot_connect),
        // Refused by PostgreSQL itself: no waiting mends it, unless it is about to start.
        Err(error) if error.as_database_error().is_some_and(|told| !is_starting(told)) => {
            Err(cannot_connect(error))
        }
        Err(error) => {
            let (host, port, secs) = (options.get_host(), options.get_port(), PATIENCE.as_secs());
            tracing::warn!(
                %error,
                "PostgreSQL at {host}, port {port}, does not answer; waiting up to {secs} seconds"
            );
            Ok(Some(error))
        }
    }
}

/// `57P03`, `cannot_connect_now` (PostgreSQL documentation, appendix A).
fn is_starting(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().is_some_and(|code| code == "57P03")
}

/// Runs the steps that are missing. Steps of a later release are left alone: a schema only ever grows before what
/// is unused goes, so that servers of two releases can share a database while they are replaced.
async fn migrate<'p, P>(steps: &Migrator, pool: P) -> Result<(), OpenError>
where
    P: sqlx::Acquire<'p>,
    <P::Connection as std::ops::Deref>::Target: Migrate,
{
    let mut steps = Migrator::with_migrations(steps.iter().cloned().collect());
    steps.set_ignore_missing(true);
    let mut connection = pool.acquire().await.map_err(cannot_connect)?;
    let missing = missing_steps(&steps, &mut *connection).await;
    if missing > 0 {
        tracing::info!(
            steps = missing,
            "bringing the database's schema up to date; with very many devices this takes minutes"
        );
    }
    steps.run_direct(None, &mut *connection, false).await.map_err(OpenError::Migrate)
}

/// Steps that a database of an earlier release lacks. A new one has no table of them yet, and nothing worth telling.
async fn missing_steps<M: Migrate>(steps: &Migrator, connection: &mut M) -> usize {
    let done = connection.list_applied_migrations(&steps.table_name).await.unwrap_or_default();
    let is_missing = |version: i64| !done.is_empty() && done.iter().all(|step| step.version != version);
    steps.iter().filter(|step| is_missing(step.version)).count()
}

/// Makes the rows of the list for devices that a release without it has registered.
async fn list_devices<E: Executor>(begin: impl AsyncFn() -> Stored<Unit<E>>) -> Result<(), OpenError> {
    let mut listed = 0;
    loop {
        let mut work = begin().await.map_err(OpenError::List)?;
        match work.list_unlisted(LISTED_AT_ONCE).await.map_err(OpenError::List)? {
            0 => break,
            more => listed += more,
        }
        Box::new(work).commit().await.map_err(OpenError::List)?;
    }
    if listed > 0 {
        tracing::info!(devices = listed, "listed the devices that an earlier release has registered");
    }
    Ok(())
}
