use async_trait::async_trait;
use gatehouse_domain::entity::{Device, Evidence, Lock, RecordKind};
use gatehouse_domain::ports::device_pages::DeviceDetailRows;
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::{OsType, Timestamp};

use super::Unit;
use super::device::DEVICE_AND_ALARM;
use super::evidence::EVIDENCE;
use super::lock::LOCK;
use crate::decode::TEXT;
use crate::executor::Executor;
use crate::sql::{device, device_detail as sql};
use crate::value::{Value, values};

#[async_trait]
impl<E: Executor> DeviceDetailRows for Unit<E> {
    async fn device_and_alarm(&mut self, id: &str) -> Stored<Option<(Device, Option<Timestamp>)>> {
        self.on.optional(device::DEVICE_HELD, values![id], DEVICE_AND_ALARM).await
    }

    async fn locks_of_device(&mut self, device_id: &str) -> Stored<Vec<Lock>> {
        self.on.all(sql::LOCKS_OF_DEVICE, values![device_id], LOCK).await
    }

    async fn evidence_of_credential(
        &mut self,
        device_id: &str,
        credential_id: &str,
    ) -> Stored<Option<Evidence>> {
        let values = values![device_id, credential_id, RecordKind::Enroll.as_str(), "success"];
        self.on.optional(sql::EVIDENCE_OF_CREDENTIAL, values, EVIDENCE).await
    }

    async fn tags_in_use(&mut self, os_type: OsType, tags: &[String]) -> Stored<Vec<String>> {
        let mut found = Vec::new();
        for some in tags.chunks(sql::TAGS_AT_ONCE) {
            let mut values = vec![Value::from(os_type)];
            values.extend(some.iter().map(Value::from));
            // What is missing is null, which equals nothing.
            values.resize(1 + sql::TAGS_AT_ONCE, Value::Text(None));
            found.extend(self.on.all(sql::TAGS_IN_USE, &values, TEXT).await?);
        }
        Ok(found)
    }
}
