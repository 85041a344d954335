use std::sync::Arc;

use gatehouse_domain::entity::{LinkPurpose, Throttle, User};
use gatehouse_domain::ports::Store;
use gatehouse_model::OsType;
use gatehouse_model::resource::UserKind;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, device, link, role, user};

on_both_engines!(
    users_are_stored_whole,
    users_come_in_pages_by_name,
    a_deleted_user_takes_links_and_memberships_along,
    a_step_is_taken_once,
    links_are_used_once_and_in_time,
    throttles_are_replaced_and_purged,
    attempts_are_counted_until_the_key_closes,
    attempts_side_by_side_are_all_counted,
    failures_that_many_share_fade,
    expired_links_are_purged,
    text_with_a_nul_breaks_nothing,
    roles_are_stored_whole,
);

async fn users_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let alice = user("alice");
    work.insert_user(&alice).await.unwrap();
    assert_eq!(work.user("alice").await.unwrap().as_ref(), Some(&alice));
    assert_eq!(work.user("Alice").await.unwrap(), None);
    let plain = User {
        kind: UserKind::Human,
        roles: vec![],
        logins: vec![],
        password_hash: None,
        updated: at(9),
        ..alice.clone()
    };
    let stale = User { created: at(50), totp_last_step: 0, ..plain.clone() };
    assert!(work.update_user(&stale).await.unwrap());
    assert_eq!(work.user("alice").await.unwrap(), Some(plain), "creation time and one-time-code step stay");
    assert!(work.update_user(&alice).await.unwrap());
    assert_eq!(work.user("alice").await.unwrap(), Some(alice));
    assert!(!work.update_user(&user("bob")).await.unwrap());
    assert_eq!(work.user_for_update("alice").await.unwrap(), work.user("alice").await.unwrap());
    assert_eq!(work.user_for_update("bob").await.unwrap(), None);
    assert_eq!(conflict(work.insert_user(&user("alice")).await), "users_name");
}

async fn users_come_in_pages_by_name(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for name in ["carol", "_x", "bob", "alice.b", "alice"] {
        work.insert_user(&user(name)).await.unwrap();
    }
    let names = |users: Vec<User>| users.into_iter().map(|user| user.name).collect::<Vec<_>>();
    let first = work.users(None, 2).await.unwrap();
    assert_eq!(first[0].roles, user("x").roles, "a limit counts users, not roles");
    assert_eq!(names(first), ["_x", "alice"]);
    assert_eq!(names(work.users(Some("alice"), 2).await.unwrap()), ["alice.b", "bob"]);
    assert_eq!(names(work.users(Some("bob"), 2).await.unwrap()), ["carol"]);
    assert_eq!(work.count_users().await.unwrap(), 5);
}

async fn a_deleted_user_takes_links_and_memberships_along(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_link(&link(1, "alice")).await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.add_device_user("d1", "alice", at(1)).await.unwrap();
    assert!(work.delete_user("alice").await.unwrap());
    assert!(!work.delete_user("alice").await.unwrap());
    assert_eq!(work.user("alice").await.unwrap(), None);
    assert_eq!(work.link(&[1; 32]).await.unwrap(), None);
    assert!(!work.is_device_user("d1", "alice").await.unwrap());
    assert!(work.device("d1").await.unwrap().is_some());
    assert_eq!(work.count_users_with_role("editor").await.unwrap(), 0);
}

async fn a_step_is_taken_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    assert!(!work.take_totp_step("alice", 6).await.unwrap());
    assert!(!work.take_totp_step("alice", 7).await.unwrap());
    work.commit().await.unwrap();

    let mut first = store.begin().await.unwrap();
    assert!(first.take_totp_step("alice", 8).await.unwrap());
    let second = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.begin().await.unwrap().take_totp_step("alice", 8).await.unwrap() }
    });
    first.commit().await.unwrap();
    assert!(!second.await.unwrap());
    assert!(!store.begin().await.unwrap().take_totp_step("bob", 8).await.unwrap());
    // A clock that was ahead when a code was taken closes the account for no longer than it takes to notice.
    let mut work = store.begin().await.unwrap();
    assert!(work.take_totp_step("alice", 100).await.unwrap());
    assert!(!work.take_totp_step("alice", 80).await.unwrap(), "ten minutes: the code may have been used");
    assert!(work.take_totp_step("alice", 79).await.unwrap());
    assert!(!work.take_totp_step("alice", 79).await.unwrap());
}

async fn links_are_used_once_and_in_time(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let invite = link(1, "alice");
    work.insert_link(&invite).await.unwrap();
    assert_eq!(work.link(&[1; 32]).await.unwrap(), Some(invite));
    assert!(!work.use_link(&[1; 32], at(100)).await.unwrap(), "expired");
    assert_eq!(work.fail_link(&[1; 32]).await.unwrap(), 1);
    assert_eq!(work.fail_link(&[1; 32]).await.unwrap(), 2);
    assert_eq!(work.fail_link(&[9; 32]).await.unwrap(), 0);
    assert!(work.use_link(&[1; 32], at(99)).await.unwrap());
    assert!(!work.use_link(&[1; 32], at(99)).await.unwrap(), "used");
    assert!(!work.use_link(&[9; 32], at(99)).await.unwrap(), "unknown");
    let used = work.link(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((used.used, used.failures), (Some(at(99)), 2));

    let mut first_admin = link(2, "");
    first_admin.purpose = LinkPurpose::FirstAdmin;
    work.insert_link(&first_admin).await.unwrap();
    work.insert_link(&link(3, "alice")).await.unwrap();
    work.delete_unused_links("").await.unwrap();
    assert_eq!(work.link(&[2; 32]).await.unwrap(), None);
    work.delete_unused_links("alice").await.unwrap();
    assert_eq!(work.link(&[3; 32]).await.unwrap(), None);
    assert!(work.link(&[1; 32]).await.unwrap().is_some(), "used links stay");
    assert_eq!(conflict(work.insert_link(&link(1, "bob")).await), "user_links_pkey");
}

async fn throttles_are_replaced_and_purged(store: Arc<dyn Store>) {
    let throttle =
        |last, blocked| Throttle { failures: 3, last_failure: at(last), blocked_until: at(blocked) };
    let mut work = store.begin().await.unwrap();
    work.put_throttle("user:alice", &throttle(1, 2)).await.unwrap();
    work.put_throttle("user:alice", &throttle(3, 4)).await.unwrap();
    assert_eq!(work.throttle("user:alice").await.unwrap(), Some(throttle(3, 4)));
    work.put_throttle("a", &throttle(3, 50)).await.unwrap();
    work.put_throttle("b", &throttle(50, 3)).await.unwrap();
    work.purge_throttles(at(10)).await.unwrap();
    assert_eq!(work.throttle("user:alice").await.unwrap(), None);
    assert!(work.throttle("a").await.unwrap().is_some() && work.throttle("b").await.unwrap().is_some());
}

async fn attempts_are_counted_until_the_key_closes(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.take_attempt("k", at(10), at(0)).await.unwrap(), Some(1));
    assert_eq!(work.take_attempt("k", at(11), at(0)).await.unwrap(), Some(2));
    let closed = Throttle { failures: 2, last_failure: at(11), blocked_until: at(20) };
    work.put_throttle("k", &closed).await.unwrap();
    assert_eq!(work.take_attempt("k", at(19), at(0)).await.unwrap(), None, "the key is closed");
    assert_eq!(work.throttle("k").await.unwrap(), Some(closed), "a refused attempt counts for nothing");
    assert_eq!(work.take_attempt("k", at(20), at(0)).await.unwrap(), Some(3));
    work.return_attempt("k").await.unwrap();
    assert_eq!(work.throttle("k").await.unwrap().unwrap().failures, 2);
    assert_eq!(work.take_attempt("k", at(90), at(50)).await.unwrap(), Some(1), "after a quiet time");
    work.return_attempt("none").await.unwrap();
}

async fn failures_that_many_share_fade(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for second in [100, 101, 102, 103] {
        work.take_fading_attempt("n", at(second), 60).await.unwrap();
    }
    // One is forgotten in each minute, also while attempts go on.
    let mut seen = Vec::new();
    for second in [150, 163, 200, 225, 240] {
        seen.push(work.take_fading_attempt("n", at(second), 60).await.unwrap().unwrap());
    }
    assert_eq!(seen, [5, 5, 6, 6, 7]);
    assert_eq!(work.take_fading_attempt("n", at(210), 60).await.unwrap(), Some(8), "a clock that went back");
    assert_eq!(work.take_fading_attempt("n", at(1000), 60).await.unwrap(), Some(1));
    work.close_throttle("n", at(1010)).await.unwrap();
    assert_eq!(work.take_fading_attempt("n", at(1009), 60).await.unwrap(), None);
    work.return_attempt("n").await.unwrap();
    assert_eq!(work.take_fading_attempt("n", at(1009), 60).await.unwrap(), Some(1));
}

async fn attempts_side_by_side_are_all_counted(store: Arc<dyn Store>) {
    let attempts = (0..8).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut work = store.begin().await.unwrap();
            let failures = work.take_attempt("k", at(10), at(0)).await.unwrap().unwrap();
            work.commit().await.unwrap();
            failures
        })
    });
    let mut seen = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        seen.push(attempt.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=8).collect::<Vec<_>>());
}

async fn expired_links_are_purged(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let (old, new) = (link(1, "alice"), link(2, "alice"));
    work.insert_link(&gatehouse_domain::entity::UserLink { expires: at(5), ..old.clone() }).await.unwrap();
    work.insert_link(&gatehouse_domain::entity::UserLink { expires: at(50), ..new.clone() }).await.unwrap();
    assert_eq!(work.purge_links(at(10)).await.unwrap(), [old.hash]);
    assert_eq!(work.link(&old.hash).await.unwrap(), None);
    assert!(work.link(&new.hash).await.unwrap().is_some());
}

async fn text_with_a_nul_breaks_nothing(store: Arc<dyn Store>) {
    let found = store.read().await.unwrap().user("ali\0ce").await;
    assert!(matches!(found, Ok(None) | Err(gatehouse_domain::ports::StoreError::NoText)), "{found:?}");
}

async fn roles_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let editor = role("editor");
    work.insert_role(&editor).await.unwrap();
    work.insert_role(&role("access")).await.unwrap();
    assert_eq!(work.role("editor").await.unwrap(), Some(editor.clone()));
    let mut changed = editor.clone();
    changed.description = "other".to_owned();
    changed.spec = Default::default();
    changed.updated = at(9);
    assert!(work.update_role(&changed).await.unwrap());
    assert_eq!(work.roles().await.unwrap(), [role("access"), changed]);
    let named = ["none", "access", "editor", "access"].map(str::to_owned);
    let found = work.roles_named(&named).await.unwrap();
    assert_eq!(found.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["access", "editor"]);
    let many: Vec<String> =
        ["access"; 20].into_iter().chain(["editor", "none", "access"]).map(str::to_owned).collect();
    assert_eq!(work.roles_named(&many).await.unwrap(), found);
    assert_eq!(work.roles_named(&[]).await.unwrap(), []);
    assert!(!work.update_role(&role("none")).await.unwrap());

    work.insert_user(&user("alice")).await.unwrap();
    let mut twice = user("bob");
    twice.roles = vec!["access".to_owned(), "access".to_owned()];
    work.insert_user(&twice).await.unwrap();
    assert_eq!(work.user("bob").await.unwrap(), Some(twice));
    assert_eq!(work.count_users_with_role("access").await.unwrap(), 2);
    assert_eq!(work.count_users_with_role("editor").await.unwrap(), 1);
    assert_eq!(work.count_users_with_role("none").await.unwrap(), 0);

    assert!(work.delete_role("access").await.unwrap());
    assert!(!work.delete_role("access").await.unwrap());
    assert_eq!(conflict(work.insert_role(&editor).await), "roles_name");
}
