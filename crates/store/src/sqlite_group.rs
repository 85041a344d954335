//! Group commit: units of work that follow each other on SQLite's writing connection share a transaction, and the disk is
//! waited for once for all of them.
//!
//! A unit of work that has done its part leaves the transaction open for who waits already, and is told of the commit. The
//! next begins with a savepoint, so that what fails in it is undone alone. None of them is said to be committed before all
//! are on the disk; if the commit fails, it fails for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::failure::SqliteError;
use crate::feed::Told;

/// Units of work that share a transaction at most: the first waits for the last.
const MOST: usize = 16;
/// A transaction that is open for longer is ended before the next unit of work.
const LONGEST: Duration = Duration::from_millis(20);

/// What came of a commit, for each whose work was in it.
pub(crate) type Outcome = Result<(), Arc<SqliteError>>;

/// The right to use a connection, and the connection once it is open.
#[derive(Default)]
pub(crate) struct Turn {
    pub(crate) connection: Option<Connection>,
    pub(crate) group: Group,
}

/// Who waits for the end of the transaction that is open.
#[derive(Default)]
pub(crate) struct Group {
    members: Vec<(oneshot::Sender<Outcome>, Told)>,
    since: Option<Instant>,
}

impl Group {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whoever calls this has done his part of the transaction.
    pub(crate) fn join(&mut self, told: Told) -> oneshot::Receiver<Outcome> {
        let (member, outcome) = oneshot::channel();
        self.since.get_or_insert_with(Instant::now);
        self.members.push((member, told));
        outcome
    }
}

impl Turn {
    /// Whether nobody may add to the transaction that is open: as it has enough in it, or as SQLite has given it up.
    pub(crate) fn must_end_group(&self) -> bool {
        let is_lost = self.connection.as_ref().is_none_or(Connection::is_autocommit);
        is_lost
            || self.group.members.len() >= MOST
            || self.group.since.is_some_and(|since| since.elapsed() > LONGEST)
    }

    /// Commits what the transaction holds, where it holds anything, and tells everybody whose work it is.
    pub(crate) fn end_group(&mut self, disk: &DiskPace) {
        if self.group.is_empty() {
            return;
        }
        let outcome = self.commit(disk).map_err(Arc::new);
        if outcome.is_err() {
            // One that cannot roll back is closed, with the same effect.
            self.connection = self.connection.take().filter(|connection| undo(connection).is_ok());
        }
        self.group.since = None;
        for (member, told) in self.group.members.drain(..) {
            if outcome.is_ok() {
                told.committed();
            }
            // Who no longer waits does not want to know.
            let _ = member.send(outcome.clone());
        }
    }

    fn commit(&self, disk: &DiskPace) -> Result<(), SqliteError> {
        match &self.connection {
            Some(connection) if !connection.is_autocommit() => disk.wait_for(|| order(connection, "commit")),
            _ => Err(SqliteError::GivenUp),
        }
    }
}

/// Runs a statement without arguments or rows.
pub(crate) fn order(connection: &Connection, sql: &str) -> Result<(), SqliteError> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

/// Ends the transaction, if there is one, without keeping anything of it.
pub(crate) fn undo(connection: &Connection) -> Result<(), SqliteError> {
    if connection.is_autocommit() { Ok(()) } else { order(connection, "rollback") }
}

/// How long the disk takes for what is to last, as a mean that forgets; in nanoseconds.
#[derive(Default)]
pub(crate) struct DiskPace(AtomicU64);

impl DiskPace {
    /// From here on the way to another thread is the smaller evil.
    const SLOW: Duration = Duration::from_millis(1);
    /// The newest counts one part in so many.
    const PARTS: u64 = 8;

    /// Runs what waits for the disk: on this thread as long as the disk is quicker than the way to another.
    fn wait_for<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = if self.is_slow() { apart(work) } else { work() };
        self.note(begun);
        done
    }

    fn is_slow(&self) -> bool {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)) > Self::SLOW
    }

    /// Notes how long it took since `begun`. That two threads may lose one of their notes does not matter.
    fn note(&self, begun: Instant) {
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX) / Self::PARTS;
        let mean = self.0.load(Ordering::Relaxed);
        self.0.store((mean - mean / Self::PARTS).saturating_add(took), Ordering::Relaxed);
    }
}

/// Runs what may hold up its thread; the runtime's other tasks go on elsewhere.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::ports::{Change, Heard};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::feed::Feed;
    use crate::sqlite_connections::SqliteConnections;
    use crate::sqlite_lease::Lease;

    const BEGIN: &str = "begin immediate";

    struct Database {
        folder: tempfile::TempDir,
        writer: Arc<SqliteConnections>,
    }

    impl Database {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("test.db");
            let table = "pragma journal_mode = wal; create table if not exists t (n integer unique)";
            let writer = Arc::new(SqliteConnections::writer(path, table, Duration::from_secs(10)));
            Self { folder, writer }
        }

        /// What another process sees.
        fn committed(&self) -> i64 {
            let other = Connection::open(self.folder.path().join("test.db")).unwrap();
            other.query_row("select count(*) from t", [], |row| row.get(0)).unwrap()
        }

        /// The commit of a unit of work for whose turn somebody waits, and the turn of that one.
        async fn followed(&self, told: Told) -> (JoinHandle<Result<(), SqliteError>>, Lease) {
            let mut first = self.writer.lend().await.unwrap();
            insert(&mut first, 1);
            let writer = Arc::clone(&self.writer);
            let next = tokio::spawn(async move { writer.lend().await });
            tokio::task::yield_now().await;
            let committing = tokio::spawn(first.commit(told));
            (committing, next.await.unwrap().unwrap())
        }
    }

    fn insert(lease: &mut Lease, n: i64) {
        lease.begin(BEGIN, false).unwrap();
        lease.connection().unwrap().execute("insert into t values (?1)", [n]).unwrap();
    }

    #[tokio::test]
    async fn units_that_follow_each_other_are_committed_together() {
        let database = Database::new();
        let (committing, mut next) = database.followed(Told::without_feed()).await;
        insert(&mut next, 2);
        assert_eq!(database.committed(), 0);
        assert!(!committing.is_finished(), "nothing is said to be committed that is not");
        next.commit(Told::without_feed()).await.unwrap();
        committing.await.unwrap().unwrap();
        assert_eq!(database.committed(), 2);
    }

    #[tokio::test]
    async fn who_asked_for_a_commit_and_went_away_is_told_of_all_the_same() {
        let database = Database::new();
        let feed = Feed::new();
        let mut heard = feed.listen();
        let mut told = feed.unit();
        told.note_change(Change {
            event: "lock.created".to_owned(),
            device_id: None,
            user: None,
            target: None,
            session_id: None,
        });
        let (committing, next) = database.followed(told).await;
        committing.abort();
        assert!(committing.await.is_err());
        drop(next);
        assert_eq!(database.committed(), 1);
        assert!(matches!(heard.next().await, Some(Heard::Changes(changes)) if changes.len() == 1));
    }

    #[tokio::test]
    async fn who_comes_next_and_does_nothing_commits_what_was_before() {
        let database = Database::new();
        let (committing, mut next) = database.followed(Told::without_feed()).await;
        insert(&mut next, 2);
        drop(next);
        committing.await.unwrap().unwrap();
        assert_eq!(database.committed(), 1);
    }

    #[tokio::test]
    async fn what_takes_long_does_not_keep_others_waiting() {
        let database = Database::new();
        let (committing, mut next) = database.followed(Told::without_feed()).await;
        next.begin(BEGIN, true).unwrap();
        committing.await.unwrap().unwrap();
        assert_eq!(database.committed(), 1);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_gives_up_is_committed_for_nobody() {
        let database = Database::new();
        let (committing, mut next) = database.followed(Told::without_feed()).await;
        insert(&mut next, 2);
        // As it does where the disk is full.
        next.connection().unwrap().execute_batch("rollback").unwrap();
        drop(next);
        assert!(matches!(committing.await.unwrap(), Err(SqliteError::Together(_))));
        let mut later = database.writer.lend().await.unwrap();
        insert(&mut later, 3);
        later.commit(Told::without_feed()).await.unwrap();
        assert_eq!(database.committed(), 1);
    }
}
