use std::sync::Arc;

use crate::ports::StoreError;
use crate::{Core, SecretToken};

/// What a visit remembers between two requests: flash messages. Its records are whole blobs of which the last one
/// written wins, so nothing that decides anything is kept here: user, device, trust and limits are the session's row.
pub struct WebRecords {
    core: Arc<Core>,
}

/// Largest record, in bytes.
pub const MAX_RECORD_BYTES: usize = 4096;
/// Life of a record after it was last written, in seconds.
const RECORD_SECS: i64 = 24 * 3600;

/// A record cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum WebRecordError {
    #[error("the record of a visit is longer than {MAX_RECORD_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WebRecords {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// An id for a visit of nobody yet.
    #[must_use]
    pub fn new_id(&self) -> SecretToken {
        SecretToken::generate_cookie(self.core.random.as_ref())
    }

    /// The record of a cookie, if there is one.
    ///
    /// # Errors
    /// Storage.
    pub async fn load(&self, cookie: &SecretToken) -> Result<Option<String>, StoreError> {
        self.core.read().await?.web_record(&cookie.hash(), self.core.now()).await
    }

    /// Keeps a record, replacing the one before.
    ///
    /// # Errors
    /// It is too large; storage.
    pub async fn put(&self, cookie: &SecretToken, data: &str) -> Result<(), WebRecordError> {
        if data.len() > MAX_RECORD_BYTES {
            return Err(WebRecordError::TooLarge);
        }
        let expires = self.core.now().plus_secs(RECORD_SECS);
        let mut work = self.core.begin().await?;
        work.put_web_record(&cookie.hash(), data, expires).await?;
        Ok(work.commit().await?)
    }

    /// Forgets a record.
    ///
    /// # Errors
    /// Storage.
    pub async fn delete(&self, cookie: &SecretToken) -> Result<(), StoreError> {
        let mut work = self.core.begin().await?;
        work.delete_web_record(&cookie.hash()).await?;
        work.commit().await
    }
}
