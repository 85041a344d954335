use async_trait::async_trait;
use gatehouse_domain::entity::Digest;
use gatehouse_domain::ports::store::{Stored, WebRecordRows};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::TEXT;
use crate::executor::Executor;
use crate::sql::web_record as sql;
use crate::value::values;

#[async_trait]
impl<E: Executor> WebRecordRows for Unit<E> {
    async fn web_record(&mut self, hash: &Digest, now: Timestamp) -> Stored<Option<String>> {
        self.on.optional(sql::WEB_RECORD, values![hash, now], TEXT).await
    }

    async fn put_web_record(&mut self, hash: &Digest, data: &str, expires: Timestamp) -> Stored<()> {
        self.on.execute(sql::PUT_WEB_RECORD, values![hash, data, expires]).await?;
        Ok(())
    }

    async fn delete_web_record(&mut self, hash: &Digest) -> Stored<()> {
        self.on.execute(sql::DELETE_WEB_RECORD, values![hash]).await?;
        Ok(())
    }

    async fn purge_web_records(&mut self, before: Timestamp) -> Stored<()> {
        self.on.execute(sql::PURGE_WEB_RECORDS, values![before]).await?;
        Ok(())
    }
}
