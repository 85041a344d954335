use std::sync::Arc;

use gatehouse_domain::entity::{DeviceWebAttempt, DeviceWebProof};
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
    assert!(!work.redeem_web_code("w1", &code, &[9; 32], at(100)).await.unwrap(), "expired");
    assert!(!work.redeem_web_code("w1", &[0; 32], &[9; 32], at(20)).await.unwrap(), "another");
    assert!(work.redeem_web_code("w1", &code, &[9; 32], at(20)).await.unwrap());
    assert!(!work.redeem_web_code("w1", &code, &[8; 32], at(20)).await.unwrap(), "used");
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
    assert!(!work.redeem_web_code("w1", &code, &[9; 32], at(21)).await.unwrap(), "the device has spoken");
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
