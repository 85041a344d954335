use std::sync::Arc;

use gatehouse_domain::entity::{
    CeremonyPurpose, Passkey, PasskeyCeremony, PasskeyUse, PendingSignIn, SealedSecret, SecretPurpose,
};
use gatehouse_domain::ports::Store;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, session, user};

on_both_engines!(
    passkeys_are_stored_whole,
    a_counter_only_grows,
    uses_side_by_side_cannot_both_count,
    a_handle_stays_the_first,
    a_ceremony_is_taken_once,
    a_ceremony_is_taken_by_one_of_two,
    pending_sign_ins_are_kept_and_purged,
    recovery_codes_are_spent_once,
    offered_secrets_go_with_their_session,
    a_deleted_user_takes_factors_along,
);

fn passkey(id: &str, owner: &str, created: i64) -> Passkey {
    Passkey {
        id: id.to_owned(),
        user: owner.to_owned(),
        credential_id: id.as_bytes().to_vec(),
        rp_id: "gate.example".to_owned(),
        name: "blue key".to_owned(),
        credential: "{\"a\":1}".to_owned(),
        counter: 3,
        backup_eligible: true,
        backed_up: false,
        discoverable: true,
        created: at(created),
        last_used: Some(at(9)),
    }
}

fn used(counter: i64) -> PasskeyUse {
    PasskeyUse {
        credential: "{\"a\":2}".to_owned(),
        counter,
        backup_eligible: false,
        backed_up: true,
        now: at(20),
    }
}

fn ceremony(byte: u8) -> PasskeyCeremony {
    PasskeyCeremony {
        hash: [byte; 32],
        purpose: CeremonyPurpose::SecondFactor,
        owner: "s1".to_owned(),
        user: "alice".to_owned(),
        handle: Some(vec![1, 2]),
        state: "{}".to_owned(),
        created: at(1),
        expires: at(50),
    }
}

async fn passkeys_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_user(&user("bob")).await.unwrap();
    let (first, second) = (passkey("k1", "alice", 1), passkey("k2", "alice", 2));
    work.insert_passkey(&second).await.unwrap();
    work.insert_passkey(&first).await.unwrap();
    assert_eq!(work.passkeys("alice").await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(work.passkeys("bob").await.unwrap(), []);
    assert_eq!(work.passkey_by_credential(b"k2").await.unwrap(), Some(second.clone()));
    assert_eq!(work.passkey_by_credential(b"k").await.unwrap(), None);

    assert!(work.use_passkey("k1", &used(4)).await.unwrap());
    let found = work.passkey_by_credential(b"k1").await.unwrap().unwrap();
    let expected = Passkey {
        credential: "{\"a\":2}".to_owned(),
        counter: 4,
        backup_eligible: false,
        backed_up: true,
        last_used: Some(at(20)),
        ..first
    };
    assert_eq!(found, expected);

    assert!(!work.rename_passkey("bob", "k1", "mine").await.unwrap(), "of somebody else");
    assert!(work.rename_passkey("alice", "k1", "red key").await.unwrap());
    assert_eq!(work.passkeys("alice").await.unwrap()[0].name, "red key");
    assert!(!work.delete_passkey("bob", "k1").await.unwrap(), "of somebody else");
    assert!(work.delete_passkey("alice", "k1").await.unwrap());
    assert!(!work.delete_passkey("alice", "k1").await.unwrap());
    work.insert_passkey(&passkey("k3", "bob", 1)).await.unwrap();
    work.delete_passkeys("alice").await.unwrap();
    assert_eq!(work.passkeys("alice").await.unwrap(), []);
    assert_eq!(work.passkeys("bob").await.unwrap().len(), 1);
    let twice = Passkey { id: "k4".to_owned(), ..passkey("k3", "alice", 1) };
    assert_eq!(conflict(work.insert_passkey(&twice).await), "passkeys_credential");
}

async fn a_counter_only_grows(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_passkey(&passkey("k1", "alice", 1)).await.unwrap();
    for (counter, counts) in [(3, false), (2, false), (0, false), (4, true), (4, false), (9, true)] {
        assert_eq!(work.use_passkey("k1", &used(counter)).await.unwrap(), counts, "{counter}");
    }
    let silent = Passkey { counter: 0, ..passkey("k2", "alice", 1) };
    work.insert_passkey(&silent).await.unwrap();
    assert!(work.use_passkey("k2", &used(0)).await.unwrap(), "it counts nothing");
    assert!(work.use_passkey("k2", &used(0)).await.unwrap());
    assert!(!work.use_passkey("none", &used(1)).await.unwrap());
}

async fn uses_side_by_side_cannot_both_count(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_passkey(&passkey("k1", "alice", 1)).await.unwrap();
    work.commit().await.unwrap();
    let mut first = store.begin().await.unwrap();
    assert!(first.use_passkey("k1", &used(4)).await.unwrap());
    let second = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.begin().await.unwrap().use_passkey("k1", &used(4)).await.unwrap() }
    });
    first.commit().await.unwrap();
    assert!(!second.await.unwrap());
}

async fn a_handle_stays_the_first(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_user(&user("bob")).await.unwrap();
    assert_eq!(work.passkey_handle("alice").await.unwrap(), None);
    work.put_passkey_handle("alice", b"one").await.unwrap();
    work.put_passkey_handle("alice", b"two").await.unwrap();
    assert_eq!(work.passkey_handle("alice").await.unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(work.user_of_passkey_handle(b"one").await.unwrap().as_deref(), Some("alice"));
    assert_eq!(work.user_of_passkey_handle(b"two").await.unwrap(), None);
    assert_eq!(conflict(work.put_passkey_handle("bob", b"one").await), "passkey_handles_handle");
}

async fn a_ceremony_is_taken_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for purpose in CeremonyPurpose::ALL {
        let waiting = PasskeyCeremony { purpose, ..ceremony(1) };
        work.insert_passkey_ceremony(&waiting).await.unwrap();
        assert!(!work.has_passkey_ceremony(&[2; 32]).await.unwrap());
        assert!(work.has_passkey_ceremony(&[1; 32]).await.unwrap());
        assert_eq!(work.take_passkey_ceremony(&[2; 32]).await.unwrap(), None);
        assert_eq!(work.take_passkey_ceremony(&[1; 32]).await.unwrap(), Some(waiting));
        assert_eq!(work.take_passkey_ceremony(&[1; 32]).await.unwrap(), None);
    }
    let old = PasskeyCeremony { expires: at(5), handle: None, user: String::new(), ..ceremony(3) };
    work.insert_passkey_ceremony(&old).await.unwrap();
    work.insert_passkey_ceremony(&ceremony(4)).await.unwrap();
    work.purge_passkey_ceremonies(at(6)).await.unwrap();
    assert_eq!(work.take_passkey_ceremony(&[3; 32]).await.unwrap(), None);
    assert_eq!(work.take_passkey_ceremony(&[4; 32]).await.unwrap(), Some(ceremony(4)));
    let other = PasskeyCeremony { owner: "another".to_owned(), ..ceremony(5) };
    work.insert_passkey_ceremony(&ceremony(4)).await.unwrap();
    work.insert_passkey_ceremony(&other).await.unwrap();
    work.drop_passkey_ceremonies(other.purpose, &ceremony(4).owner).await.unwrap();
    assert!(!work.has_passkey_ceremony(&[4; 32]).await.unwrap());
    assert!(work.has_passkey_ceremony(&[5; 32]).await.unwrap());
    work.insert_passkey_ceremony(&ceremony(4)).await.unwrap();
    assert_eq!(conflict(work.insert_passkey_ceremony(&ceremony(4)).await), "passkey_ceremonies_pkey");
}

async fn a_ceremony_is_taken_by_one_of_two(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_passkey_ceremony(&ceremony(1)).await.unwrap();
    work.commit().await.unwrap();
    let mut first = store.begin().await.unwrap();
    assert!(first.take_passkey_ceremony(&[1; 32]).await.unwrap().is_some());
    let second = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.begin().await.unwrap().take_passkey_ceremony(&[1; 32]).await.unwrap() }
    });
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), None);
}

async fn pending_sign_ins_are_kept_and_purged(store: Arc<dyn Store>) {
    let pending = |byte: u8, expires| PendingSignIn {
        hash: [byte; 32],
        user: "alice".to_owned(),
        password_mark: [7; 32],
        created: at(1),
        expires: at(expires),
    };
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_pending_sign_in(&pending(1, 5)).await.unwrap();
    work.insert_pending_sign_in(&pending(2, 50)).await.unwrap();
    assert_eq!(work.pending_sign_in(&[1; 32]).await.unwrap(), Some(pending(1, 5)));
    work.purge_pending_sign_ins(at(6)).await.unwrap();
    assert_eq!(work.pending_sign_in(&[1; 32]).await.unwrap(), None);
    assert!(work.delete_pending_sign_in(&[2; 32]).await.unwrap());
    assert!(!work.delete_pending_sign_in(&[2; 32]).await.unwrap());
    work.insert_pending_sign_in(&pending(3, 50)).await.unwrap();
    assert_eq!(conflict(work.insert_pending_sign_in(&pending(3, 50)).await), "pending_sign_ins_pkey");
}

async fn recovery_codes_are_spent_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_user(&user("bob")).await.unwrap();
    work.put_recovery_codes("alice", &[[1; 32], [2; 32], [3; 32]], at(1)).await.unwrap();
    work.put_recovery_codes("bob", &[[1; 32]], at(1)).await.unwrap();
    assert_eq!(work.count_recovery_codes("alice").await.unwrap(), 3);
    assert!(work.use_recovery_code("alice", &[1; 32], at(2)).await.unwrap());
    assert!(!work.use_recovery_code("alice", &[1; 32], at(3)).await.unwrap(), "spent");
    assert!(!work.use_recovery_code("alice", &[9; 32], at(3)).await.unwrap());
    assert!(!work.use_recovery_code("carol", &[2; 32], at(3)).await.unwrap());
    assert_eq!(work.count_recovery_codes("alice").await.unwrap(), 2);
    assert_eq!(work.count_recovery_codes("bob").await.unwrap(), 1, "of each user alone");
    work.put_recovery_codes("alice", &[[4; 32]], at(4)).await.unwrap();
    assert!(!work.use_recovery_code("alice", &[2; 32], at(5)).await.unwrap(), "replaced");
    assert_eq!(work.count_recovery_codes("alice").await.unwrap(), 1);
    work.put_recovery_codes("alice", &[], at(6)).await.unwrap();
    assert_eq!(work.count_recovery_codes("alice").await.unwrap(), 0);
}

async fn offered_secrets_go_with_their_session(store: Arc<dyn Store>) {
    let secret = |row: &str| SealedSecret {
        purpose: SecretPurpose::Totp,
        row: row.to_owned(),
        key_id: "k".to_owned(),
        ciphertext: vec![1],
        public: Vec::new(),
    };
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_session(&session("s1", "alice", 1)).await.unwrap();
    for row in ["session:s1", "session:s2", "alice", "sessions", "link:00"] {
        work.put_sealed_secret(&secret(row)).await.unwrap();
    }
    work.purge_offered_secrets().await.unwrap();
    for (row, stays) in
        [("session:s1", true), ("session:s2", false), ("alice", true), ("sessions", true), ("link:00", true)]
    {
        let found = work.sealed_secret(SecretPurpose::Totp, row).await.unwrap();
        assert_eq!(found.is_some(), stays, "{row}");
    }
}

async fn a_deleted_user_takes_factors_along(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_passkey(&passkey("k1", "alice", 1)).await.unwrap();
    work.put_passkey_handle("alice", b"one").await.unwrap();
    work.put_recovery_codes("alice", &[[1; 32]], at(1)).await.unwrap();
    work.insert_pending_sign_in(&PendingSignIn {
        hash: [1; 32],
        user: "alice".to_owned(),
        password_mark: [7; 32],
        created: at(1),
        expires: at(9),
    })
    .await
    .unwrap();
    assert!(work.delete_user("alice").await.unwrap());
    assert_eq!(work.passkeys("alice").await.unwrap(), []);
    assert_eq!(work.passkey_handle("alice").await.unwrap(), None);
    assert_eq!(work.count_recovery_codes("alice").await.unwrap(), 0);
    assert_eq!(work.pending_sign_in(&[1; 32]).await.unwrap(), None);
}
