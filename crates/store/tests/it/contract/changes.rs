use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::ports::{Change, Changes, Heard, Store};

use crate::engines::on_both_engines;
use crate::samples::event;

on_both_engines!(what_is_committed_is_heard_and_nothing_else, long_changes_are_heard_of_at_least);

/// What is heard next, but for the word that listening has begun.
async fn heard(changes: &mut dyn Changes) -> Vec<Change> {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        if let Heard::Changes(changes) = next.unwrap().unwrap() {
            return changes;
        }
    }
}

/// Listening to a database begins in the background: tries until something is heard.
async fn listening(store: &Arc<dyn Store>) -> Box<dyn Changes> {
    let mut changes = store.changes();
    for attempt in 0.. {
        let mut work = store.begin().await.unwrap();
        work.append_event(&event(&format!("try-{attempt}"), "try", "x", None, 1)).await.unwrap();
        work.commit().await.unwrap();
        let next = tokio::time::timeout(Duration::from_millis(200), changes.next()).await;
        if matches!(next, Ok(Some(Heard::Changes(_)))) {
            break;
        }
        assert!(attempt < 100, "nothing is heard");
    }
    changes
}

async fn what_is_committed_is_heard_and_nothing_else(store: Arc<dyn Store>) {
    let mut changes = listening(&store).await;
    let mut work = store.begin().await.unwrap();
    work.append_event(&event("dropped", "device.delete", "alice", Some("d0"), 1)).await.unwrap();
    drop(work);
    let mut work = store.begin().await.unwrap();
    work.append_event(&event("u1", "device.enroll", "alice", Some("d1"), 1)).await.unwrap();
    let mut about_a_user = event("u2", "user.update", "root", None, 2);
    about_a_user.target = "bob".to_owned();
    work.append_event(&about_a_user).await.unwrap();
    work.commit().await.unwrap();
    let told: Vec<_> = loop {
        let told = heard(changes.as_mut()).await;
        if told.iter().all(|change| change.event != "try") {
            break told;
        }
    };
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].event.as_str(), told[0].device_id.as_deref()), ("device.enroll", Some("d1")));
    assert_eq!(told[0].user.as_deref(), Some("alice"));
    assert_eq!((told[1].device_id.as_deref(), told[1].target.as_deref()), (None, Some("bob")));
}

async fn long_changes_are_heard_of_at_least(store: Arc<dyn Store>) {
    let mut changes = listening(&store).await;
    let mut work = store.begin().await.unwrap();
    let mut long = event("u1", "user.update", "root", None, 2);
    long.target = "x".repeat(20_000);
    work.append_event(&long).await.unwrap();
    work.commit().await.unwrap();
    let is_told = |heard: &Heard| match heard {
        Heard::Missed => true,
        Heard::Changes(changes) => changes.iter().any(|change| change.event == "user.update"),
    };
    loop {
        let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        if is_told(&next.unwrap().unwrap()) {
            return;
        }
    }
}
