use std::sync::Arc;

use gatehouse_domain::entity::{BootRecord, EvidenceBasis, EvidenceRules, RecordKind};
use gatehouse_domain::ports::Store;
use gatehouse_model::OsType;
use gatehouse_model::tpm::PlatformParameters;

use crate::engines::on_both_engines;
use crate::samples::{at, credential, device, evidence, user};

on_both_engines!(
    a_basis_is_kept_once_with_its_cas,
    evidence_keeps_what_it_refers_to,
    what_a_key_was_enrolled_by_is_not_purged,
    a_good_boot_stands_beside_the_last_and_goes_with_its_device,
);

async fn a_basis_is_kept_once_with_its_cas(store: Arc<dyn Store>) {
    let basis = EvidenceBasis::new(EvidenceRules::default(), vec![vec![1; 900], vec![2; 900]]);
    for _ in 0..2 {
        let mut work = store.begin().await.unwrap();
        work.keep_evidence_basis(&basis).await.unwrap();
        work.commit().await.unwrap();
    }
    let mut work = store.read().await.unwrap();
    let body = work.evidence_basis(&basis.hash).await.unwrap().unwrap();
    assert_eq!(body, basis.body);
    let rules: EvidenceRules = serde_json::from_str(&body).unwrap();
    assert_eq!(rules.cas.len(), 2);
    for (hash, der) in &basis.cas {
        assert_eq!(work.evidence_ca(hash).await.unwrap().as_ref(), Some(der));
    }
    assert_eq!(work.evidence_basis(&[9; 32]).await.unwrap(), None);
    assert_eq!(work.evidence_ca(&[9; 32]).await.unwrap(), None);
}

async fn evidence_keeps_what_it_refers_to(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let whole = evidence("e1", "d1", 1);
    let mut bare = evidence("e2", "d1", 2);
    (bare.intermediates, bare.basis) = (Vec::new(), None);
    for record in [&whole, &bare] {
        work.insert_evidence(record).await.unwrap();
        assert_eq!(work.evidence_by_id(&record.id).await.unwrap().as_ref(), Some(record));
    }
}

async fn what_a_key_was_enrolled_by_is_not_purged(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.put_credential(&credential(OsType::Linux, "c", "d1", 1)).await.unwrap();
    let mut kept = evidence("e1", "d1", 1);
    kept.verdict = "success".to_owned();
    let mut refused = evidence("e2", "d1", 1);
    refused.verdict = "quote_invalid".to_owned();
    let mut gone = evidence("e3", "d1", 1);
    (gone.verdict, gone.credential_id) = ("success".to_owned(), "another".to_owned());
    for record in [&kept, &refused, &gone] {
        work.insert_evidence(record).await.unwrap();
    }
    assert_eq!(work.purge_evidence(at(5)).await.unwrap(), 2);
    assert_eq!(work.evidence_of_device("d1", 9).await.unwrap(), [kept]);
    work.delete_device("d1").await.unwrap();
    assert_eq!(work.purge_evidence(at(5)).await.unwrap(), 1);
}

fn boot(time: i64, byte: u8) -> BootRecord {
    let platform = evidence("e", "d1", 1).platform;
    BootRecord {
        device_id: "d1".to_owned(),
        kind: RecordKind::Authenticate,
        user: "alice".to_owned(),
        time: at(time),
        since: at(time),
        fingerprint: [byte; 32],
        platform: PlatformParameters { quotes: Vec::new(), event_log: vec![byte; 5], ..platform },
    }
}

async fn a_good_boot_stands_beside_the_last_and_goes_with_its_device(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.add_device_user("d1", "alice", at(1)).await.unwrap();
    assert!(!work.touch_boot(&boot(1, 1)).await.unwrap(), "there is none");
    work.note_boot(&boot(1, 1)).await.unwrap();
    assert!(work.touch_boot(&boot(2, 1)).await.unwrap());
    assert!(!work.touch_boot(&boot(3, 2)).await.unwrap(), "another boot");
    assert!(!work.has_good_boot("d1").await.unwrap());
    for good in [boot(2, 1), boot(3, 7)] {
        work.put_good_boot(&good).await.unwrap();
        assert_eq!(work.good_boot("d1").await.unwrap(), Some(good));
        assert!(work.has_good_boot("d1").await.unwrap());
        assert!(
            !work.user_has_unlocked_device("alice", true, at(4)).await.unwrap(),
            "its last boot is another"
        );
        assert!(work.user_has_unlocked_device("alice", false, at(4)).await.unwrap());
    }
    work.forget_good_boot("d1").await.unwrap();
    assert_eq!(work.good_boot("d1").await.unwrap(), None);
    assert!(work.user_has_unlocked_device("alice", true, at(4)).await.unwrap());
    work.put_good_boot(&boot(4, 1)).await.unwrap();
    work.forget_boot("d1").await.unwrap();
    assert_eq!((work.boot("d1").await.unwrap(), work.good_boot("d1").await.unwrap()), (None, None));
    work.put_good_boot(&boot(4, 1)).await.unwrap();
    work.delete_device("d1").await.unwrap();
    assert!(!work.has_good_boot("d1").await.unwrap());
}
