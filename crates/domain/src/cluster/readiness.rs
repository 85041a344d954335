use std::sync::Arc;

use gatehouse_model::Timestamp;
use tokio::sync::Mutex;

use crate::Core;
use crate::ports::StoreError;

/// Key of the last moment at which a check wrote, among the cluster's values.
const CHECKED: &str = "readiness_checked";
/// How long an answer holds, in seconds: anybody may ask, and each check waits for the disk.
const HOLDS_SECS: i64 = 5;

/// Whether this server can do its work, which takes a database that can be written to.
pub struct Readiness {
    core: Arc<Core>,
    last: Mutex<Option<(Timestamp, bool)>>,
}

impl Readiness {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, last: Mutex::default() }
    }

    /// Whether a write that has to be kept was kept just now; whoever asks soon after gets the same answer.
    ///
    /// # Errors
    /// Why it was not kept, once for each time that it was tried.
    pub async fn check(&self) -> Result<bool, StoreError> {
        let mut last = self.last.lock().await;
        let now = self.core.now();
        if let Some((checked, ready)) = *last
            && (0..HOLDS_SECS).contains(&now.secs_since(checked))
        {
            return Ok(ready);
        }
        let written = self.write(now).await;
        *last = Some((now, written.is_ok()));
        written.map(|()| true)
    }

    async fn write(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut work = self.core.begin().await?;
        work.put_cluster_value(CHECKED, &now.to_string()).await?;
        work.commit().await
    }
}
