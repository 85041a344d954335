use std::sync::Arc;

use gatehouse_domain::entity::{DeviceWebAttempt, DeviceWebProof, RemoteBrowser};
use gatehouse_domain::ports::Store;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, web_attempt};

on_both_engines!(
    attempts_are_stored_whole,
    a_code_is_redeemed_once_and_in_time,
    a_link_is_spent_once_and_in_time,
    the_way_back_is_spent_once_and_in_time,
    refusals_are_counted_until_the_end,
    only_the_newest_attempts_of_a_session_stay,
    a_number_of_a_browser_elsewhere_counts_once_and_only_after_its_code,
    a_wrong_number_ends_an_attempt_at_every_step,
);

fn proof(secs: i64) -> DeviceWebProof {
    DeviceWebProof {
        time: at(secs),
        device_id: "d1".to_owned(),
        credential_id: "c1".to_owned(),
        confirm_hash: [7; 32],
        confirm_expires: at(secs + 60),
    }
}

async fn attempts_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = web_attempt("w1");
    work.insert_web_attempt(&one).await.unwrap();
    assert_eq!(work.web_attempt("w1").await.unwrap(), Some(one.clone()));
    assert_eq!(work.web_attempt("none").await.unwrap(), None);
    work.purge_web_attempts(at(100)).await.unwrap();
    assert!(work.web_attempt("w1").await.unwrap().is_some());
    work.purge_web_attempts(at(101)).await.unwrap();
    assert_eq!(work.web_attempt("w1").await.unwrap(), None);
    work.insert_web_attempt(&one).await.unwrap();
    assert_eq!(conflict(work.insert_web_attempt(&one).await), "device_web_attempts_pkey");
}

async fn a_code_is_redeemed_once_and_in_time(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = web_attempt("w1");
    let code = one.code_hash.unwrap();
    work.insert_web_attempt(&one).await.unwrap();
    assert_eq!(work.web_attempt_by_code(&code, "alice", at(99)).await.unwrap(), Some(one.clone()));
    assert_eq!(work.web_attempt_by_code(&code, "bob", at(99)).await.unwrap(), None, "somebody else's");
    assert_eq!(work.web_attempt_by_code(&code, "alice", at(100)).await.unwrap(), None, "expired");
    assert_eq!(work.web_attempt_by_code(&[0; 32], "alice", at(20)).await.unwrap(), None, "another");
    assert!(!work.redeem_web_code("w1", &code, &[9; 32], "192.0.2.9:1", at(100)).await.unwrap(), "expired");
    assert!(!work.redeem_web_code("w1", &[0; 32], &[9; 32], "192.0.2.9:1", at(20)).await.unwrap(), "another");
    assert!(work.redeem_web_code("w1", &code, &[9; 32], "192.0.2.9:1", at(20)).await.unwrap());
    assert!(!work.redeem_web_code("w1", &code, &[8; 32], "192.0.2.9:1", at(20)).await.unwrap(), "used");
    let redeemed = DeviceWebAttempt { token_hash: [9; 32], code_hash: None, ..one };
    assert_eq!(work.web_attempt("w1").await.unwrap(), Some(redeemed));
    assert_eq!(work.web_attempt_by_code(&code, "alice", at(20)).await.unwrap(), None, "used");
}

async fn a_link_is_spent_once_and_in_time(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = web_attempt("w1");
    work.insert_web_attempt(&one).await.unwrap();
    work.refuse_web_attempt("w1", "device_not_expected").await.unwrap();
    assert!(!work.prove_web_attempt("w1", &[0; 32], &proof(20)).await.unwrap(), "another token");
    assert!(!work.prove_web_attempt("w1", &one.token_hash, &proof(100)).await.unwrap(), "expired");
    assert!(work.prove_web_attempt("w1", &one.token_hash, &proof(20)).await.unwrap());
    assert!(!work.prove_web_attempt("w1", &one.token_hash, &proof(21)).await.unwrap(), "spent");
    let code = one.code_hash.unwrap();
    assert!(
        !work.redeem_web_code("w1", &code, &[9; 32], "192.0.2.9:1", at(21)).await.unwrap(),
        "the device has spoken"
    );
    let proven = DeviceWebAttempt { proof: Some(proof(20)), code_hash: None, failures: 1, ..one };
    assert_eq!(work.web_attempt("w1").await.unwrap(), Some(proven), "and the refusal is forgotten");
}

async fn the_way_back_is_spent_once_and_in_time(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = web_attempt("w1");
    work.insert_web_attempt(&one).await.unwrap();
    assert!(!work.confirm_web_attempt("w1", &[7; 32], at(20)).await.unwrap(), "nothing was proven");
    work.prove_web_attempt("w1", &one.token_hash, &proof(20)).await.unwrap();
    assert!(!work.confirm_web_attempt("w1", &[0; 32], at(21)).await.unwrap(), "another token");
    assert!(
        !work.confirm_web_attempt("w1", &one.token_hash, at(21)).await.unwrap(),
        "the token of the way there"
    );
    assert!(!work.confirm_web_attempt("w1", &[7; 32], at(80)).await.unwrap(), "expired");
    assert!(work.confirm_web_attempt("w1", &[7; 32], at(79)).await.unwrap());
    assert!(!work.confirm_web_attempt("w1", &[7; 32], at(79)).await.unwrap(), "spent");
    assert_eq!(work.web_attempt("w1").await.unwrap().unwrap().confirmed, Some(at(79)));
}

async fn refusals_are_counted_until_the_end(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = web_attempt("w1");
    work.insert_web_attempt(&one).await.unwrap();
    work.refuse_web_attempt("w1", "a").await.unwrap();
    work.refuse_web_attempt("w1", "b").await.unwrap();
    let found = work.web_attempt("w1").await.unwrap().unwrap();
    assert_eq!((found.failures, found.refused.as_deref()), (2, Some("b")));
    work.prove_web_attempt("w1", &one.token_hash, &proof(20)).await.unwrap();
    work.confirm_web_attempt("w1", &[7; 32], at(21)).await.unwrap();
    work.refuse_web_attempt("w1", "c").await.unwrap();
    assert_eq!(work.web_attempt("w1").await.unwrap().unwrap().refused, None);
}

async fn only_the_newest_attempts_of_a_session_stay(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, session, created) in [("w1", "s1", 10), ("w2", "s1", 12), ("w3", "s1", 11), ("w4", "s2", 1)] {
        let attempt =
            DeviceWebAttempt { session_id: session.to_owned(), created: at(created), ..web_attempt(id) };
        work.insert_web_attempt(&attempt).await.unwrap();
    }
    work.trim_web_attempts("s1", 2).await.unwrap();
    for (id, stays) in [("w1", false), ("w2", true), ("w3", true), ("w4", true)] {
        assert_eq!(work.web_attempt(id).await.unwrap().is_some(), stays, "{id}");
    }
}

fn elsewhere(id: &str) -> DeviceWebAttempt {
    let remote = RemoteBrowser { number: 42, asked_from: None, matched: None };
    DeviceWebAttempt { remote: Some(remote), ..web_attempt(id) }
}

async fn a_number_of_a_browser_elsewhere_counts_once_and_only_after_its_code(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = elsewhere("w1");
    work.insert_web_attempt(&one).await.unwrap();
    assert_eq!(work.web_attempt("w1").await.unwrap(), Some(one.clone()));
    assert!(!work.match_web_number("w1", 42, at(20)).await.unwrap(), "the code was not typed");
    assert!(!work.prove_web_attempt("w1", &one.token_hash, &proof(20)).await.unwrap(), "nor the number");
    let code = one.code_hash.unwrap();
    assert!(work.redeem_web_code("w1", &code, &[9; 32], "192.0.2.9:1", at(20)).await.unwrap());
    assert!(!work.prove_web_attempt("w1", &[9; 32], &proof(20)).await.unwrap(), "still without the number");
    assert!(!work.match_web_number("w1", 43, at(20)).await.unwrap(), "another");
    assert!(!work.match_web_number("w1", 42, at(100)).await.unwrap(), "expired");
    assert!(work.match_web_number("w1", 42, at(21)).await.unwrap());
    assert!(!work.match_web_number("w1", 42, at(21)).await.unwrap(), "typed");
    let remote = work.web_attempt("w1").await.unwrap().unwrap().remote.unwrap();
    assert_eq!((remote.asked_from.as_deref(), remote.matched), (Some("192.0.2.9:1"), Some(at(21))));
    assert!(!work.confirm_remote_web_attempt("w1", at(22)).await.unwrap(), "nothing was proven");
    assert!(work.prove_web_attempt("w1", &[9; 32], &proof(22)).await.unwrap());
    assert!(!work.confirm_web_attempt("w1", &[7; 32], at(23)).await.unwrap(), "there is no token for it");
    assert!(!work.confirm_remote_web_attempt("w1", at(82)).await.unwrap(), "expired");
    assert!(work.confirm_remote_web_attempt("w1", at(23)).await.unwrap());
    assert!(!work.confirm_remote_web_attempt("w1", at(23)).await.unwrap(), "taken up");
    // A browser on the device takes nothing up without its token.
    let near = web_attempt("w2");
    work.insert_web_attempt(&near).await.unwrap();
    assert!(work.prove_web_attempt("w2", &near.token_hash, &proof(20)).await.unwrap());
    assert!(!work.confirm_remote_web_attempt("w2", at(21)).await.unwrap());
}

async fn a_wrong_number_ends_an_attempt_at_every_step(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, steps) in [("w1", 0), ("w2", 1), ("w3", 2), ("w4", 3)] {
        let one = elsewhere(id);
        work.insert_web_attempt(&one).await.unwrap();
        let code = one.code_hash.unwrap();
        let redeem = async |work: &mut dyn gatehouse_domain::ports::UnitOfWork| {
            work.redeem_web_code(id, &code, &[9; 32], "", at(20)).await.unwrap()
        };
        if steps > 0 {
            assert!(redeem(work.as_mut()).await);
        }
        if steps > 1 {
            assert!(work.match_web_number(id, 42, at(20)).await.unwrap());
        }
        if steps > 2 {
            assert!(work.prove_web_attempt(id, &[9; 32], &proof(20)).await.unwrap());
        }
        work.void_web_attempt(id, "number_wrong", 5).await.unwrap();
        let found = work.web_attempt(id).await.unwrap().unwrap();
        assert_eq!((found.refused.as_deref(), found.failures), (Some("number_wrong"), 5), "{id}");
        assert!(!redeem(work.as_mut()).await, "{id}");
        assert!(!work.match_web_number(id, 42, at(20)).await.unwrap(), "{id}");
        assert!(!work.prove_web_attempt(id, &[9; 32], &proof(20)).await.unwrap(), "{id}");
        assert!(!work.confirm_remote_web_attempt(id, at(21)).await.unwrap(), "{id}");
    }
}
