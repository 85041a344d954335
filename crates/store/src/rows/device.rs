use async_trait::async_trait;
use gatehouse_domain::entity::{CollectedRecord, Device, DeviceCursor, DeviceSource, RecordKind};
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::{DeviceRows, Stored};
use gatehouse_model::{AssetTag, DeviceOrigin, EnrollStatus, OsType, Timestamp};

use super::Unit;
use crate::decode::{Columns, Decode, TEXT, to_json};
use crate::executor::Executor;
use crate::sql::device as sql;
use crate::value::values;

pub(super) const RECORD_KINDS: [RecordKind; 2] = [RecordKind::Enroll, RecordKind::Authenticate];
const ENROLLED: i64 = EnrollStatus::Enrolled as i64;

pub(super) const DEVICE: Decode<Device> = Decode {
    entity: "device",
    read: |columns| {
        Ok(Device {
            id: columns.text()?,
            os_type: columns.os()?,
            asset_tag: asset_tag(columns)?,
            created: columns.time()?,
            updated: columns.time()?,
            enroll_status: columns.numbered(enroll_status)?,
            owner: columns.maybe_text()?,
            source: source(columns)?,
            profile: columns.maybe_json()?,
            anchor: columns.maybe_digest()?,
            last_authenticated: columns.maybe_time()?,
        })
    },
};

pub(super) const DEVICE_AND_ALARM: Decode<(Device, Option<Timestamp>)> =
    Decode { entity: "device", read: |columns| Ok(((DEVICE.read)(columns)?, columns.maybe_time()?)) };

const COUNTS: Decode<(i64, i64)> =
    Decode { entity: "count", read: |columns| Ok((columns.int()?, columns.int()?)) };

const RECORD: Decode<CollectedRecord> = Decode {
    entity: "collected record",
    read: |columns| {
        Ok(CollectedRecord {
            kind: columns.one_of(&RECORD_KINDS, RecordKind::as_str)?,
            data: columns.json()?,
        })
    },
};

pub(super) fn asset_tag(columns: &mut dyn Columns) -> Stored<AssetTag> {
    Ok(AssetTag::from_stored(columns.text()?))
}

pub(super) fn enroll_status(number: i32) -> Option<EnrollStatus> {
    [EnrollStatus::NotEnrolled, EnrollStatus::Enrolled].into_iter().find(|status| *status as i32 == number)
}

/// Two columns, set together or not at all.
fn source(columns: &mut dyn Columns) -> Stored<Option<DeviceSource>> {
    match (columns.maybe_text()?, columns.maybe_text()?) {
        (None, None) => Ok(None),
        (Some(name), Some(origin)) => {
            let origin: DeviceOrigin = origin.parse().map_err(|_| columns.corrupt())?;
            Ok(Some(DeviceSource { name, origin }))
        }
        _ => Err(columns.corrupt()),
    }
}

/// The first page comes after what no device has: an empty tag.
fn place(after: Option<&DeviceCursor>) -> (&str, i64, &str) {
    after.map_or(("", 0, ""), |cursor| (&cursor.tag, i64::from(cursor.os), &cursor.id))
}

#[async_trait]
impl<E: Executor> DeviceRows for Unit<E> {
    async fn insert_device(&mut self, device: &Device) -> Stored<()> {
        let tag = device.asset_tag.normalised();
        let profile = device.profile.as_ref().map(to_json).transpose()?;
        let values = values![
            &device.id,
            device.os_type,
            device.asset_tag.as_str(),
            device.created,
            device.updated,
            device.enroll_status as i64,
            device.owner.as_deref(),
            device.source.as_ref().map(|source| source.name.as_str()),
            device.source.as_ref().map(|source| source.origin.as_str()),
            profile.as_deref(),
            device.anchor.as_ref(),
            device.last_authenticated,
            &tag,
        ];
        self.on.execute(sql::INSERT_DEVICE, values).await?;
        self.touched.device(&device.id);
        Ok(())
    }

    async fn device(&mut self, id: &str) -> Stored<Option<Device>> {
        self.on.optional(sql::DEVICE, values![id], DEVICE).await
    }

    async fn device_for_update(&mut self, id: &str) -> Stored<Option<Device>> {
        self.on.optional(E::DIALECT.device_for_update, values![id], DEVICE).await
    }

    async fn device_and_alarm_for_update(&mut self, id: &str) -> Stored<Option<(Device, Option<Timestamp>)>> {
        self.on.optional(E::DIALECT.device_for_update, values![id], DEVICE_AND_ALARM).await
    }

    async fn device_by_tag(&mut self, os_type: OsType, normalised_tag: &str) -> Stored<Option<Device>> {
        self.on.optional(sql::DEVICE_BY_TAG, values![os_type, normalised_tag], DEVICE).await
    }

    async fn update_device(&mut self, device: &Device) -> Stored<bool> {
        let tag = device.asset_tag.normalised();
        let profile = device.profile.as_ref().map(to_json).transpose()?;
        let values = values![
            &device.id,
            device.os_type,
            device.asset_tag.as_str(),
            &tag,
            device.updated,
            device.enroll_status as i64,
            device.owner.as_deref(),
            device.source.as_ref().map(|source| source.name.as_str()),
            device.source.as_ref().map(|source| source.origin.as_str()),
            profile.as_deref(),
            device.anchor.as_ref(),
            device.last_authenticated,
        ];
        self.touched.device(&device.id);
        Ok(self.on.execute(sql::UPDATE_DEVICE, values).await? > 0)
    }

    async fn delete_device(&mut self, id: &str) -> Stored<bool> {
        self.unlist(id).await?;
        Ok(self.on.execute(sql::DELETE_DEVICE, values![id]).await? > 0)
    }

    async fn devices_by_id_or_tag(
        &mut self,
        id_or_tag: &str,
        normalised_tag: &str,
        limit: i64,
    ) -> Stored<Vec<Device>> {
        self.on.all(sql::DEVICES_BY_ID_OR_TAG, values![id_or_tag, normalised_tag, limit], DEVICE).await
    }

    async fn devices(&mut self, after: Option<&DeviceCursor>, limit: i64) -> Stored<Vec<Device>> {
        let (tag, os, id) = place(after);
        self.on.all(sql::DEVICES, values![tag, os, id, limit], DEVICE).await
    }

    async fn devices_of_user(
        &mut self,
        user: &str,
        after: Option<&DeviceCursor>,
        limit: i64,
    ) -> Stored<Vec<Device>> {
        let (tag, os, id) = place(after);
        self.on.all(sql::DEVICES_OF_USER, values![tag, os, id, limit, user], DEVICE).await
    }

    async fn set_counter_alarm(&mut self, device_id: &str, since: Option<Timestamp>) -> Stored<()> {
        self.on.change(sql::SET_COUNTER_ALARM, values![device_id, since]).await
    }

    async fn user_has_enrolled_device(&mut self, user: &str) -> Stored<bool> {
        let values = values![user, ENROLLED];
        Ok(self.on.optional(sql::USER_HAS_ENROLLED_DEVICE, values, TEXT).await?.is_some())
    }

    async fn user_has_unlocked_device(&mut self, user: &str, steady: bool, now: Timestamp) -> Stored<bool> {
        let statement = if steady { sql::USER_HAS_STEADY_DEVICE } else { sql::USER_HAS_UNLOCKED_DEVICE };
        Ok(self.on.optional(statement, values![user, ENROLLED, now], TEXT).await?.is_some())
    }

    async fn count_devices(&mut self) -> Stored<(i64, i64)> {
        Ok(self.on.optional(sql::COUNT_DEVICES, values![ENROLLED], COUNTS).await?.unwrap_or_default())
    }

    async fn add_device_user(&mut self, device_id: &str, user: &str, now: Timestamp) -> Stored<()> {
        self.touched.device(device_id);
        self.on.change(sql::ADD_DEVICE_USER, values![device_id, user, now]).await
    }

    async fn is_device_user(&mut self, device_id: &str, user: &str) -> Stored<bool> {
        Ok(self.on.optional(sql::IS_DEVICE_USER, values![device_id, user], TEXT).await?.is_some())
    }

    async fn device_users(&mut self, device_id: &str) -> Stored<Vec<String>> {
        self.on.all(sql::DEVICE_USERS, values![device_id], TEXT).await
    }

    async fn clear_device_users(&mut self, device_id: &str) -> Stored<()> {
        self.touched.device(device_id);
        self.on.change(sql::CLEAR_DEVICE_USERS, values![device_id]).await
    }

    async fn add_collected(&mut self, device_id: &str, record: &CollectedRecord) -> Stored<()> {
        let Some(recorded) = record.data.record_time else {
            return Err(StoreError::Corrupt { what: "collected record (it has no record time)".to_owned() });
        };
        let data = to_json(&record.data)?;
        let values = values![device_id, record.kind.as_str(), recorded, &data];
        self.touched.device(device_id);
        self.on.change(sql::ADD_COLLECTED, values).await
    }

    async fn collected(&mut self, device_id: &str) -> Stored<Vec<CollectedRecord>> {
        self.on.all(sql::COLLECTED, values![device_id], RECORD).await
    }

    async fn trim_collected(&mut self, device_id: &str, keep: i64) -> Stored<()> {
        let values = values![device_id, RecordKind::Authenticate.as_str(), keep];
        self.on.change(sql::TRIM_COLLECTED, values).await
    }
}
