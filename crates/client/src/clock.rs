use gatehouse_model::Timestamp;

/// The wall clock of this machine: the edge where a command line reads the time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place of the command lines that reads the clock")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
