use std::sync::Arc;

use gatehouse_domain::entity::{EnrollToken, MAX_CHALLENGES, TokenCursor, TokenFilter};
use gatehouse_domain::ports::{Store, UnitOfWork};
use gatehouse_model::OsType;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, device, token};

on_both_engines!(
    tokens_are_stored_whole,
    one_challenge_is_open_at_a_time,
    five_challenges_exhaust_a_token,
    a_token_is_spent_once_by_its_open_challenge,
    a_revoked_token_opens_and_spends_nothing,
    an_expired_token_opens_and_spends_nothing,
    tokens_come_in_pages_and_by_filter,
    all_tokens_of_a_device_are_revoked_at_once,
    old_tokens_are_purged,
);

async fn with_token(store: &Arc<dyn Store>) -> Box<dyn UnitOfWork> {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.insert_enroll_token(&token("t1", "d1", 1)).await.unwrap();
    work
}

async fn all_tokens_of_a_device_are_revoked_at_once(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    work.insert_device(&device("d2", OsType::Linux, "TWO")).await.unwrap();
    let bound = |id: &str, created, user: &str| EnrollToken {
        bound_user: Some(user.to_owned()),
        ..token(id, "d1", created)
    };
    for other in [bound("t2", 2, "alice"), bound("t3", 3, "bob"), token("t4", "d2", 4)] {
        work.insert_enroll_token(&other).await.unwrap();
    }
    assert!(work.open_challenge("t2", "c1", at(10), at(0)).await.unwrap());
    work.revoke_enroll_tokens("d1", Some("alice"), at(11)).await.unwrap();
    assert!(!work.spend_enroll_token("t2", "c1", at(12)).await.unwrap(), "its ceremony died with it");
    assert_eq!(work.enroll_token("t3").await.unwrap().unwrap().revoked, None);
    work.revoke_enroll_tokens("d1", None, at(13)).await.unwrap();
    assert_eq!(
        work.enroll_token("t2").await.unwrap().unwrap().revoked,
        Some(at(11)),
        "the first time counts"
    );
    assert_eq!(work.enroll_token("t3").await.unwrap().unwrap().revoked, Some(at(13)));
    assert_eq!(work.enroll_token("t4").await.unwrap().unwrap().revoked, None);
}

async fn old_tokens_are_purged(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    let expires = work.enroll_token("t1").await.unwrap().unwrap().expires;
    work.purge_enroll_tokens(expires).await.unwrap();
    assert!(work.enroll_token("t1").await.unwrap().is_some());
    work.purge_enroll_tokens(expires.plus_secs(1)).await.unwrap();
    assert_eq!(work.enroll_token("t1").await.unwrap(), None);
}

async fn tokens_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    let full = EnrollToken {
        challenges: 2,
        open_challenge: Some(("c".to_owned(), at(3))),
        spent: Some(at(4)),
        revoked: Some(at(5)),
        bound_user: None,
        purpose: gatehouse_domain::entity::TokenPurpose::Admin,
        ..token("t2", "d1", 2)
    };
    work.insert_enroll_token(&full).await.unwrap();
    assert_eq!(work.enroll_token("t1").await.unwrap(), Some(token("t1", "d1", 1)));
    let on_device = work.device("d1").await.unwrap().unwrap();
    let found = work.enroll_token_by_hash(&full.hash).await.unwrap();
    assert_eq!(found, Some((full.clone(), on_device)));
    assert_eq!(work.enroll_token("none").await.unwrap(), None);
    assert_eq!(work.enroll_token_by_hash(&[77; 32]).await.unwrap(), None);
    let same = EnrollToken { id: "t3".to_owned(), ..full };
    assert_eq!(conflict(work.insert_enroll_token(&same).await), "enroll_tokens_hash");
}

async fn one_challenge_is_open_at_a_time(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    assert!(work.open_challenge("t1", "c1", at(10), at(0)).await.unwrap());
    assert!(!work.open_challenge("t1", "c2", at(11), at(9)).await.unwrap(), "the first began after");
    work.close_challenge("t1", "other").await.unwrap();
    assert!(!work.open_challenge("t1", "c2", at(11), at(9)).await.unwrap(), "another's closing is nothing");
    work.close_challenge("t1", "c1").await.unwrap();
    assert!(work.open_challenge("t1", "c2", at(11), at(9)).await.unwrap());
    assert!(work.open_challenge("t1", "c3", at(80), at(11)).await.unwrap(), "a stale one no longer holds");
    assert!(!work.spend_enroll_token("t1", "c2", at(81)).await.unwrap(), "and no longer spends");
    let stored = work.enroll_token("t1").await.unwrap().unwrap();
    assert_eq!((stored.challenges, stored.open_challenge), (3, Some(("c3".to_owned(), at(80)))));
    assert!(!work.open_challenge("none", "c1", at(10), at(0)).await.unwrap());
}

async fn five_challenges_exhaust_a_token(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    for n in 0..MAX_CHALLENGES {
        work.close_challenge("t1", &format!("c{}", n - 1)).await.unwrap();
        assert!(work.open_challenge("t1", &format!("c{n}"), at(10), at(0)).await.unwrap());
    }
    let last = format!("c{}", MAX_CHALLENGES - 1);
    assert!(!work.open_challenge("t1", "more", at(90), at(80)).await.unwrap());
    assert!(work.spend_enroll_token("t1", &last, at(11)).await.unwrap(), "the last one still counts");
}

async fn a_token_is_spent_once_by_its_open_challenge(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    assert!(!work.spend_enroll_token("t1", "c1", at(10)).await.unwrap(), "no challenge");
    work.open_challenge("t1", "c1", at(10), at(0)).await.unwrap();
    assert!(!work.spend_enroll_token("t1", "c2", at(11)).await.unwrap(), "another's challenge");
    assert!(work.spend_enroll_token("t1", "c1", at(11)).await.unwrap());
    assert!(!work.spend_enroll_token("t1", "c1", at(11)).await.unwrap(), "spent");
    assert!(!work.open_challenge("t1", "c2", at(12), at(11)).await.unwrap(), "spent");
    assert!(!work.revoke_enroll_token("t1", at(12)).await.unwrap(), "spent");
    let stored = work.enroll_token("t1").await.unwrap().unwrap();
    assert_eq!((stored.spent, stored.revoked, stored.open_challenge), (Some(at(11)), None, None));
}

async fn a_revoked_token_opens_and_spends_nothing(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    work.open_challenge("t1", "c1", at(10), at(0)).await.unwrap();
    assert!(work.revoke_enroll_token("t1", at(11)).await.unwrap());
    assert!(!work.revoke_enroll_token("t1", at(12)).await.unwrap());
    assert!(!work.revoke_enroll_token("none", at(12)).await.unwrap());
    assert!(!work.spend_enroll_token("t1", "c1", at(12)).await.unwrap());
    assert!(!work.open_challenge("t1", "c2", at(12), at(11)).await.unwrap());
    assert_eq!(work.enroll_token("t1").await.unwrap().unwrap().revoked, Some(at(11)));
}

async fn an_expired_token_opens_and_spends_nothing(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    assert!(!work.open_challenge("t1", "c1", at(100), at(0)).await.unwrap());
    assert!(work.open_challenge("t1", "c1", at(99), at(0)).await.unwrap());
    assert!(!work.spend_enroll_token("t1", "c1", at(100)).await.unwrap());
}

async fn tokens_come_in_pages_and_by_filter(store: Arc<dyn Store>) {
    let mut work = with_token(&store).await;
    work.insert_device(&device("d2", OsType::Linux, "TWO")).await.unwrap();
    for (id, device, created) in [("t2", "d2", 2), ("t3", "d1", 2), ("t4", "d1", 3), ("t5", "d2", 4)] {
        work.insert_enroll_token(&token(id, device, created)).await.unwrap();
    }
    work.revoke_enroll_token("t4", at(5)).await.unwrap();
    let used_up = EnrollToken { challenges: MAX_CHALLENGES, ..token("t6", "d1", 5) };
    work.insert_enroll_token(&used_up).await.unwrap();

    let mut list = async |device: Option<&str>, active: Option<i64>, before: Option<(i64, &str)>, limit| {
        let filter = TokenFilter { device_id: device.map(str::to_owned), active_at: active.map(at) };
        let before = before.map(|(created, id)| TokenCursor { created: at(created), id: id.to_owned() });
        let found = work.enroll_tokens(&filter, before.as_ref(), limit).await.unwrap();
        let with_devices = work.enroll_tokens_with_devices(&filter, before.as_ref(), limit).await.unwrap();
        assert!(with_devices.iter().all(|(token, device)| token.device_id == device.id));
        assert_eq!(with_devices.into_iter().map(|(token, _)| token).collect::<Vec<_>>(), found);
        found.into_iter().map(|token| token.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None, 4).await, ["t6", "t5", "t4", "t3"]);
    assert_eq!(list(None, None, Some((2, "t3")), 4).await, ["t2", "t1"]);
    assert_eq!(list(None, Some(10), None, 9).await, ["t5", "t3", "t2", "t1"]);
    assert_eq!(list(None, Some(10), Some((4, "t5")), 2).await, ["t3", "t2"]);
    assert_eq!(list(None, Some(100), None, 9).await, [""; 0]);
    assert_eq!(list(Some("d1"), None, None, 9).await, ["t6", "t4", "t3", "t1"]);
    assert_eq!(list(Some("d1"), Some(10), None, 9).await, ["t3", "t1"]);
    assert_eq!(list(Some("d1"), Some(10), Some((2, "t3")), 9).await, ["t1"]);
}
