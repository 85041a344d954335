//! Whether anything happens on a connection: one that only takes up a place is closed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

/// From the handshake to the first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// From the end of a request to the next one.
const IDLE: Duration = Duration::from_secs(300);

/// The requests of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    open: AtomicUsize,
    /// When the connection is idle for too long, unless something happens.
    deadline: Mutex<Instant>,
}

/// A request that is being answered.
pub(super) struct Busy(Arc<Activity>);

impl Activity {
    pub(super) fn new() -> Self {
        Self { open: AtomicUsize::new(0), deadline: Mutex::new(Instant::now() + FIRST_REQUEST) }
    }

    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.open.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Returns when nothing has happened for too long.
    pub(super) async fn idle(&self) {
        loop {
            let deadline = self.deadline();
            if self.open.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(IDLE).await;
            } else if Instant::now() >= deadline {
                return;
            } else {
                tokio::time::sleep_until(deadline).await;
            }
        }
    }

    fn deadline(&self) -> Instant {
        *self.deadline.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.deadline.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now() + IDLE;
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_ends_soon_and_an_idle_one_later() {
        let started = Instant::now();
        Activity::new().idle().await;
        assert_eq!(started.elapsed(), FIRST_REQUEST);

        let activity = Arc::new(Activity::new());
        let busy = activity.begin();
        let started = Instant::now();
        assert!(tokio::time::timeout(IDLE * 3, activity.idle()).await.is_err(), "it is busy");
        drop(busy);
        activity.idle().await;
        assert!(started.elapsed() >= IDLE * 4);
    }
}
