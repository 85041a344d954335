//! What goes together: changes that are put off, single changes and questions, and what is left after a failure.

use std::sync::Arc;

use gatehouse_domain::entity::{AuditFilter, RecordKind};
use gatehouse_domain::ports::store::{Stored, UnitOfWork};
use gatehouse_domain::ports::{Store, StoreError};
use gatehouse_model::OsType;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, credential, device, event, record, token, user};

on_both_engines!(
    what_was_put_off_is_there_for_the_next_question,
    what_was_put_off_keeps_its_order,
    what_was_put_off_and_fails_leaves_nothing,
    after_a_failure_nothing_is_answered_or_kept,
    what_was_put_off_goes_with_dropped_work,
    a_single_change_needs_no_commit,
    a_single_call_is_whole_or_nothing,
    a_look_sees_what_is_committed_when_it_asks,
);

async fn events(store: &Arc<dyn Store>) -> Vec<String> {
    let found = store.look().await.unwrap().events(&AuditFilter::default(), 100).await.unwrap();
    found.into_iter().rev().map(|stored| stored.event.uid).collect()
}

async fn append(work: &mut dyn UnitOfWork, uid: &str) {
    work.append_event(&event(uid, "user.login", "alice", None, 1)).await.unwrap();
}

/// More than are put off at a time.
const MANY: usize = 40;

async fn what_was_put_off_is_there_for_the_next_question(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    append(work.as_mut(), "u0").await;
    assert_eq!(work.events(&AuditFilter::default(), 10).await.unwrap().len(), 1);
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.set_counter_alarm("d1", Some(at(9))).await.unwrap();
    let (_, alarm) = work.device_and_alarm_for_update("d1").await.unwrap().unwrap();
    assert_eq!(alarm, Some(at(9)));
    work.set_counter_alarm("d1", None).await.unwrap();
    work.commit().await.unwrap();
    let mut reader = store.begin().await.unwrap();
    assert_eq!(reader.device_and_alarm_for_update("d1").await.unwrap().unwrap().1, None);
}

async fn what_was_put_off_keeps_its_order(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    let uids: Vec<String> = (0..MANY).map(|number| format!("u{number:02}")).collect();
    for (number, uid) in uids.iter().enumerate() {
        append(work.as_mut(), uid).await;
        let time = i64::try_from(number).unwrap();
        work.add_collected("d1", &record(RecordKind::Authenticate, time)).await.unwrap();
        work.trim_collected("d1", 2).await.unwrap();
    }
    work.commit().await.unwrap();
    assert_eq!(events(&store).await, uids);
    let kept = store.read().await.unwrap().collected("d1").await.unwrap();
    let last = i64::try_from(MANY).unwrap() - 1;
    assert_eq!(kept, [record(RecordKind::Authenticate, last), record(RecordKind::Authenticate, last - 1)]);
}

async fn what_was_put_off_and_fails_leaves_nothing(store: Arc<dyn Store>) {
    // Found out by the commit, then by a question.
    for ask in [false, true] {
        let mut work = store.begin().await.unwrap();
        work.insert_user(&user("alice")).await.unwrap();
        append(work.as_mut(), "u1").await;
        let mut outcome = work.add_device_user("no such device", "alice", at(1)).await;
        if outcome.is_ok() && ask {
            outcome = work.count_users().await.map(drop);
        }
        if outcome.is_ok() {
            outcome = work.append_event(&event("u2", "user.login", "alice", None, 1)).await;
        }
        outcome = if outcome.is_ok() { work.commit().await } else { outcome };
        assert!(matches!(outcome, Err(StoreError::Driver(_))), "{outcome:?}");
        assert_eq!(store.look().await.unwrap().count_users().await.unwrap(), 0);
        assert_eq!(events(&store).await, [""; 0]);
    }
}

async fn after_a_failure_nothing_is_answered_or_kept(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    assert_eq!(conflict(work.insert_device(&device("d2", OsType::Linux, "one")).await), "devices_os_tag");
    assert!(work.device("d1").await.is_err());
    let put_off: Stored<()> = work.append_event(&event("u1", "user.login", "alice", None, 1)).await;
    assert!(put_off.is_err());
    assert!(work.commit().await.is_err());
    assert_eq!(store.look().await.unwrap().count_devices().await.unwrap(), (0, 0));
    assert_eq!(events(&store).await, [""; 0]);
}

async fn what_was_put_off_goes_with_dropped_work(store: Arc<dyn Store>) {
    for asked_before in [false, true] {
        let mut work = store.begin().await.unwrap();
        if asked_before {
            work.insert_user(&user("alice")).await.unwrap();
        }
        append(work.as_mut(), "u1").await;
        drop(work);
    }
    // The writer is free, and what comes next takes nothing of it along.
    let mut work = store.begin().await.unwrap();
    append(work.as_mut(), "u2").await;
    work.commit().await.unwrap();
    assert_eq!(events(&store).await, ["u2"]);
    assert_eq!(store.look().await.unwrap().count_users().await.unwrap(), 0);
}

async fn a_single_change_needs_no_commit(store: Arc<dyn Store>) {
    let mut work = store.act().await.unwrap();
    append(work.as_mut(), "u1").await;
    assert_eq!(events(&store).await, ["u1"]);
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.insert_enroll_token(&token("t1", "d1", 1)).await.unwrap();
    assert!(work.open_challenge("t1", "c1", at(10), at(0)).await.unwrap());
    assert!(!work.open_challenge("t1", "c2", at(10), at(0)).await.unwrap());
    drop(work);
    let stored = store.read().await.unwrap().enroll_token("t1").await.unwrap().unwrap();
    assert_eq!((stored.challenges, stored.open_challenge), (1, Some(("c1".to_owned(), at(10)))));
    store.act().await.unwrap().commit().await.unwrap();
}

async fn a_single_call_is_whole_or_nothing(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, tag) in [("d1", "ONE"), ("d2", "TWO")] {
        work.insert_device(&device(id, OsType::Linux, tag)).await.unwrap();
    }
    work.put_credential(&credential(OsType::Linux, "c1", "d1", 1)).await.unwrap();
    work.commit().await.unwrap();
    // Of the two statements that put a credential, the second fails.
    let orphan = credential(OsType::Linux, "c1", "d1", 2);
    let mut invalid = orphan.clone();
    invalid.device_id = "no such device".to_owned();
    let mut work = store.act().await.unwrap();
    let refused = work.put_credential(&invalid).await;
    assert_eq!(conflict(refused), "credentials_os_id");
    drop(work);
    store.act().await.unwrap().put_credential(&orphan).await.unwrap();
    let stored = store.look().await.unwrap().credential(OsType::Linux, "c1").await.unwrap();
    assert_eq!(stored, Some(orphan));
}

async fn a_look_sees_what_is_committed_when_it_asks(store: Arc<dyn Store>) {
    let mut look = store.look().await.unwrap();
    assert_eq!(look.count_users().await.unwrap(), 0);
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    assert_eq!(look.count_users().await.unwrap(), 0);
    work.commit().await.unwrap();
    assert_eq!(look.count_users().await.unwrap(), 1);
}
