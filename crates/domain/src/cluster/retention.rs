use std::sync::Arc;

use crate::Core;
use crate::account::pending_row_of;
use crate::entity::SecretPurpose;
use crate::ports::StoreError;

/// How long evidence and audit events are kept, in days.
pub const RETENTION_DAYS: i64 = 400;
/// How long tokens are listed after their end, in days.
const SPENT_TOKEN_DAYS: i64 = 30;
const DAY: i64 = 86_400;
/// How much of the log one sweep may delete, in seconds from its oldest event on. Sweeps come hourly, so they keep up with
/// a clock that is right; one that is wrong for an hour costs hours of the log and not all of it.
const AT_MOST_SECS: i64 = 4 * 3600;

/// Deletes what has passed its time.
pub struct Retention {
    core: Arc<Core>,
}

impl Retention {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Deletes evidence and events older than [`RETENTION_DAYS`], sessions, links and tokens some time after
    /// their end, throttles that no longer throttle, and the keys of forms that were sent; to be called hourly. Answers with how many events and
    /// pieces of evidence went.
    ///
    /// # Errors
    /// Storage.
    pub async fn sweep(&self) -> Result<(i64, i64), StoreError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        let passed = now.plus_secs(-RETENTION_DAYS * DAY);
        let oldest = work.time_of_oldest_event().await?;
        let horizon = oldest.map_or(passed, |oldest| passed.min(oldest.plus_secs(AT_MOST_SECS)));
        let events = work.purge_events(horizon).await?;
        let evidence = work.purge_evidence(horizon).await?;
        work.expire_reviews(now).await?;
        work.purge_reviews(horizon).await?;
        work.purge_imports(now).await?;
        work.purge_sessions(now.plus_secs(-DAY)).await?;
        work.purge_enroll_tokens(now.plus_secs(-SPENT_TOKEN_DAYS * DAY)).await?;
        for hash in work.purge_links(now.plus_secs(-DAY)).await? {
            work.delete_sealed_secret(SecretPurpose::Totp, &pending_row_of(&hash)).await?;
        }
        work.purge_web_records(now).await?;
        work.purge_cli_logins(now.plus_secs(-DAY)).await?;
        work.purge_web_attempts(now.plus_secs(-DAY)).await?;
        work.purge_throttles(now.plus_secs(-DAY)).await?;
        work.purge_passkey_ceremonies(now).await?;
        work.purge_pending_sign_ins(now).await?;
        work.purge_offered_secrets().await?;
        work.purge_form_keys(now.plus_secs(-DAY)).await?;
        work.commit().await?;
        Ok((events, evidence))
    }
}
