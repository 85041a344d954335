use async_trait::async_trait;
use gatehouse_domain::entity::{BoundCredential, Counters, Credential};
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::{CredentialRows, Stored};
use gatehouse_model::{AttestationTier, OsType};

use super::Unit;
use super::device::DEVICE;
use crate::decode::{Columns, Decode};
use crate::executor::Executor;
use crate::sql::credential as sql;
use crate::value::{Value, values};

const CREDENTIAL: Decode<Credential> = Decode {
    entity: "credential",
    read: |columns| {
        Ok(Credential {
            os_type: columns.os()?,
            id: columns.text()?,
            device_id: columns.text()?,
            public_key_der: columns.bytes()?,
            tier: columns.numbered(AttestationTier::from_number)?,
            ekcert_serial: columns.text()?,
            ak_public: columns.bytes()?,
            user: columns.text()?,
            created: columns.time()?,
            last_used: columns.time()?,
            counters: counters(columns)?,
        })
    },
};

const BOUND_CREDENTIAL: Decode<BoundCredential> = Decode {
    entity: "credential with its device",
    read: |columns| {
        Ok(BoundCredential {
            credential: (CREDENTIAL.read)(columns)?,
            device: (DEVICE.read)(columns)?,
            is_user: columns.maybe_text()?.is_some(),
        })
    },
};

/// Three columns, set together or not at all.
fn counters(columns: &mut dyn Columns) -> Stored<Option<Counters>> {
    match (columns.maybe_int()?, columns.maybe_int()?, columns.maybe_int()?) {
        (None, None, None) => Ok(None),
        (Some(reset), Some(restart), Some(clock)) => Ok(Some(Counters {
            reset_count: u32::try_from(reset).map_err(|_| columns.corrupt())?,
            restart_count: u32::try_from(restart).map_err(|_| columns.corrupt())?,
            clock: clock.cast_unsigned(),
        })),
        _ => Err(columns.corrupt()),
    }
}

/// The three columns; a clock beyond 2^63 keeps its bits.
fn counter_values(counters: Option<Counters>) -> [Option<i64>; 3] {
    [
        counters.map(|counters| i64::from(counters.reset_count)),
        counters.map(|counters| i64::from(counters.restart_count)),
        counters.map(|counters| counters.clock.cast_signed()),
    ]
}

#[async_trait]
impl<E: Executor> CredentialRows for Unit<E> {
    async fn put_credential(&mut self, credential: &Credential) -> Stored<()> {
        let [reset_count, restart_count, clock] = counter_values(credential.counters);
        let values = values![
            credential.os_type,
            &credential.id,
            &credential.device_id,
            &credential.public_key_der,
            credential.tier as i64,
            &credential.ekcert_serial,
            &credential.ak_public,
            &credential.user,
            credential.created,
            credential.last_used,
            reset_count,
            restart_count,
            clock,
        ];
        self.2.device(&credential.device_id);
        if self.0.execute(sql::PUT_CREDENTIAL, values).await? == 0 {
            return Err(StoreError::Conflict { constraint: "credentials_os_id".to_owned() });
        }
        Ok(())
    }

    async fn credential(&mut self, os_type: OsType, id: &str) -> Stored<Option<Credential>> {
        self.0.optional(sql::CREDENTIAL, values![os_type, id], CREDENTIAL).await
    }

    async fn bound_credential(
        &mut self,
        os_type: OsType,
        id: &str,
        user: &str,
    ) -> Stored<Option<BoundCredential>> {
        self.0.optional(sql::BOUND_CREDENTIAL, values![os_type, id, user], BOUND_CREDENTIAL).await
    }

    async fn credentials_of_device(&mut self, device_id: &str) -> Stored<Vec<Credential>> {
        self.0.all(sql::CREDENTIALS_OF_DEVICE, values![device_id], CREDENTIAL).await
    }

    async fn credentials_of_devices(&mut self, device_ids: &[String]) -> Stored<Vec<Credential>> {
        let mut found = Vec::new();
        for some in device_ids.chunks(sql::DEVICES_AT_ONCE) {
            let mut values = [Value::Text(None); sql::DEVICES_AT_ONCE];
            for (value, id) in values.iter_mut().zip(some) {
                *value = Value::from(id);
            }
            found.append(&mut self.0.all(sql::CREDENTIALS_OF_DEVICES, &values, CREDENTIAL).await?);
        }
        Ok(found)
    }

    async fn use_credential(&mut self, credential: &Credential) -> Stored<bool> {
        let [reset_count, restart_count, clock] = counter_values(credential.counters);
        let values = values![
            credential.os_type,
            &credential.id,
            &credential.device_id,
            credential.last_used,
            reset_count,
            restart_count,
            clock,
        ];
        self.2.device(&credential.device_id);
        Ok(self.0.execute(sql::USE_CREDENTIAL, values).await? > 0)
    }

    async fn delete_credentials(&mut self, device_id: &str) -> Stored<()> {
        self.2.device(device_id);
        self.0.execute(sql::DELETE_CREDENTIALS, values![device_id]).await?;
        Ok(())
    }

    async fn forget_counters(&mut self, device_id: &str) -> Stored<()> {
        self.0.execute(sql::FORGET_COUNTERS, values![device_id]).await?;
        Ok(())
    }
}
