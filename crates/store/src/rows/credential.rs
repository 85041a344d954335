use async_trait::async_trait;
use gatehouse_domain::entity::{BoundCredential, Counters, Credential};
use gatehouse_domain::ports::store::{CredentialRows, Stored};
use gatehouse_model::{AttestationTier, OsType};

use super::Unit;
use super::device::DEVICE;
use crate::decode::{Columns, Decode};
use crate::executor::{Executor, Statement};
use crate::sql::credential as sql;
use crate::value::{Value, values};

pub(super) const CREDENTIAL: Decode<Credential> = Decode {
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

pub(super) const BOUND_CREDENTIAL: Decode<BoundCredential> = Decode {
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

/// Makes room for a credential unless it belongs to another device, then inserts it.
pub(super) fn put_statements<'v>(values: &'v [Value<'v>; 13]) -> [Statement<'v>; 2] {
    // Operating system, id, device.
    let key = values.first_chunk::<3>().map_or(values.as_slice(), |key| key);
    [
        Statement { sql: sql::DELETE_CREDENTIAL, values: key },
        Statement { sql: sql::INSERT_CREDENTIAL, values },
    ]
}

/// The arguments of [`sql::INSERT_CREDENTIAL`].
pub(super) fn put_values(credential: &Credential) -> [Value<'_>; 13] {
    let [reset_count, restart_count, clock] = counter_values(credential.counters).map(Value::from);
    [
        credential.os_type.into(),
        (&credential.id).into(),
        (&credential.device_id).into(),
        (&credential.public_key_der).into(),
        (credential.tier as i64).into(),
        (&credential.ekcert_serial).into(),
        (&credential.ak_public).into(),
        (&credential.user).into(),
        credential.created.into(),
        credential.last_used.into(),
        reset_count,
        restart_count,
        clock,
    ]
}

/// The arguments of [`sql::USE_CREDENTIAL`].
pub(super) fn use_values(credential: &Credential) -> [Value<'_>; 7] {
    let [reset_count, restart_count, clock] = counter_values(credential.counters).map(Value::from);
    [
        credential.os_type.into(),
        (&credential.id).into(),
        (&credential.device_id).into(),
        credential.last_used.into(),
        reset_count,
        restart_count,
        clock,
    ]
}

#[async_trait]
impl<E: Executor> CredentialRows for Unit<E> {
    async fn put_credential(&mut self, credential: &Credential) -> Stored<()> {
        self.touched.device(&credential.device_id);
        self.on.run(&put_statements(&put_values(credential))).await.map(drop)
    }

    async fn credential(&mut self, os_type: OsType, id: &str) -> Stored<Option<Credential>> {
        self.on.optional(sql::CREDENTIAL, values![os_type, id], CREDENTIAL).await
    }

    async fn bound_credential(
        &mut self,
        os_type: OsType,
        id: &str,
        user: &str,
    ) -> Stored<Option<BoundCredential>> {
        self.on.optional(sql::BOUND_CREDENTIAL, values![os_type, id, user], BOUND_CREDENTIAL).await
    }

    async fn credentials_of_device(&mut self, device_id: &str) -> Stored<Vec<Credential>> {
        self.on.all(sql::CREDENTIALS_OF_DEVICE, values![device_id], CREDENTIAL).await
    }

    async fn credentials_of_devices(&mut self, device_ids: &[String]) -> Stored<Vec<Credential>> {
        let mut found = Vec::new();
        for some in device_ids.chunks(sql::DEVICES_AT_ONCE) {
            let mut values = [Value::Text(None); sql::DEVICES_AT_ONCE];
            for (value, id) in values.iter_mut().zip(some) {
                *value = Value::from(id);
            }
            found.append(&mut self.on.all(sql::CREDENTIALS_OF_DEVICES, &values, CREDENTIAL).await?);
        }
        Ok(found)
    }

    async fn use_credential(&mut self, credential: &Credential) -> Stored<bool> {
        self.touched.device(&credential.device_id);
        Ok(self.on.execute(sql::USE_CREDENTIAL, &use_values(credential)).await? > 0)
    }

    async fn delete_credentials(&mut self, device_id: &str) -> Stored<()> {
        self.touched.device(device_id);
        self.on.change(sql::DELETE_CREDENTIALS, values![device_id]).await
    }

    async fn forget_counters(&mut self, device_id: &str) -> Stored<()> {
        self.on.change(sql::FORGET_COUNTERS, values![device_id]).await
    }
}
