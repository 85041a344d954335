use std::sync::Arc;

use gatehouse_domain::ports::Store;
use gatehouse_model::resource::LockTarget;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, lock};

on_both_engines!(locks_are_stored_whole, a_lock_is_found_by_each_of_its_targets, a_late_role_is_found_too);

fn on_user(name: &str) -> LockTarget {
    LockTarget { user: Some(name.to_owned()), ..LockTarget::default() }
}

fn on_role(name: &str) -> LockTarget {
    LockTarget { role: Some(name.to_owned()), ..LockTarget::default() }
}

fn on_device(id: &str) -> LockTarget {
    LockTarget { device: Some(id.to_owned()), ..LockTarget::default() }
}

async fn locks_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let mut first = lock("l1", on_user("alice"), 1);
    first.expires = Some(at(5));
    let second = lock("l2", on_device("d1"), 2);
    work.insert_lock(&first).await.unwrap();
    work.insert_lock(&second).await.unwrap();
    assert_eq!(work.lock("l1").await.unwrap().as_ref(), Some(&first));
    assert_eq!(work.locks().await.unwrap(), [second, first.clone()], "newest first");
    assert!(work.delete_lock("l2").await.unwrap());
    assert!(!work.delete_lock("l2").await.unwrap());
    assert_eq!(work.lock("l2").await.unwrap(), None);
    assert_eq!(conflict(work.insert_lock(&first).await), "locks_pkey");
}

async fn a_lock_is_found_by_each_of_its_targets(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let mut ending = lock("l1", on_user("alice"), 1);
    ending.expires = Some(at(5));
    work.insert_lock(&ending).await.unwrap();
    work.insert_lock(&lock("l2", on_role("access"), 2)).await.unwrap();
    work.insert_lock(&lock("l3", on_device("d1"), 3)).await.unwrap();
    let roles = ["editor".to_owned(), "access".to_owned()];
    let mut id = async |user: Option<&str>, roles: &[String], device: Option<&str>, now| {
        let found = work.lock_in_force(user, roles, device, at(now)).await.unwrap();
        found.map(|lock| lock.id)
    };
    assert_eq!(id(Some("alice"), &roles, Some("d1"), 4).await.as_deref(), Some("l1"));
    assert_eq!(id(Some("alice"), &roles, Some("d1"), 5).await.as_deref(), Some("l2"));
    assert_eq!(id(Some("alice"), &[], Some("d1"), 5).await.as_deref(), Some("l3"));
    assert_eq!(id(Some("alice"), &[], None, 5).await, None);
    assert_eq!(id(None, &[], None, 1).await, None, "nothing asked for, nothing found");
    assert_eq!(id(Some("access"), &["d1".to_owned()], Some("alice"), 1).await, None, "targets do not mix");
}

async fn a_late_role_is_found_too(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let roles: Vec<String> = (0..20).map(|n| format!("role{n}")).collect();
    work.insert_lock(&lock("l1", on_role("role3"), 9)).await.unwrap();
    for at_role in [7, 8, 16, 19] {
        let older = lock(&format!("l-{at_role}"), on_role(&roles[at_role]), 1);
        work.insert_lock(&older).await.unwrap();
        let found = work.lock_in_force(None, &roles, None, at(10)).await.unwrap().unwrap();
        assert_eq!(found.id, older.id, "the first of all, wherever its role stands");
        work.delete_lock(&older.id).await.unwrap();
    }
}
