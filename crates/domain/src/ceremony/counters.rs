//! A TPM that was restored from a copy shows older counters than we have seen.

use crate::entity::Counters;

/// What the counters of a new quote say beside those of the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Forward,
    /// The clock alone went back: worth a note, no reason to refuse.
    ClockBack,
    /// A counter went back: the TPM's state is older than what we have seen.
    Back,
}

/// Compares two quotes of one AK. Counters are obfuscated by an offset per key and may wrap, so only differences
/// modulo 2^32 mean anything; `restart_count` restarts with every reset.
pub(super) fn progress(before: Counters, after: Counters) -> Progress {
    let went_back = |before: u32, after: u32| after.wrapping_sub(before) >= 1 << 31;
    if went_back(before.reset_count, after.reset_count) {
        return Progress::Back;
    }
    if before.reset_count == after.reset_count && went_back(before.restart_count, after.restart_count) {
        return Progress::Back;
    }
    if after.clock < before.clock { Progress::ClockBack } else { Progress::Forward }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(reset_count: u32, restart_count: u32, clock: u64) -> Counters {
        Counters { reset_count, restart_count, clock }
    }

    #[test]
    fn counters_may_wrap_but_not_go_back() {
        assert_eq!(progress(at(7, 1, 10), at(7, 1, 20)), Progress::Forward);
        assert_eq!(progress(at(u32::MAX, 9, 10), at(0, 0, 20)), Progress::Forward);
        assert_eq!(progress(at(7, 1, 10), at(6, 1, 20)), Progress::Back);
        assert_eq!(progress(at(0, 0, 10), at(u32::MAX, 0, 20)), Progress::Back);
        assert_eq!(progress(at(7, 3, 10), at(7, 2, 20)), Progress::Back);
        assert_eq!(progress(at(7, 3, 10), at(8, 0, 20)), Progress::Forward);
        assert_eq!(progress(at(7, 3, 10), at(7, 3, 9)), Progress::ClockBack);
    }
}
