use async_trait::async_trait;
use gatehouse_domain::entity::{BootRecord, RecordKind};
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::device_pages::BootRows;
use gatehouse_domain::ports::store::Stored;

use super::Unit;
use super::device::RECORD_KINDS;
use super::evidence::platform_parameters;
use crate::decode::{Decode, NUMBER};
use crate::executor::Executor;
use crate::platform;
use crate::sql::boot as sql;
use crate::value::values;

const BOOT: Decode<BootRecord> = Decode {
    entity: "boot record",
    read: |columns| {
        Ok(BootRecord {
            device_id: columns.text()?,
            kind: columns.one_of(&RECORD_KINDS, RecordKind::as_str)?,
            user: columns.text()?,
            time: columns.time()?,
            since: columns.time()?,
            fingerprint: columns.digest()?,
            platform: platform_parameters(columns)?,
        })
    },
};

#[async_trait]
impl<E: Executor> BootRows for Unit<E> {
    async fn note_boot(&mut self, record: &BootRecord) -> Stored<()> {
        if self.touch_boot(record).await? {
            return Ok(());
        }
        self.write_boot(sql::PUT_BOOT, record).await
    }

    async fn touch_boot(&mut self, record: &BootRecord) -> Stored<bool> {
        let (id, fingerprint) = (&record.device_id, &record.fingerprint);
        let touch = values![id, fingerprint, record.kind.as_str(), &record.user, record.time];
        Ok(self.on.execute(sql::TOUCH_BOOT, touch).await? > 0)
    }

    async fn put_boot(&mut self, record: &BootRecord) -> Stored<()> {
        self.write_boot(sql::PUT_BOOT, record).await
    }

    async fn boot(&mut self, device_id: &str) -> Stored<Option<BootRecord>> {
        self.on.optional(sql::BOOT, values![device_id], BOOT).await
    }

    async fn forget_boot(&mut self, device_id: &str) -> Stored<()> {
        self.on.execute(sql::FORGET_BOOT, values![device_id]).await?;
        self.forget_good_boot(device_id).await
    }

    async fn put_good_boot(&mut self, record: &BootRecord) -> Stored<()> {
        self.write_boot(sql::PUT_GOOD_BOOT, record).await
    }

    async fn good_boot(&mut self, device_id: &str) -> Stored<Option<BootRecord>> {
        self.on.optional(sql::GOOD_BOOT, values![device_id], BOOT).await
    }

    async fn has_good_boot(&mut self, device_id: &str) -> Stored<bool> {
        Ok(self
            .on
            .optional(sql::HAS_GOOD_BOOT, values![device_id], NUMBER)
            .await?
            .is_some_and(|count| count > 0))
    }

    async fn forget_good_boot(&mut self, device_id: &str) -> Stored<()> {
        self.on.execute(sql::FORGET_GOOD_BOOT, values![device_id]).await?;
        Ok(())
    }
}

impl<E: Executor> Unit<E> {
    async fn write_boot(&mut self, sql: &'static str, record: &BootRecord) -> Stored<()> {
        let platform = platform::encode(&record.platform)
            .ok_or_else(|| StoreError::Corrupt { what: "platform attestation (too long)".to_owned() })?;
        let values = values![
            &record.device_id,
            &record.fingerprint,
            record.kind.as_str(),
            &record.user,
            record.time,
            record.since,
            &platform,
            &record.platform.event_log,
        ];
        self.on.execute(sql, values).await?;
        Ok(())
    }
}
