use std::sync::Arc;

use gatehouse_domain::entity::{
    Device, DeviceEk, EkFinding, EkJudgement, Evidence, RecordKind, Review, ReviewCursor, ReviewDecision,
    ReviewReason, ReviewState,
};
use gatehouse_domain::ports::Store;
use gatehouse_model::{AttestationTier, EnrollStatus, OsType};

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, device as device_of, device_ek, evidence, review, token};

on_both_engines!(
    reviews_are_stored_whole,
    one_review_of_a_subject_waits,
    a_review_is_decided_once_in_time_and_as_it_was_seen,
    two_at_once_decide_a_review_once,
    what_waits_is_renewed_and_what_does_not_is_not,
    reviews_expire_and_are_listed_and_counted,
    the_reviews_of_a_device_and_of_a_user_are_found,
    evidence_is_settled_and_deleted,
    a_challenge_is_returned_as_if_it_had_not_been_opened,
    a_reviewed_token_is_spent_once_even_after_its_end,
    eks_are_stored_with_their_devices,
    eks_are_found_by_the_names_above_them,
    failing_eks_are_those_of_enrolled_devices,
    the_judgement_is_one_row,
);

fn device(id: &str, tag: &str) -> Device {
    Device { anchor: None, ..device_of(id, OsType::Linux, tag) }
}

fn by_admin(secs: i64) -> ReviewDecision {
    ReviewDecision { time: at(secs), by: "admin".to_owned() }
}

async fn reviews_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = review("r1", "s1", 10);
    work.insert_review(&one).await.unwrap();
    assert_eq!(work.review("r1").await.unwrap(), Some(one.clone()));
    assert_eq!(work.review("none").await.unwrap(), None);
    assert_eq!(
        conflict(work.insert_review(&Review { subject: "other".to_owned(), ..one }).await),
        "reviews_pkey"
    );
}

async fn one_review_of_a_subject_waits(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_review(&review("r1", "s1", 10)).await.unwrap();
    let drift = Review { reason: ReviewReason::BootDrift, ..review("r2", "s1", 10) };
    work.insert_review(&drift).await.unwrap();
    assert!(work.decide_review("r1", "e1", ReviewState::Refused, &by_admin(11)).await.unwrap());
    work.insert_review(&review("r3", "s1", 12)).await.unwrap();
    let newest = work.newest_review(ReviewReason::UnknownCa, "s1").await.unwrap().unwrap();
    assert_eq!(newest.id, "r3");
    assert_eq!(work.newest_review(ReviewReason::UnknownCa, "s2").await.unwrap(), None);
    assert_eq!(conflict(work.insert_review(&review("r4", "s1", 13)).await), "reviews_pending");
}

async fn a_review_is_decided_once_in_time_and_as_it_was_seen(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_review(&review("r1", "s1", 10)).await.unwrap();
    let accepted = ReviewState::Accepted;
    assert!(!work.decide_review("r1", "e2", accepted, &by_admin(11)).await.unwrap(), "other evidence");
    assert!(!work.decide_review("r1", "e1", accepted, &by_admin(110)).await.unwrap(), "expired");
    assert!(work.decide_review("r1", "e1", accepted, &by_admin(109)).await.unwrap());
    assert!(!work.decide_review("r1", "e1", ReviewState::Refused, &by_admin(12)).await.unwrap(), "decided");
    let decided = work.review("r1").await.unwrap().unwrap();
    assert_eq!((decided.state, decided.decided), (accepted, Some(by_admin(109))));
}

async fn two_at_once_decide_a_review_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_review(&review("r1", "s1", 10)).await.unwrap();
    work.commit().await.unwrap();
    let decide = |state| {
        let store = Arc::clone(&store);
        async move {
            let mut work = store.begin().await.unwrap();
            let decided = work.decide_review("r1", "e1", state, &by_admin(11)).await.unwrap();
            work.commit().await.unwrap();
            decided
        }
    };
    let (one, other) = tokio::join!(decide(ReviewState::Accepted), decide(ReviewState::Refused));
    assert!(one != other, "{one} {other}");
}

async fn what_waits_is_renewed_and_what_does_not_is_not(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = review("r1", "s1", 10);
    work.insert_review(&one).await.unwrap();
    let renewed = Review {
        credential_id: "c2".to_owned(),
        evidence_id: "e2".to_owned(),
        expires: at(500),
        details: serde_json::json!({"token_id": "t2"}),
        ..one
    };
    assert!(work.renew_review(&renewed).await.unwrap());
    assert_eq!(work.review("r1").await.unwrap(), Some(renewed.clone()));
    assert!(work.decide_review("r1", "e2", ReviewState::Refused, &by_admin(12)).await.unwrap());
    assert!(!work.renew_review(&renewed).await.unwrap());
}

async fn reviews_expire_and_are_listed_and_counted(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, created) in [("r1", 10), ("r2", 20), ("r3", 20), ("r4", 30)] {
        work.insert_review(&review(id, id, created)).await.unwrap();
    }
    let ids = |reviews: Vec<Review>| reviews.into_iter().map(|review| review.id).collect::<Vec<_>>();
    assert_eq!(work.count_pending_reviews("alice").await.unwrap(), 4);
    assert_eq!(work.count_pending_reviews("bob").await.unwrap(), 0);
    assert_eq!(ids(work.reviews(true, None, 3).await.unwrap()), ["r4", "r3", "r2"]);
    let after = ReviewCursor { created: at(20), id: "r3".to_owned() };
    assert_eq!(ids(work.reviews(true, Some(&after), 3).await.unwrap()), ["r2", "r1"]);
    assert_eq!(work.expire_reviews(at(109)).await.unwrap(), 0);
    assert_eq!(work.expire_reviews(at(110)).await.unwrap(), 1);
    assert_eq!(work.review("r1").await.unwrap().unwrap().state, ReviewState::Expired);
    assert_eq!(ids(work.reviews(false, None, 3).await.unwrap()), ["r1"]);
    assert_eq!(work.count_pending_reviews("alice").await.unwrap(), 3);
    work.purge_reviews(at(20)).await.unwrap();
    assert_eq!(work.review("r1").await.unwrap(), None);
    assert!(work.review("r2").await.unwrap().is_some());
}

async fn the_reviews_of_a_device_and_of_a_user_are_found(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let of = |id: &str, subject: &str, created, device_id: &str, user: &str| Review {
        device_id: device_id.to_owned(),
        user: user.to_owned(),
        ..review(id, subject, created)
    };
    let drift = |review: Review| Review { reason: ReviewReason::BootDrift, ..review };
    for review in [
        of("r1", "ek1", 10, "d1", "alice"),
        drift(of("r2", "d1", 20, "d1", "bob")),
        of("r3", "ek2", 30, "d1", "alice"),
        of("r4", "ek3", 40, "d2", "alice"),
        of("r5", "ek4", 50, "d1", "bob"),
    ] {
        work.insert_review(&review).await.unwrap();
    }
    for id in ["r1", "r2", "r3"] {
        assert!(work.decide_review(id, "e1", ReviewState::Refused, &by_admin(60)).await.unwrap());
    }
    let ids = |reviews: Vec<Review>| reviews.into_iter().map(|review| review.id).collect::<Vec<_>>();
    // r3 is about a TPM that the device has no more.
    assert_eq!(ids(work.reviews_of_device("d1", "ek1", at(60), 9).await.unwrap()), ["r5", "r2", "r1"]);
    assert_eq!(ids(work.reviews_of_device("d1", "", at(60), 1).await.unwrap()), ["r5"]);
    assert_eq!(ids(work.reviews_of_device("d1", "", at(150), 9).await.unwrap()), ["r2"], "r5 has expired");
    assert_eq!(ids(work.reviews_of_device("d2", "ek1", at(60), 9).await.unwrap()), ["r4"]);
    assert_eq!(ids(work.waiting_reviews_of_user("alice", at(60), 9).await.unwrap()), ["r4"]);
    assert_eq!(ids(work.waiting_reviews_of_user("bob", at(60), 9).await.unwrap()), ["r5"]);
    assert_eq!(ids(work.waiting_reviews_of_user("bob", at(150), 9).await.unwrap()), [""; 0]);
}

async fn evidence_is_settled_and_deleted(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = Evidence { kind: RecordKind::Enroll, ..evidence("e1", "d1", 1) };
    work.insert_evidence(&one).await.unwrap();
    assert_eq!(work.evidence_by_id("e1").await.unwrap(), Some(one.clone()));
    assert_eq!(work.enrolment_evidence("d1").await.unwrap(), None, "no success");
    let findings =
        [EkFinding { code: "accepted_in_review".to_owned(), about: "admin".to_owned(), lowers_tier: true }];
    work.settle_evidence("e1", "success", AttestationTier::TpmEkcert, &findings).await.unwrap();
    let settled = Evidence {
        verdict: "success".to_owned(),
        tier: AttestationTier::TpmEkcert,
        findings: findings.to_vec(),
        ..one
    };
    assert_eq!(work.evidence_by_id("e1").await.unwrap(), Some(settled.clone()));
    assert_eq!(work.enrolment_evidence("d1").await.unwrap(), Some(settled));
    work.delete_evidence("e1").await.unwrap();
    assert_eq!(work.evidence_by_id("e1").await.unwrap(), None);
}

async fn a_challenge_is_returned_as_if_it_had_not_been_opened(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", "A")).await.unwrap();
    work.insert_enroll_token(&token("t1", "d1", 1)).await.unwrap();
    assert!(work.open_challenge("t1", "x", at(2), at(-58)).await.unwrap());
    work.return_challenge("t1", "another").await.unwrap();
    assert_eq!(work.enroll_token("t1").await.unwrap().unwrap().challenges, 1);
    work.return_challenge("t1", "x").await.unwrap();
    work.return_challenge("t1", "x").await.unwrap();
    assert_eq!(work.enroll_token("t1").await.unwrap(), Some(token("t1", "d1", 1)));
}

async fn a_reviewed_token_is_spent_once_even_after_its_end(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", "A")).await.unwrap();
    work.insert_enroll_token(&token("t1", "d1", 1)).await.unwrap();
    work.insert_enroll_token(&token("t2", "d1", 1)).await.unwrap();
    assert!(work.spend_reviewed_token("t1", at(1000)).await.unwrap());
    assert!(!work.spend_reviewed_token("t1", at(1000)).await.unwrap(), "spent");
    work.revoke_enroll_token("t2", at(3)).await.unwrap();
    assert!(!work.spend_reviewed_token("t2", at(4)).await.unwrap(), "revoked");
    assert!(!work.spend_reviewed_token("none", at(4)).await.unwrap());
}

async fn eks_are_stored_with_their_devices(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, tag) in [("d1", "A"), ("d2", "B")] {
        work.insert_device(&device(id, tag)).await.unwrap();
    }
    let mac = Device { os_type: OsType::Macos, ..device("d3", "C") };
    work.insert_device(&mac).await.unwrap();
    work.put_device_ek(&device_ek("d2", "")).await.unwrap();
    let other = DeviceEk { certificate: vec![9], ..device_ek("d2", "trusted") };
    work.put_device_ek(&other).await.unwrap();
    let found = work.eks_of_devices("", 9).await.unwrap();
    let eks: Vec<_> = found.iter().map(|one| (one.device_id.as_str(), one.ek.clone())).collect();
    assert_eq!(eks, [("d1", None), ("d2", Some(other))]);
    assert_eq!(found[1].asset_tag, device("d2", "B").asset_tag);
    assert_eq!(work.eks_of_devices("d1", 9).await.unwrap().len(), 1);
    assert!(work.delete_device("d2").await.unwrap());
    assert_eq!(work.eks_issued_by(&[1; 32], 9).await.unwrap(), []);
}

async fn eks_are_found_by_the_names_above_them(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, tag) in [("d1", "A"), ("d2", "B"), ("d3", "C")] {
        work.insert_device(&device(id, tag)).await.unwrap();
    }
    work.put_device_ek(&device_ek("d1", "")).await.unwrap();
    work.put_device_ek(&DeviceEk { top_key: [1; 32], ..device_ek("d2", "") }).await.unwrap();
    work.put_device_ek(&DeviceEk { issuer_key: [3; 32], top_key: [1; 32], ..device_ek("d3", "") })
        .await
        .unwrap();
    let mut ids = async |key: u8, limit| {
        let found = work.eks_issued_by(&[key; 32], limit).await.unwrap();
        found.into_iter().map(|one| one.device_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(1, 9).await, ["d1", "d2", "d3"]);
    assert_eq!(ids(1, 2).await, ["d1", "d2"]);
    assert_eq!(ids(2, 9).await, ["d1"]);
    assert_eq!(ids(4, 9).await, [""; 0]);
}

async fn failing_eks_are_those_of_enrolled_devices(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, tag, status) in [
        ("d1", "A", EnrollStatus::Enrolled),
        ("d2", "B", EnrollStatus::NotEnrolled),
        ("d3", "C", EnrollStatus::Enrolled),
    ] {
        let one = Device { enroll_status: status, ..device(id, tag) };
        work.insert_device(&one).await.unwrap();
        work.put_device_ek(&device_ek(id, "unknown_issuer")).await.unwrap();
    }
    let mut ids = async |after: &str| {
        let found = work.failing_eks(after, 9).await.unwrap();
        found.into_iter().map(|one| one.device_id).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, ["d1", "d3"]);
    assert_eq!(ids("d1").await, ["d3"]);
    assert_eq!(work.count_failing_eks().await.unwrap(), 2);
    work.set_ek_verdict("d1", "trusted").await.unwrap();
    work.set_ek_verdict("d3", "").await.unwrap();
    assert_eq!(work.failing_eks("", 9).await.unwrap(), []);
    work.set_ek_verdict("d3", "expired_ek").await.unwrap();
    let failing = work.failing_eks("", 9).await.unwrap();
    assert_eq!(failing[0].ek.as_ref().unwrap().verdict.0, "expired_ek");
}

async fn the_judgement_is_one_row(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.ek_judgement().await.unwrap(), None);
    let mut judgement = EkJudgement {
        revision: "r".to_owned(),
        after: "d9".to_owned(),
        judged: 7,
        failing: 2,
        started: at(1),
        finished: None,
    };
    work.put_ek_judgement(&judgement).await.unwrap();
    judgement.finished = Some(at(2));
    work.put_ek_judgement(&judgement).await.unwrap();
    assert_eq!(work.ek_judgement().await.unwrap(), Some(judgement));
}
