//! Counting what test runners report.

use std::fmt;
use std::process::ExitStatus;

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that passed.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// One check that failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// A runner that fails without a failed test (a crash, a test that does not compile) is one failure.
    pub(crate) fn agree_with(&mut self, status: ExitStatus) {
        if !status.success() && self.failed == 0 {
            self.failed = 1;
        }
    }

    /// Reads a line of `cargo test`: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn read_libtest(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// Reads a line of node's test runner: `ℹ pass 3`.
    pub(crate) fn read_node(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (Some("ℹ" | "#"), Some(what), Some(number), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else { return };
        match what {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

/// What a test says of the real data that it judged. The runner may have begun a line of its own before.
pub(crate) fn judged(line: &str) -> Option<&str> {
    line.split_once("judged: ").map(|(_, what)| what.trim_end())
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn adds_up_libtest_results_and_nothing_else() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.01s",
            "test a ... ok",
            "a test printed: 7 passed; 7 failed",
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            tally.read_libtest(line);
        }
        assert_eq!(tally.to_string(), "8 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn what_was_judged_is_found_in_any_line() {
        assert_eq!(judged("judged:   3 by the rule: x"), Some("  3 by the rule: x"));
        assert_eq!(judged("test a::b ... judged: 60 event logs"), Some("60 event logs"));
        assert_eq!(judged("test a ... ok"), None);
    }

    #[test]
    fn adds_up_node_results() {
        let mut tally = Tally::default();
        for line in
            ["ℹ tests 4", "ℹ pass 2", "ℹ fail 1", "ℹ cancelled 1", "ℹ skipped 0", "# pass 1", "ℹ pass x"]
        {
            tally.read_node(line);
        }
        assert_eq!(tally, Tally { passed: 3, failed: 2, skipped: 0 });
    }

    #[test]
    fn a_crash_counts_as_a_failure() {
        let mut tally = Tally { passed: 3, ..Tally::default() };
        tally.agree_with(ExitStatus::from_raw(256));
        assert_eq!(tally.to_string(), "3 passed, 1 failed");
        tally.agree_with(ExitStatus::from_raw(256));
        assert_eq!(tally.failed, 1);
    }
}
