use std::sync::Arc;

use gatehouse_domain::entity::{BoundCredential, Counters, Credential};
use gatehouse_domain::ports::Store;
use gatehouse_model::{AttestationTier, OsType};

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, credential, device, user};

on_both_engines!(
    credentials_are_put_and_used,
    credentials_of_many_devices,
    a_bound_credential_comes_with_its_device
);

fn ids(credentials: Vec<Credential>) -> Vec<String> {
    credentials.into_iter().map(|credential| credential.id).collect()
}

async fn credentials_are_put_and_used(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work.insert_device(&device("d2", OsType::Linux, "TWO")).await.unwrap();
    let first = credential(OsType::Linux, "c1", "d1", 1);
    work.put_credential(&first).await.unwrap();
    assert_eq!(work.credential(OsType::Linux, "c1").await.unwrap().as_ref(), Some(&first));
    assert_eq!(work.credential(OsType::Windows, "c1").await.unwrap(), None);
    work.put_credential(&credential(OsType::Windows, "c1", "d2", 1)).await.unwrap();

    let replaced = Credential {
        public_key_der: vec![9],
        tier: AttestationTier::BareKey,
        ekcert_serial: String::new(),
        ak_public: vec![8],
        user: "bob".to_owned(),
        created: at(5),
        last_used: at(6),
        counters: None,
        ..first.clone()
    };
    work.put_credential(&replaced).await.unwrap();
    assert_eq!(work.credential(OsType::Linux, "c1").await.unwrap(), Some(replaced));
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    assert_eq!(
        conflict(work.put_credential(&Credential { device_id: "d2".to_owned(), ..first.clone() }).await),
        "credentials_os_id"
    );

    drop(work);
    let mut work = store.begin().await.unwrap();
    work.put_credential(&credential(OsType::Linux, "c2", "d1", 9)).await.unwrap();
    assert_eq!(ids(work.credentials_of_device("d1").await.unwrap()), ["c2", "c1"]);
    let counters = Some(Counters { reset_count: 2, restart_count: 3, clock: 4 });
    let used = Credential { last_used: at(20), counters, user: "ignored".to_owned(), ..first.clone() };
    assert!(work.use_credential(&used).await.unwrap());
    let stored = work.credentials_of_device("d1").await.unwrap().remove(0);
    assert_eq!((stored.id.as_str(), stored.counters, stored.user.as_str()), ("c1", counters, "bob"));
    work.forget_counters("d1").await.unwrap();
    assert!(work.credentials_of_device("d1").await.unwrap().iter().all(|found| found.counters.is_none()));
    assert!(work.credential(OsType::Windows, "c1").await.unwrap().unwrap().counters.is_some());
    work.delete_credentials("d1").await.unwrap();
    assert_eq!(work.credentials_of_device("d1").await.unwrap(), []);
    assert!(!work.use_credential(&used).await.unwrap());
}

async fn credentials_of_many_devices(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let devices: Vec<String> = (0..150).map(|n| format!("d{n}")).collect();
    for id in &devices {
        work.insert_device(&device(id, OsType::Linux, &format!("tag-{id}"))).await.unwrap();
        work.put_credential(&credential(OsType::Linux, &format!("old-{id}"), id, 1)).await.unwrap();
        work.put_credential(&credential(OsType::Linux, &format!("new-{id}"), id, 2)).await.unwrap();
    }
    assert_eq!(work.credentials_of_devices(&[]).await.unwrap(), []);
    for count in [1, 64, 65, 150] {
        let found = work.credentials_of_devices(&devices[..count]).await.unwrap();
        assert_eq!(found.len(), 2 * count);
        for pair in found.chunks(2) {
            assert_eq!(pair[0].device_id, pair[1].device_id);
            assert!(pair[0].id.starts_with("new-") && pair[1].id.starts_with("old-"));
        }
    }
}

async fn a_bound_credential_comes_with_its_device(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, tag) in [("d1", "ONE"), ("d2", "TWO")] {
        work.insert_device(&device(id, OsType::Linux, tag)).await.unwrap();
    }
    for name in ["alice", "bob"] {
        work.insert_user(&user(name)).await.unwrap();
    }
    let stored = credential(OsType::Linux, "c1", "d1", 1);
    work.put_credential(&stored).await.unwrap();
    work.add_device_user("d1", "alice", at(1)).await.unwrap();
    work.add_device_user("d2", "bob", at(1)).await.unwrap();
    for (name, is_user) in [("alice", true), ("bob", false), ("none", false)] {
        let expected = BoundCredential {
            credential: stored.clone(),
            device: device("d1", OsType::Linux, "ONE"),
            is_user,
        };
        assert_eq!(work.bound_credential(OsType::Linux, "c1", name).await.unwrap(), Some(expected), "{name}");
    }
    assert_eq!(work.bound_credential(OsType::Windows, "c1", "alice").await.unwrap(), None);
    assert_eq!(work.bound_credential(OsType::Linux, "c2", "alice").await.unwrap(), None);
}
