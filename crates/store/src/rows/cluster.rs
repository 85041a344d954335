use async_trait::async_trait;
use gatehouse_domain::entity::{Digest, SealedSecret, SecretPurpose, StoredValue};
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::{ClusterRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Decode, TEXT};
use crate::executor::Executor;
use crate::sql::cluster as sql;
use crate::value::values;

/// Key id, ciphertext, what goes in the clear.
const SEALED: Decode<(String, Vec<u8>, Vec<u8>)> = Decode {
    entity: "sealed secret",
    read: |columns| Ok((columns.text()?, columns.bytes()?, columns.bytes()?)),
};

pub(super) const PREFERENCE: Decode<StoredValue> = Decode {
    entity: "preference",
    read: |columns| {
        Ok(StoredValue {
            key: columns.text()?,
            json: columns.text()?,
            updated: columns.time()?,
            updated_by: columns.text()?,
        })
    },
};

#[async_trait]
impl<E: Executor> ClusterRows for Unit<E> {
    async fn cluster_value(&mut self, key: &str) -> Stored<Option<String>> {
        self.on.optional(sql::VALUE, values![key], TEXT).await
    }

    async fn init_cluster_value(&mut self, key: &str, value: &str) -> Stored<String> {
        // Of two that race, the second waits here for the first, and then reads what the first stored.
        self.on.execute(sql::INIT_VALUE, values![key, value]).await?;
        let stored = self.cluster_value(key).await?;
        stored.ok_or_else(|| StoreError::Corrupt { what: format!("cluster value {key}") })
    }

    async fn put_cluster_value(&mut self, key: &str, value: &str) -> Stored<()> {
        self.on.change(sql::PUT_VALUE, values![key, value]).await
    }

    async fn sealed_secret(&mut self, purpose: SecretPurpose, row: &str) -> Stored<Option<SealedSecret>> {
        let found = self.on.optional(sql::SEALED_SECRET, values![purpose.as_str(), row], SEALED).await?;
        Ok(found.map(|(key_id, ciphertext, public)| SealedSecret {
            purpose,
            row: row.to_owned(),
            key_id,
            ciphertext,
            public,
        }))
    }

    async fn put_sealed_secret(&mut self, sealed: &SealedSecret) -> Stored<()> {
        let SealedSecret { purpose, row, key_id, ciphertext, public } = sealed;
        let values = values![purpose.as_str(), row, key_id, ciphertext, public];
        self.on.change(sql::PUT_SEALED_SECRET, values).await
    }

    async fn delete_sealed_secret(&mut self, purpose: SecretPurpose, row: &str) -> Stored<()> {
        self.on.change(sql::DELETE_SEALED_SECRET, values![purpose.as_str(), row]).await
    }

    async fn preference_values(&mut self) -> Stored<Vec<StoredValue>> {
        self.on.all(sql::PREFERENCE, values![], PREFERENCE).await
    }

    async fn put_preference_value(&mut self, value: &StoredValue) -> Stored<()> {
        let StoredValue { key, json, updated, updated_by } = value;
        self.on.change(sql::PUT_PREFERENCE, values![key, json, *updated, updated_by]).await
    }

    async fn delete_preference_value(&mut self, key: &str) -> Stored<bool> {
        Ok(self.on.execute(sql::DELETE_PREFERENCE, values![key]).await? > 0)
    }

    async fn hold_administrators(&mut self) -> Stored<()> {
        self.on.execute(sql::HOLD_ADMINISTRATORS, values![]).await?;
        Ok(())
    }

    async fn take_form_key(&mut self, hash: &Digest, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::TAKE_FORM_KEY, values![hash, now]).await? > 0)
    }

    async fn purge_form_keys(&mut self, before: Timestamp) -> Stored<()> {
        self.on.execute(sql::PURGE_FORM_KEYS, values![before]).await?;
        Ok(())
    }
}
