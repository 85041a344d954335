use tokio::sync::{Semaphore, SemaphorePermit};

use super::AccountError;

/// How many have their turn at once.
const AT_ONCE: usize = 2;
/// How many may wait; further ones are turned away, so that a flood of guesses holds nobody up for long.
const WAITING: usize = 64;

/// What comes together is done one after another. Passwords: each hash takes 19 MiB. Logins: an attempt counts as a failure
/// until it turned out well, and were a whole office judged at once, whoever comes after the first few would be told of
/// failures that nobody made.
pub(super) struct Turns {
    turns: Semaphore,
    places: Semaphore,
}

/// A turn, which lasts until this is dropped: of a login, until its outcome is committed.
pub(super) struct Turn<'a>(#[expect(dead_code, reason = "held until it is dropped")] SemaphorePermit<'a>);

impl Turns {
    pub(super) fn new() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), places: Semaphore::new(WAITING) }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self) -> Result<Turn<'_>, AccountError> {
        let _place = self.places.try_acquire().map_err(|_| AccountError::Busy)?;
        // Turns are never closed.
        Ok(Turn(self.turns.acquire().await.map_err(|_| AccountError::Busy)?))
    }
}
