//! What the server does by itself, beside answering.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::Services;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// So late may a device turn stale.
const KEEP_UP_EVERY: Duration = Duration::from_secs(60);
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Starts the tasks; they end after `stop`.
pub(crate) fn start(services: &Arc<Services>, stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(sweep(Arc::clone(services), stop.clone()));
    tasks.spawn(keep_up(Arc::clone(services), stop.clone()));
    tasks.close();
    tasks
}

/// Deletes what has passed its retention, now and then.
async fn sweep(services: Arc<Services>, stop: CancellationToken) {
    let mut hourly = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hourly.tick() => {}
        }
        match services.retention.sweep().await {
            Ok((0, 0)) => {}
            Ok((events, evidence)) => {
                tracing::info!(events, evidence, "deleted what has passed its retention")
            }
            Err(error) => tracing::error!(%error, "cannot delete what has passed its retention"),
        }
    }
}

/// Keeps the inventory's list up with the time.
async fn keep_up(services: Arc<Services>, stop: CancellationToken) {
    let mut often = tokio::time::interval(KEEP_UP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = often.tick() => {}
        }
        if let Err(error) = services.devices.keep_up().await {
            tracing::error!(%error, "cannot keep the inventory's list up with the time");
        }
    }
}
