use tokio::sync::{Semaphore, SemaphorePermit};

use super::AccountError;

/// Logins that are judged at once. An attempt counts as a failure until it turned out well: were a whole office
/// judged at once, whoever comes after the first few would be told of failures that nobody made.
const AT_ONCE: usize = 2;
/// How many may wait; further ones are turned away, so that a flood of guesses holds nobody up for long.
const WAITING: usize = 64;

/// Who is judged next: logins that arrive together are judged one after another.
pub(super) struct Turns {
    turns: Semaphore,
    places: Semaphore,
}

/// A login's turn, which lasts until its outcome is committed.
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
