use gatehouse_model::Timestamp;

/// Clocks of servers differ by less, in seconds.
const AHEAD_SECS: i64 = 3600;

/// Whether something was made by a clock that was wrong: it would otherwise live until that time comes.
#[must_use]
pub(crate) fn begun_ahead(created: Timestamp, now: Timestamp) -> bool {
    created > now.plus_secs(AHEAD_SECS)
}
