use std::sync::Arc;

use gatehouse_domain::entity::{SealedSecret, SecretPurpose, StoredValue};
use gatehouse_domain::ports::Store;

use crate::engines::on_both_engines;
use crate::samples::at;

on_both_engines!(values_are_set_once, secrets_are_replaced_and_deleted, preferences_are_kept_by_key);

async fn values_are_set_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.cluster_value("name").await.unwrap(), None);
    assert_eq!(work.init_cluster_value("name", "a").await.unwrap(), "a");
    assert_eq!(work.init_cluster_value("name", "b").await.unwrap(), "a");
    for value in ["1", "2"] {
        work.put_cluster_value("other", value).await.unwrap();
        assert_eq!(work.cluster_value("other").await.unwrap().as_deref(), Some(value));
    }
    assert_eq!(work.cluster_value("name").await.unwrap().as_deref(), Some("a"));
    let second = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.begin().await.unwrap().init_cluster_value("name", "c").await.unwrap() }
    });
    work.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), "a");
}

async fn secrets_are_replaced_and_deleted(store: Arc<dyn Store>) {
    let mut sealed = SealedSecret {
        purpose: SecretPurpose::Totp,
        row: "alice".to_owned(),
        key_id: "k1".to_owned(),
        ciphertext: vec![0, 255, 1],
        public: Vec::new(),
    };
    let mut work = store.begin().await.unwrap();
    work.put_sealed_secret(&sealed).await.unwrap();
    assert_eq!(work.sealed_secret(SecretPurpose::Totp, "alice").await.unwrap().as_ref(), Some(&sealed));
    assert_eq!(work.sealed_secret(SecretPurpose::X509UserCa, "alice").await.unwrap(), None);
    sealed.key_id = "k2".to_owned();
    sealed.public = vec![1];
    work.put_sealed_secret(&sealed).await.unwrap();
    assert_eq!(work.sealed_secret(SecretPurpose::Totp, "alice").await.unwrap().as_ref(), Some(&sealed));
    work.delete_sealed_secret(SecretPurpose::SshUserCa, "alice").await.unwrap();
    assert!(work.sealed_secret(SecretPurpose::Totp, "alice").await.unwrap().is_some());
    work.delete_sealed_secret(SecretPurpose::Totp, "alice").await.unwrap();
    assert_eq!(work.sealed_secret(SecretPurpose::Totp, "alice").await.unwrap(), None);
}

async fn preferences_are_kept_by_key(store: Arc<dyn Store>) {
    let value = |key: &str, json: &str| StoredValue {
        key: key.to_owned(),
        json: json.to_owned(),
        updated: at(1),
        updated_by: "admin".to_owned(),
    };
    let mut work = store.begin().await.unwrap();
    work.put_preference_value(&value("b", "1")).await.unwrap();
    work.put_preference_value(&value("a", "2")).await.unwrap();
    work.put_preference_value(&value("b", "\"3\"")).await.unwrap();
    assert_eq!(work.preference_values().await.unwrap(), [value("a", "2"), value("b", "\"3\"")]);
    assert!(work.delete_preference_value("a").await.unwrap());
    assert!(!work.delete_preference_value("a").await.unwrap());
    assert_eq!(work.preference_values().await.unwrap().len(), 1);
}
