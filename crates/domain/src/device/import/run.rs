//! A confirmed list becomes devices, one batch at a time: what is done is committed together with the devices, so that
//! an import goes on where it was when the server starts again, and nothing is done twice.

use gatehouse_model::{AssetTag, DeviceOrigin, ErrorKind};

use super::{ImportError, Imports, KEPT_SECS, own};
use crate::Decision;
use crate::audit::EventKind;
use crate::authz::{Attribution, CreateDevices, Grant};
use crate::device::{DeviceError, DeviceSpec};
use crate::entity::{
    DeviceImport, DeviceProfile, DeviceSource, ImportChunk, ImportLine, ImportProgress, ImportState,
};
use crate::ports::UnitOfWork;

impl Imports {
    /// Confirms a list: from now on its new devices are registered. False if it had been confirmed before.
    ///
    /// # Errors
    /// There is no such list any more.
    pub async fn start(
        &self,
        grant: &Grant<CreateDevices>,
        id: &str,
    ) -> Result<(DeviceImport, bool), ImportError> {
        let mut work = self.core.begin().await?;
        let before = own(work.as_mut(), grant, id).await?;
        let now = self.core.now();
        if !work.start_import(id, grant.by(), now, now.plus_secs(KEPT_SECS)).await? {
            return if before.state == ImportState::Draft {
                Err(ImportError::Expired)
            } else {
                Ok((before, false))
            };
        }
        let event =
            self.core.event(EventKind::DEVICE_IMPORT_START, grant.by()).about(id).with_details(
                serde_json::json!({"file": before.file_name, "devices": before.contents.fresh}),
            );
        work.append_event(&event).await?;
        let import = own(work.as_mut(), grant, id).await?;
        work.commit().await?;
        self.confirmed.notify_one();
        Ok((import, true))
    }

    /// Waits until a list is confirmed on this server.
    pub async fn confirmed(&self) {
        self.confirmed.notified().await;
    }

    /// Registers the next batch of the import that has run longest; false if there is nothing to do.
    ///
    /// # Errors
    /// Storage; asking again goes on.
    pub async fn run_batch(&self) -> Result<bool, ImportError> {
        let Some(import) = self.core.read().await?.running_import().await? else {
            return Ok(false);
        };
        let by = import.confirmed.clone().unwrap_or_default();
        match self.batch(&import, &by).await {
            Ok(()) => Ok(true),
            // Somebody registered one of the devices meanwhile: the next look finds it.
            Err(DeviceError::Raced { .. }) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Unavailable => Err(store_error(error)),
            Err(error) => {
                self.end(&import, &by, ImportState::Failed, error.code()).await?;
                Err(store_error(error))
            }
        }
    }

    async fn batch(&self, import: &DeviceImport, by: &Attribution) -> Result<(), DeviceError> {
        let mut work = self.core.begin().await?;
        let Some(mut chunk) = work.next_import_chunk(&import.id).await? else {
            drop(work);
            return Ok(self.end(import, by, ImportState::Done, "").await?);
        };
        let mut progress = ImportProgress::default();
        for line in &mut chunk.lines {
            progress.handled += 1;
            match self.register(work.as_mut(), by, line).await {
                Ok(id) => {
                    progress.registered += 1;
                    line.device_id = Some(id);
                }
                Err(DeviceError::Exists { .. }) => {
                    progress.appeared += 1;
                    "was registered by somebody else meanwhile".clone_into(&mut line.problem);
                }
                // A transaction that a database has given up cannot go on with the rest.
                Err(error @ (DeviceError::Store(_) | DeviceError::Raced { .. })) => return Err(error),
                Err(error) => {
                    progress.failed += 1;
                    line.problem = error.to_string();
                }
            }
        }
        let chunk = ImportChunk { done: Some(self.core.now()), ..chunk };
        if !work.finish_import_chunk(&import.id, &chunk).await? {
            // Another server was faster; what was done here is dropped.
            return Ok(());
        }
        work.advance_import(&import.id, progress).await?;
        Ok(work.commit().await?)
    }

    async fn register(
        &self,
        work: &mut dyn UnitOfWork,
        by: &Attribution,
        line: &ImportLine,
    ) -> Result<String, DeviceError> {
        let os = line.os.parse().map_err(|_| DeviceError::Immutable("os_type"))?;
        let mut spec = DeviceSpec::new(os, AssetTag::try_from(line.tag.as_str())?);
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        spec.owner = given(&line.owner);
        spec.source = given(&line.source).map(|name| DeviceSource { name, origin: DeviceOrigin::Api });
        spec.profile = given(&line.model)
            .map(|model_identifier| DeviceProfile { model_identifier, ..DeviceProfile::default() });
        Ok(self.inventory.insert(work, by, spec).await?.id)
    }

    async fn end(
        &self,
        import: &DeviceImport,
        by: &Attribution,
        state: ImportState,
        error: &str,
    ) -> Result<(), crate::ports::StoreError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        if !work.end_import(&import.id, state, error, now, now.plus_secs(KEPT_SECS)).await? {
            return Ok(());
        }
        let progress = work.import(&import.id).await?.map(|import| import.progress).unwrap_or_default();
        let mut event = self.core.event(EventKind::DEVICE_IMPORT, by).about(&*import.id).with_details(
            serde_json::json!({
                "file": import.file_name,
                "registered": progress.registered,
                "appeared": progress.appeared,
                "failed": progress.failed,
            }),
        );
        if state == ImportState::Failed {
            event = event.failed(EventKind::DEVICE_IMPORT, error, "the import was given up");
        }
        work.append_event(&event).await?;
        work.commit().await
    }
}

fn store_error(error: DeviceError) -> ImportError {
    match error {
        DeviceError::Store(error) => ImportError::Store(error),
        DeviceError::Authz(error) => ImportError::Authz(error),
        _ => ImportError::NotFound,
    }
}
