//! What time does to the inventory's list, and the totals that are kept of each day.

use super::Inventory;
use crate::entity::DailyCount;
use crate::ports::StoreError;
use gatehouse_model::EnrollStatus;

/// Devices that one unit of work looks after, so that nobody waits for it long.
const AT_ONCE: i64 = 500;
/// The kind of the daily totals of enrolled devices; with the names of events, the kinds that are counted.
pub(super) const ENROLLED_DEVICES: &str = "devices.enrolled";

impl Inventory {
    /// Notes which devices have turned stale, which locks have ended, and how many devices are enrolled today. To be called
    /// now and then: a device shows as stale and leaves the list of the locked devices' cell by it. (Whether a device is
    /// locked does not wait for it.)
    ///
    /// # Errors
    /// Storage.
    pub async fn keep_up(&self) -> Result<(), StoreError> {
        let now = self.core.now();
        loop {
            let mut work = self.core.begin().await?;
            let stale = work.turn_stale(now, AT_ONCE).await?;
            let ended = work.forget_ended_locks(now, AT_ONCE).await?;
            if stale + ended > 0 {
                work.commit().await?;
            }
            if stale.max(ended) < AT_ONCE {
                break;
            }
        }
        let mut work = self.core.begin().await?;
        let cells = work.cell_counts().await?;
        let enrolled = cells.iter().filter(|(cell, _)| cell.status == EnrollStatus::Enrolled);
        let count = enrolled.map(|(_, devices)| devices).sum();
        let today = DailyCount { day: now.secs().div_euclid(86_400), detail: String::new(), count };
        let noted = work.daily_counts(ENROLLED_DEVICES, today.day).await?;
        if noted.last() != Some(&today) {
            work.put_daily_count(ENROLLED_DEVICES, &today).await?;
            work.commit().await?;
        }
        Ok(())
    }
}
