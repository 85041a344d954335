//! Storage of what the pages about devices show and do beyond the ceremonies: how a device booted, what hangs on it, and
//! imports from files.

use async_trait::async_trait;
use gatehouse_model::{OsType, Timestamp};

use super::store::Stored;
use crate::authz::Attribution;
use crate::entity::{
    BootRecord, Device, DeviceImport, Evidence, ImportChunk, ImportProgress, ImportState, LineVerdict, Lock,
};

/// How devices booted last.
#[async_trait]
pub trait BootRows {
    /// Keeps the record in place of the device's last one; where the fingerprint is the same, only the time and who it
    /// was changes.
    async fn note_boot(&mut self, record: &BootRecord) -> Stored<()>;
    /// As [`BootRows::note_boot`] where the fingerprint is the same; false, and nothing is changed, where it is not.
    async fn touch_boot(&mut self, record: &BootRecord) -> Stored<bool>;
    /// Keeps the record in place of the device's last one.
    async fn put_boot(&mut self, record: &BootRecord) -> Stored<()>;
    async fn boot(&mut self, device_id: &str) -> Stored<Option<BootRecord>>;
    /// Forgets the good boot as well.
    async fn forget_boot(&mut self, device_id: &str) -> Stored<()>;

    /// Keeps a boot as the last good one of its device, in place of another.
    async fn put_good_boot(&mut self, record: &BootRecord) -> Stored<()>;
    /// The last good boot; none where the last boot is it.
    async fn good_boot(&mut self, device_id: &str) -> Stored<Option<BootRecord>>;
    /// Whether the last good boot is another than the last.
    async fn has_good_boot(&mut self, device_id: &str) -> Stored<bool>;
    /// From now on the last boot is the last good one.
    async fn forget_good_boot(&mut self, device_id: &str) -> Stored<()>;
}

/// What hangs on a device.
#[async_trait]
pub trait DeviceDetailRows {
    /// The device with the time since which the counters of its TPM are known to have gone back.
    async fn device_and_alarm(&mut self, id: &str) -> Stored<Option<(Device, Option<Timestamp>)>>;
    /// Locks on the device, newest first, also those that have expired.
    async fn locks_of_device(&mut self, device_id: &str) -> Stored<Vec<Lock>>;
    /// What the credential's last successful enrolment on the device was judged by.
    async fn evidence_of_credential(
        &mut self,
        device_id: &str,
        credential_id: &str,
    ) -> Stored<Option<Evidence>>;
    /// Those of the normalised tags that devices of this operating system have.
    async fn tags_in_use(&mut self, os_type: OsType, tags: &[String]) -> Stored<Vec<String>>;
}

/// Imports of devices from files.
#[async_trait]
pub trait ImportRows {
    async fn insert_import(&mut self, import: &DeviceImport) -> Stored<()>;
    async fn insert_import_chunk(&mut self, import_id: &str, chunk: &ImportChunk) -> Stored<()>;
    async fn import(&mut self, id: &str) -> Stored<Option<DeviceImport>>;
    /// Newest first.
    async fn imports_of_user(&mut self, user: &str, limit: i64) -> Stored<Vec<DeviceImport>>;
    async fn import_chunk(
        &mut self,
        import_id: &str,
        verdict: LineVerdict,
        place: i64,
    ) -> Stored<Option<ImportChunk>>;
    /// The first chunk of new devices that nobody has dealt with.
    async fn next_import_chunk(&mut self, import_id: &str) -> Stored<Option<ImportChunk>>;
    /// The import that has run longest.
    async fn running_import(&mut self) -> Stored<Option<DeviceImport>>;
    /// Turns a draft that has not expired into a running import; false if it is none.
    async fn start_import(
        &mut self,
        id: &str,
        by: &Attribution,
        now: Timestamp,
        expires: Timestamp,
    ) -> Stored<bool>;
    /// Replaces the lines of a chunk that nobody has dealt with; false if somebody has.
    async fn finish_import_chunk(&mut self, import_id: &str, chunk: &ImportChunk) -> Stored<bool>;
    /// Adds to the progress.
    async fn advance_import(&mut self, id: &str, by: ImportProgress) -> Stored<()>;
    /// Ends a running import; false if it was not running.
    async fn end_import(
        &mut self,
        id: &str,
        state: ImportState,
        error: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Stored<bool>;
    /// Deletes a draft of a user; false if there is none.
    async fn discard_import(&mut self, id: &str, user: &str) -> Stored<bool>;
    /// Deletes all drafts of a user.
    async fn discard_imports(&mut self, user: &str) -> Stored<()>;
    /// Deletes imports that expired before the moment and are not running.
    async fn purge_imports(&mut self, before: Timestamp) -> Stored<()>;
}
