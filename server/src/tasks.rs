//! What the server does by itself, beside answering.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::Services;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// So late may a device turn stale.
const KEEP_UP_EVERY: Duration = Duration::from_secs(60);
/// Between two looks for imports that were confirmed elsewhere.
const IDLE: Duration = Duration::from_secs(30);
/// After a failure.
const RETRY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Starts the tasks; they end after `stop`.
pub(crate) fn start(services: &Arc<Services>, stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(sweep(Arc::clone(services), stop.clone()));
    tasks.spawn(keep_up(Arc::clone(services), stop.clone()));
    tasks.spawn(import(Arc::clone(services), stop.clone()));
    tasks.spawn(judge(Arc::clone(services), stop.clone()));
    tasks.close();
    tasks
}

/// Carries out the imports that were confirmed, also those that a stop or a crash interrupted.
async fn import(services: Arc<Services>, stop: CancellationToken) {
    loop {
        let pause = match services.imports.run_batch().await {
            Ok(true) => Duration::ZERO,
            // Another server over the same database may have been told.
            Ok(false) => IDLE,
            Err(error) => {
                tracing::error!(%error, "a batch of an import failed");
                RETRY
            }
        };
        if pause.is_zero() && !stop.is_cancelled() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = services.imports.confirmed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Judges the EKs of all devices anew when the CAs that are allowed have changed, and once a day.
async fn judge(services: Arc<Services>, stop: CancellationToken) {
    loop {
        let pause = match services.ek_cas.judge_some().await {
            Ok(true) => Duration::ZERO,
            // They may have been changed by another server over the same database.
            Ok(false) => IDLE,
            Err(error) => {
                tracing::error!(%error, "EK certificates could not be judged anew");
                RETRY
            }
        };
        if pause.is_zero() && !stop.is_cancelled() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = services.ek_cas.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
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
