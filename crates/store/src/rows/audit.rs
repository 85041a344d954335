use async_trait::async_trait;
use gatehouse_domain::entity::{AuditEvent, AuditFilter, StoredEvent};
use gatehouse_domain::ports::store::{AuditRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Decode, NUMBER, to_json};
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

/// The part of the log that is asked for, its ends left out: times and sequence numbers.
struct Place {
    before: (i64, i64),
    after: (i64, i64),
}

impl<E: Executor> Unit<E> {
    /// `None` for what lies beyond the end of the log.
    async fn place_in_log(&mut self, filter: &AuditFilter) -> Stored<Option<Place>> {
        let mut place = Place {
            before: filter.until.map_or((i64::MAX, i64::MAX), |until| (until.micros(), i64::MIN)),
            after: filter.since.map_or((i64::MIN, i64::MIN), |since| (since.micros(), i64::MIN)),
        };
        if let Some(sequence) = filter.before {
            // An event that is gone was among the oldest: nothing is older.
            let Some(time) = self.on.optional(sql::PLACE_OF_EVENT, values![sequence], NUMBER).await? else {
                return Ok(None);
            };
            place.before = place.before.min((time, sequence));
        }
        if let Some(sequence) = filter.after
            && let Some(time) = self.on.optional(sql::PLACE_OF_EVENT, values![sequence], NUMBER).await?
        {
            place.after = place.after.max((time, sequence));
        }
        Ok(Some(place))
    }
}

/// The statement whose index leaves the fewest events to look at.
fn statement(filter: &AuditFilter, oldest_first: bool) -> &'static str {
    let AuditFilter { event, user, device_id, target, request_id, success, .. } = filter;
    let failed = *success == Some(false);
    let (newest_first, oldest) = match (user, event) {
        _ if request_id.is_some() => (sql::EVENTS_OF_REQUEST, sql::NEXT_EVENTS_OF_REQUEST),
        _ if target.is_some() => (sql::EVENTS_ABOUT, sql::NEXT_EVENTS_ABOUT),
        _ if device_id.is_some() => (sql::EVENTS_OF_DEVICE, sql::NEXT_EVENTS_OF_DEVICE),
        (Some(_), _) if failed => (sql::EVENTS_FAILED_OF_USER, sql::NEXT_EVENTS_FAILED_OF_USER),
        (Some(_), Some(_)) => (sql::EVENTS_OF_USER_NAMED, sql::NEXT_EVENTS_OF_USER_NAMED),
        (Some(_), None) => (sql::EVENTS_OF_USER, sql::NEXT_EVENTS_OF_USER),
        (None, Some(_)) if failed => (sql::EVENTS_FAILED_NAMED, sql::NEXT_EVENTS_FAILED_NAMED),
        (None, Some(_)) => (sql::EVENTS_NAMED, sql::NEXT_EVENTS_NAMED),
        (None, None) if failed => (sql::EVENTS_FAILED, sql::NEXT_EVENTS_FAILED),
        (None, None) => (sql::EVENTS, sql::NEXT_EVENTS),
    };
    if oldest_first { oldest } else { newest_first }
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
            unless_empty(&event.target),
            unless_empty(&event.request_id),
        ];
        self.on.change(sql::APPEND_EVENT, values).await?;
        let is_ceremony = matches!(event.event.as_str(), "device.enroll" | "device.authenticate");
        if is_ceremony && (!event.success || event.event == "device.enroll") {
            self.touched.happened(&event.event, event.time, &event.reason);
        }
        self.told.note(event);
        Ok(())
    }

    async fn events(&mut self, filter: &AuditFilter, limit: i64) -> Stored<Vec<StoredEvent>> {
        self.on.takes_long();
        let Some(place) = self.place_in_log(filter).await? else { return Ok(Vec::new()) };
        let oldest_first = filter.after.is_some();
        let values = values![
            place.before.0,
            place.before.1,
            place.after.0,
            place.after.1,
            limit,
            filter.event.as_deref(),
            filter.user.as_deref(),
            filter.device_id.as_deref(),
            filter.target.as_deref(),
            filter.request_id.as_deref(),
            filter.success.map(i64::from),
        ];
        let mut events = self.on.all(statement(filter, oldest_first), values, EVENT).await?;
        if oldest_first {
            events.reverse();
        }
        Ok(events)
    }

    async fn event(&mut self, uid: &str) -> Stored<Option<StoredEvent>> {
        self.on.optional(sql::EVENT, values![uid], EVENT).await
    }

    async fn time_of_oldest_event(&mut self) -> Stored<Option<Timestamp>> {
        let time = self.on.optional(sql::TIME_OF_OLDEST_EVENT, values![], NUMBER).await?;
        Ok(time.map(Timestamp::from_micros))
    }

    async fn purge_events(&mut self, before: Timestamp) -> Stored<i64> {
        self.on.takes_long();
        self.on.execute(sql::PURGE_EVENTS, values![before]).await
    }
}
