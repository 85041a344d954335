//! The inventory in numbers.

use gatehouse_model::{AttestationTier, EnrollStatus, OsType};

use super::upkeep::ENROLLED_DEVICES;
use super::{Inventory, SearchError};
use crate::authz::{Grant, ListDevices};
use crate::entity::{Cell, DailyCount};

/// Days that are looked back.
pub const INSIGHT_DAYS: i64 = 90;
/// Days of failed attempts.
pub const FAILURE_DAYS: i64 = 30;

/// The inventory in numbers. All of it is counted when it happens, so that it costs the same for a million devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Insights {
    pub devices: i64,
    pub enrolled: i64,
    pub stale: i64,
    /// As of the last look at ended locks.
    pub locked: i64,
    pub by_os: Vec<(OsType, EnrolledOf)>,
    pub by_tier: Vec<(AttestationTier, i64)>,
    /// The last day, in days since 1970-01-01 UTC.
    pub today: i64,
    /// Enrolments of each of the last [`INSIGHT_DAYS`] days, oldest first.
    pub enrolments: Vec<i64>,
    /// Devices that were enrolled at the end of each of these days; `None` before the first day that is known.
    pub enrolled_on: Vec<Option<i64>>,
    /// Failed enrolments of the last [`FAILURE_DAYS`] days by code, most frequent first.
    pub failed_enrolments: Vec<(String, i64)>,
    /// Failed authentications likewise.
    pub failed_authentications: Vec<(String, i64)>,
}

/// Devices, and those of them that are enrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnrolledOf {
    pub devices: i64,
    pub enrolled: i64,
}

impl Inventory {
    /// # Errors
    /// Storage.
    pub async fn insights(&self, _grant: &Grant<ListDevices>) -> Result<Insights, SearchError> {
        let today = self.core.now().secs().div_euclid(86_400);
        let from = today - INSIGHT_DAYS + 1;
        let mut work = self.core.read().await?;
        let cells = work.cell_counts().await?;
        let enrolments = work.daily_counts("device.enroll", from).await?;
        let authentications = work.daily_counts("device.authenticate", today - FAILURE_DAYS + 1).await?;
        let totals = work.daily_counts(ENROLLED_DEVICES, from).await?;
        let sum = |which: &dyn Fn(Cell) -> bool| {
            cells.iter().filter(|(cell, _)| which(*cell)).map(|(_, devices)| *devices).sum::<i64>()
        };
        let is_enrolled = |cell: Cell| cell.status == EnrollStatus::Enrolled;
        let tiers = [
            AttestationTier::TpmEkcertTrusted,
            AttestationTier::TpmEkcert,
            AttestationTier::TpmEkpub,
            AttestationTier::BareKey,
        ];
        let enrolled = sum(&is_enrolled);
        Ok(Insights {
            devices: sum(&|_| true),
            enrolled,
            stale: sum(&|cell| cell.stale),
            locked: sum(&|cell| cell.locked),
            by_os: OsType::ALL
                .into_iter()
                .map(|os| {
                    let devices = sum(&|cell| cell.os == os);
                    (os, EnrolledOf { devices, enrolled: sum(&|cell| cell.os == os && is_enrolled(cell)) })
                })
                .collect(),
            by_tier: tiers.map(|tier| (tier, sum(&|cell| cell.tier == Some(tier)))).to_vec(),
            today,
            enrolments: (from..=today)
                .map(|day| {
                    let of_day =
                        enrolments.iter().filter(|count| count.day == day && count.detail.is_empty());
                    of_day.map(|count| count.count).sum()
                })
                .collect(),
            enrolled_on: enrolled_on(&totals, from, today, enrolled),
            failed_enrolments: failures(&enrolments, today),
            failed_authentications: failures(&authentications, today),
        })
    }
}

/// A day without a total of its own has that of the day before; today's is known better.
fn enrolled_on(totals: &[DailyCount], from: i64, today: i64, now: i64) -> Vec<Option<i64>> {
    let mut last = None;
    (from..=today)
        .map(|day| {
            last = totals.iter().find(|total| total.day == day).map(|total| total.count).or(last);
            if day == today { Some(now) } else { last }
        })
        .collect()
}

fn failures(counts: &[DailyCount], today: i64) -> Vec<(String, i64)> {
    let recent = counts.iter().filter(|count| count.day > today - FAILURE_DAYS && !count.detail.is_empty());
    let mut by_code = std::collections::BTreeMap::<&str, i64>::new();
    for count in recent {
        *by_code.entry(&count.detail).or_default() += count.count;
    }
    let mut failures: Vec<_> = by_code.into_iter().map(|(code, count)| (code.to_owned(), count)).collect();
    failures.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(day: i64, detail: &str, count: i64) -> DailyCount {
        DailyCount { day, detail: detail.to_owned(), count }
    }

    #[test]
    fn days_without_a_total_have_the_one_before() {
        let totals = [count(3, "", 5), count(5, "", 6)];
        let expected = [None, None, Some(5), Some(5), Some(6), Some(6), Some(9)];
        assert_eq!(enrolled_on(&totals, 1, 7, 9), expected);
    }

    #[test]
    fn failures_are_summed_by_code() {
        let counts =
            [count(60, "a", 9), count(98, "", 7), count(98, "a", 1), count(99, "b", 3), count(99, "a", 1)];
        assert_eq!(failures(&counts, 100), [("b".to_owned(), 3), ("a".to_owned(), 2)]);
    }
}
