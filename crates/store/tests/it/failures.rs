//! What the store says when something is wrong, and the file that it makes.

use std::os::unix::fs::PermissionsExt;

use gatehouse_domain::ports::StoreError;
use gatehouse_model::OsType;
use gatehouse_store::{Location, OpenError, open};
use gatehouse_testkit::postgres::Postgres;

use crate::engines::Fresh;
use crate::samples::device;

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_can_read_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/gatehouse.db");
    let store = open(&Location::Sqlite(path.clone())).await.unwrap();
    let mut work = store.begin().await.unwrap();
    work.init_cluster_value("name", "x").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_file_name("gatehouse.db-wal")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    drop(store);

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    open(&Location::Sqlite(path.clone())).await.unwrap();
    assert_eq!(mode(&path), 0o600, "a file that others could read is taken from them");
}

#[tokio::test]
async fn commits_wait_for_the_disk_and_foreign_keys_hold() {
    let fresh = Fresh::sqlite().await;
    let journal: (String,) =
        sqlx::query_as("pragma journal_mode").fetch_one(&fresh.sqlite_pool().await).await.unwrap();
    assert_eq!(journal.0, "wal");
    let mut work = fresh.store.begin().await.unwrap();
    let orphan = crate::samples::token("t", "no such device", 1);
    assert!(matches!(work.insert_enroll_token(&orphan).await, Err(StoreError::Driver(_))));
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let Err(error) = open(&Location::Sqlite(folder.path().to_owned())).await else {
        panic!("opened a folder")
    };
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");

    let rubbish = folder.path().join("rubbish.db");
    std::fs::write(&rubbish, "this is no database, and it is long enough to be looked at".repeat(100))
        .unwrap();
    assert!(matches!(open(&Location::Sqlite(rubbish)).await, Err(OpenError::Connect(_))));

    let secret = "postgres://gatehouse:hunter2@";
    let location = Location::Postgres(format!("{secret}[oops"));
    let Err(error) = open(&location).await else { panic!("opened rubbish") };
    assert!(matches!(error, OpenError::Url(_)), "{error}");
    assert!(!format!("{error} {error:?} {location:?}").contains("hunter2"));

    let nowhere = format!("postgres:///x?host={}&user=x", folder.path().display());
    let Err(OpenError::Connect(why)) = open(&Location::Postgres(nowhere)).await else {
        panic!("connected to nobody")
    };
    assert!(why.to_string().contains("No such file"), "why nobody answered, not that they did not: {why}");
}

#[tokio::test]
async fn a_database_that_has_gone_is_unavailable() {
    let cluster = Postgres::start();
    let store = open(&Location::Postgres(cluster.fresh_database())).await.unwrap();
    store.read().await.unwrap().count_users().await.unwrap();
    drop(cluster);
    let gone = match store.begin().await {
        Err(error) => error,
        Ok(mut work) => work.count_users().await.unwrap_err(),
    };
    assert!(matches!(gone, StoreError::Unavailable(_)), "{gone:?}");
}

#[tokio::test]
async fn a_writer_that_another_process_blocks_is_told_so() {
    use sqlx::Connection;

    let fresh = Fresh::sqlite().await;
    let Location::Sqlite(path) = &fresh.location else { unreachable!() };
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
    let mut work = fresh.store.begin().await.unwrap();
    let waiting = work.count_users();
    tokio::pin!(waiting);
    let too_early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut waiting).await;
    assert!(too_early.is_err(), "two processes write at once");
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_corrupt_row_is_named_and_not_guessed_at() {
    let fresh = Fresh::sqlite().await;
    let mut work = fresh.store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "TAG")).await.unwrap();
    work.commit().await.unwrap();
    let pool = fresh.sqlite_pool().await;
    for (damage, named) in [
        ("update devices set anchor = x'00'", "device (column anchor)"),
        ("update devices set anchor = null, profile = '{'", "device (column profile)"),
        ("update devices set profile = null, os_type = 99", "device (column os_type)"),
        ("update devices set os_type = 1, source_name = null", "device (column source_origin)"),
    ] {
        sqlx::query(damage).execute(&pool).await.unwrap();
        match fresh.store.read().await.unwrap().device("d1").await {
            Err(StoreError::Corrupt { what }) => assert_eq!(what, named),
            other => panic!("{damage}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_beginning_that_is_given_up_leaves_the_writer_usable() {
    use sqlx::Connection;

    let fresh = Fresh::sqlite().await;
    let Location::Sqlite(path) = &fresh.location else { unreachable!() };
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
    let mut work = fresh.store.begin().await.unwrap();
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(50), work.count_users()).await;
    assert!(given_up.is_err(), "two processes write at once");
    drop(work);
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    for _ in 0..3 {
        let mut work = fresh.store.begin().await.unwrap();
        work.init_cluster_value("name", "x").await.unwrap();
        work.commit().await.unwrap();
    }
    // Nothing of it holds the database.
    sqlx::raw_sql("begin immediate; rollback").execute(&mut other).await.unwrap();
}

#[tokio::test]
async fn what_is_dropped_frees_the_database_for_others() {
    use sqlx::Connection;

    let fresh = Fresh::sqlite().await;
    let Location::Sqlite(path) = &fresh.location else { unreachable!() };
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    for _ in 0..20 {
        let mut work = fresh.store.begin().await.unwrap();
        work.init_cluster_value("name", "x").await.unwrap();
        drop(work);
        let mut readers = Vec::new();
        for _ in 0..8 {
            let mut reader = fresh.store.read().await.unwrap();
            assert_eq!(reader.cluster_value("name").await.unwrap(), None);
            readers.push(reader);
        }
        drop(readers);
        drop(fresh.store.read().await.unwrap());
        // Its connections are not asked again before this: the rollback needs nobody to wait for it.
        sqlx::raw_sql("begin immediate; rollback").execute(&mut other).await.unwrap();
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("pragma wal_checkpoint(truncate)").fetch_one(&mut other).await.unwrap();
        assert_eq!(busy, 0, "a reader still holds its snapshot");
    }
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let fresh = Fresh::sqlite().await;
    let mut look = fresh.store.look().await.unwrap();
    assert!(matches!(
        look.insert_device(&device("d1", OsType::Linux, "TAG")).await,
        Err(StoreError::Driver(_))
    ));
    assert_eq!(fresh.store.look().await.unwrap().count_devices().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_look_does_not_wait_for_who_writes() {
    let fresh = Fresh::sqlite().await;
    let mut work = fresh.store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "TAG")).await.unwrap();
    assert_eq!(fresh.store.look().await.unwrap().count_devices().await.unwrap(), (0, 0));
    work.commit().await.unwrap();
    assert_eq!(fresh.store.look().await.unwrap().count_devices().await.unwrap(), (1, 1));
}
