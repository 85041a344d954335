//! Units of work: whole or not at all, one snapshot, one winner.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::ports::Store;
use gatehouse_model::OsType;

use crate::engines::on_both_engines;
use crate::samples::{at, device, token, user};

on_both_engines!(
    dropped_work_never_happened,
    a_reader_sees_one_snapshot_and_cannot_write,
    a_conflict_leaves_nothing_behind,
    a_locked_device_waits_for_its_holder,
    of_two_that_spend_a_token_one_wins,
    of_two_that_open_a_challenge_one_wins,
    many_at_once_all_succeed,
    work_that_is_cancelled_frees_its_connection,
    of_units_that_follow_each_other_only_what_failed_is_undone,
    a_commit_does_not_need_who_comes_next,
);

async fn dropped_work_never_happened(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    assert_eq!(work.count_users().await.unwrap(), 1);
    drop(work);
    assert_eq!(store.begin().await.unwrap().count_users().await.unwrap(), 0);
}

async fn a_reader_sees_one_snapshot_and_cannot_write(store: Arc<dyn Store>) {
    let mut reader = store.read().await.unwrap();
    assert_eq!(reader.count_users().await.unwrap(), 0);
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(reader.count_users().await.unwrap(), 0);
    drop(reader);
    let mut reader = store.read().await.unwrap();
    assert_eq!(reader.count_users().await.unwrap(), 1);
    assert!(reader.insert_user(&user("bob")).await.is_err());
}

async fn a_conflict_leaves_nothing_behind(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    assert!(work.insert_device(&device("d2", OsType::Linux, "one")).await.is_err());
    drop(work);
    let mut reader = store.read().await.unwrap();
    assert_eq!((reader.count_users().await.unwrap(), reader.count_devices().await.unwrap()), (0, (1, 1)));
}

async fn a_locked_device_waits_for_its_holder(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.commit().await.unwrap();

    let mut holder = store.begin().await.unwrap();
    let mut held = holder.device_for_update("d1").await.unwrap().unwrap();
    let mut second = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let mut work = store.begin().await.unwrap();
            work.device_for_update("d1").await.unwrap().unwrap().owner
        }
    });
    let too_early = tokio::time::timeout(Duration::from_millis(50), &mut second).await;
    assert!(too_early.is_err(), "two hold the device at once");
    held.owner = Some("bob".to_owned());
    assert!(holder.update_device(&held).await.unwrap());
    holder.commit().await.unwrap();
    assert_eq!(second.await.unwrap().as_deref(), Some("bob"));
}

/// The second begins while the first has answered but not committed; `commit` says how the first ends.
async fn race_to_spend(store: &Arc<dyn Store>, token_id: &'static str, commit: bool) -> (bool, bool) {
    let mut first = store.begin().await.unwrap();
    let won = first.spend_enroll_token(token_id, "c1", at(11)).await.unwrap();
    let second = tokio::spawn({
        let store = Arc::clone(store);
        async move {
            let mut work = store.begin().await.unwrap();
            let won = work.spend_enroll_token(token_id, "c1", at(12)).await.unwrap();
            work.commit().await.unwrap();
            won
        }
    });
    if commit {
        first.commit().await.unwrap();
    } else {
        drop(first);
    }
    (won, second.await.unwrap())
}

async fn of_two_that_spend_a_token_one_wins(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    for id in ["t1", "t2"] {
        work.insert_enroll_token(&token(id, "d1", 1)).await.unwrap();
        assert!(work.open_challenge(id, "c1", at(10), at(0)).await.unwrap());
    }
    work.commit().await.unwrap();
    assert_eq!(race_to_spend(&store, "t1", true).await, (true, false));
    assert_eq!(race_to_spend(&store, "t2", false).await, (true, true));
}

async fn of_two_that_open_a_challenge_one_wins(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.insert_enroll_token(&token("t1", "d1", 1)).await.unwrap();
    work.commit().await.unwrap();
    let open = |challenge: &'static str| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut work = store.begin().await.unwrap();
            let opened = work.open_challenge("t1", challenge, at(10), at(0)).await.unwrap();
            work.commit().await.unwrap();
            opened
        })
    };
    let (one, two) = (open("c1"), open("c2"));
    assert!(one.await.unwrap() ^ two.await.unwrap());
    let stored = store.read().await.unwrap().enroll_token("t1").await.unwrap().unwrap();
    assert_eq!(stored.challenges, 1);
}

async fn many_at_once_all_succeed(store: Arc<dyn Store>) {
    let writers: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                work.insert_user(&user(&format!("user{n:02}"))).await.unwrap();
                work.commit().await.unwrap();
                store.read().await.unwrap().user(&format!("user{n:02}")).await.unwrap().unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(store.read().await.unwrap().count_users().await.unwrap(), 40);
}

async fn work_that_is_cancelled_frees_its_connection(store: Arc<dyn Store>) {
    for n in 0..30 {
        let store = Arc::clone(&store);
        let task = tokio::spawn(async move {
            let mut work = store.begin().await.unwrap();
            work.insert_user(&user(&format!("user{n}"))).await.unwrap();
            std::future::pending::<()>().await;
        });
        if n % 2 == 0 {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
    }
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.count_users().await.unwrap(), 0);
    work.insert_user(&user("alice")).await.unwrap();
    work.commit().await.unwrap();
}

async fn of_units_that_follow_each_other_only_what_failed_is_undone(store: Arc<dyn Store>) {
    let mut first = store.begin().await.unwrap();
    first.insert_user(&user("first")).await.unwrap();
    let others: Vec<_> = (0..12)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                work.insert_user(&user(&format!("user{n:02}"))).await.unwrap();
                match n % 3 {
                    0 => work.commit().await.unwrap(),
                    1 => assert!(work.insert_user(&user("first")).await.is_err()),
                    _ => drop(work),
                }
            })
        })
        .collect();
    // So that they wait already.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    first.commit().await.unwrap();
    for other in others {
        other.await.unwrap();
    }
    let mut reader = store.read().await.unwrap();
    assert_eq!(reader.count_users().await.unwrap(), 5);
    for name in ["first", "user00", "user03", "user06", "user09"] {
        assert!(reader.user(name).await.unwrap().is_some(), "{name}");
    }
}

async fn a_commit_does_not_need_who_comes_next(store: Arc<dyn Store>) {
    for n in 0..20 {
        let mut work = store.begin().await.unwrap();
        work.insert_user(&user(&format!("user{n:02}"))).await.unwrap();
        let next = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                let mut work = store.begin().await.unwrap();
                work.insert_user(&user(&format!("next{n:02}"))).await.unwrap();
                std::future::pending::<()>().await;
            }
        });
        tokio::task::yield_now().await;
        let committing = tokio::spawn(work.commit());
        for _ in 0..n % 4 {
            tokio::task::yield_now().await;
        }
        next.abort();
        committing.await.unwrap().unwrap();
        let _ = next.await;
    }
    assert_eq!(store.read().await.unwrap().count_users().await.unwrap(), 20);
}
