use async_trait::async_trait;
use gatehouse_domain::entity::{AuditEvent, AuditFilter, StoredEvent};
use gatehouse_domain::ports::store::{AuditRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Decode, to_json};
use crate::executor::Executor;
use crate::sql::audit as sql;
use crate::value::values;

const EVENT: Decode<StoredEvent> = Decode {
    entity: "audit event",
    read: |columns| Ok(StoredEvent { sequence: columns.int()?, event: columns.json()? }),
};

/// What is empty is not stored, so that it takes no room in the index.
fn unless_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[async_trait]
impl<E: Executor> AuditRows for Unit<E> {
    async fn append_event(&mut self, event: &AuditEvent) -> Stored<()> {
        let body = to_json(event)?;
        let device = event.device.as_ref().or(event.trusted_device.as_ref());
        let values = values![
            &event.uid,
            event.time,
            &event.event,
            &event.code,
            unless_empty(&event.user),
            device.and_then(|device| unless_empty(&device.device_id)),
            event.success,
            &body,
        ];
        self.0.later(sql::APPEND_EVENT, values).await
    }

    async fn events(&mut self, filter: &AuditFilter, limit: i64) -> Stored<Vec<StoredEvent>> {
        let before = filter.before.unwrap_or(i64::MAX);
        let (device, user, name) =
            (filter.device_id.as_deref(), filter.user.as_deref(), filter.event.as_deref());
        match (device, user, name) {
            (Some(device), user, name) => {
                let values = values![before, limit, device, user, name];
                self.0.all(sql::EVENTS_OF_DEVICE, values, EVENT).await
            }
            (None, Some(user), name) => {
                self.0.all(sql::EVENTS_OF_USER, values![before, limit, user, name], EVENT).await
            }
            (None, None, Some(name)) => {
                self.0.all(sql::EVENTS_NAMED, values![before, limit, name], EVENT).await
            }
            (None, None, None) => self.0.all(sql::EVENTS, values![before, limit], EVENT).await,
        }
    }

    async fn purge_events(&mut self, before: Timestamp) -> Stored<i64> {
        self.0.execute(sql::PURGE_EVENTS, values![before]).await
    }
}
