use async_trait::async_trait;
use gatehouse_domain::authz::Attribution;
use gatehouse_domain::entity::{DeviceImport, ImportChunk, ImportProgress, ImportState, LineVerdict};
use gatehouse_domain::ports::device_pages::ImportRows;
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Decode, to_json};
use crate::executor::Executor;
use crate::sql::import as sql;
use crate::value::values;

const IMPORT: Decode<DeviceImport> = Decode {
    entity: "import",
    read: |columns| {
        Ok(DeviceImport {
            id: columns.text()?,
            user: columns.text()?,
            file_name: columns.text()?,
            state: columns.one_of(&ImportState::ALL, ImportState::as_str)?,
            created: columns.time()?,
            expires: columns.time()?,
            started: columns.maybe_time()?,
            finished: columns.maybe_time()?,
            confirmed: columns.maybe_json()?,
            contents: columns.json()?,
            progress: ImportProgress {
                handled: columns.int()?,
                registered: columns.int()?,
                appeared: columns.int()?,
                failed: columns.int()?,
            },
            error: columns.text()?,
        })
    },
};

const CHUNK: Decode<ImportChunk> = Decode {
    entity: "chunk of an import",
    read: |columns| {
        Ok(ImportChunk {
            verdict: columns.one_of(&LineVerdict::ALL, LineVerdict::as_str)?,
            place: columns.int()?,
            lines: columns.json()?,
            done: columns.maybe_time()?,
        })
    },
};

#[async_trait]
impl<E: Executor> ImportRows for Unit<E> {
    async fn insert_import(&mut self, import: &DeviceImport) -> Stored<()> {
        let confirmed = import.confirmed.as_ref().map(to_json).transpose()?;
        let contents = to_json(&import.contents)?;
        let values = values![
            &import.id,
            &import.user,
            &import.file_name,
            import.state.as_str(),
            import.created,
            import.expires,
            import.started,
            import.finished,
            confirmed.as_deref(),
            &contents,
            import.progress.handled,
            import.progress.registered,
            import.progress.appeared,
            import.progress.failed,
            &import.error,
        ];
        self.on.execute(sql::INSERT_IMPORT, values).await?;
        Ok(())
    }

    async fn insert_import_chunk(&mut self, import_id: &str, chunk: &ImportChunk) -> Stored<()> {
        self.on.takes_long();
        let lines = to_json(&chunk.lines)?;
        let values = values![import_id, chunk.verdict.as_str(), chunk.place, &lines, chunk.done];
        self.on.execute(sql::INSERT_IMPORT_CHUNK, values).await?;
        Ok(())
    }

    async fn import(&mut self, id: &str) -> Stored<Option<DeviceImport>> {
        self.on.optional(sql::IMPORT, values![id], IMPORT).await
    }

    async fn imports_of_user(&mut self, user: &str, limit: i64) -> Stored<Vec<DeviceImport>> {
        self.on.all(sql::IMPORTS_OF_USER, values![user, limit], IMPORT).await
    }

    async fn import_chunk(
        &mut self,
        import_id: &str,
        verdict: LineVerdict,
        place: i64,
    ) -> Stored<Option<ImportChunk>> {
        self.on.optional(sql::IMPORT_CHUNK, values![import_id, verdict.as_str(), place], CHUNK).await
    }

    async fn next_import_chunk(&mut self, import_id: &str) -> Stored<Option<ImportChunk>> {
        let values = values![import_id, LineVerdict::Fresh.as_str()];
        self.on.optional(sql::NEXT_IMPORT_CHUNK, values, CHUNK).await
    }

    async fn running_import(&mut self) -> Stored<Option<DeviceImport>> {
        self.on.optional(sql::RUNNING_IMPORT, values![], IMPORT).await
    }

    async fn start_import(
        &mut self,
        id: &str,
        by: &Attribution,
        now: Timestamp,
        expires: Timestamp,
    ) -> Stored<bool> {
        let by = to_json(by)?;
        Ok(self.on.execute(sql::START_IMPORT, values![id, &by, now, expires]).await? > 0)
    }

    async fn finish_import_chunk(&mut self, import_id: &str, chunk: &ImportChunk) -> Stored<bool> {
        let lines = to_json(&chunk.lines)?;
        let values = values![import_id, chunk.verdict.as_str(), chunk.place, &lines, chunk.done];
        Ok(self.on.execute(sql::FINISH_IMPORT_CHUNK, values).await? > 0)
    }

    async fn advance_import(&mut self, id: &str, by: ImportProgress) -> Stored<()> {
        let values = values![id, by.handled, by.registered, by.appeared, by.failed];
        self.on.execute(sql::ADVANCE_IMPORT, values).await?;
        Ok(())
    }

    async fn end_import(
        &mut self,
        id: &str,
        state: ImportState,
        error: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Stored<bool> {
        let values = values![id, state.as_str(), error, now, expires];
        Ok(self.on.execute(sql::END_IMPORT, values).await? > 0)
    }

    async fn discard_import(&mut self, id: &str, user: &str) -> Stored<bool> {
        Ok(self.on.execute(sql::DISCARD_IMPORT, values![id, user]).await? > 0)
    }

    async fn discard_imports(&mut self, user: &str) -> Stored<()> {
        self.on.execute(sql::DISCARD_IMPORTS, values![user]).await?;
        Ok(())
    }

    async fn purge_imports(&mut self, before: Timestamp) -> Stored<()> {
        self.on.execute(sql::PURGE_IMPORTS, values![before]).await?;
        Ok(())
    }
}
