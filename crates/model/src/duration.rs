//! Durations as people type and read them: `90s`, `30m`, `12h`, `1h30m`, `7d`.

/// Just over ten years.
const LONGEST_SECS: i64 = 3660 * 86_400 + 1;

/// Reads a duration in seconds; at most ten years.
///
/// # Errors
/// A sentence that says how to write one.
pub fn parse_secs(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!("\"{}\" is not a duration: write it as 90s, 30m, 12h, 1h30m or 7d", crate::clean_label(text))
    };
    if text.trim().is_empty() {
        return Err(wrong());
    }
    let mut total: i64 = 0;
    let mut digits = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: i64 = digits.parse().map_err(|_| wrong())?;
        digits.clear();
        total = count.checked_mul(unit).and_then(|secs| total.checked_add(secs)).ok_or_else(wrong)?;
    }
    if !digits.is_empty() {
        return Err(wrong());
    }
    match total {
        0 => Err(format!("\"{}\" is no time at all", crate::clean_label(text))),
        LONGEST_SECS.. => Err(format!("\"{}\" is too long: use at most 3660d", crate::clean_label(text))),
        total => Ok(total),
    }
}

/// Writes seconds in the two largest units that matter: `12h0m0s`, `59m30s`, `45s`.
#[must_use]
pub fn format_secs(secs: i64) -> String {
    let secs = secs.max(0);
    let (hours, minutes, rest) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}h{minutes}m{rest}s")
    } else if minutes > 0 {
        format!("{minutes}m{rest}s")
    } else {
        format!("{rest}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        assert_eq!(parse_secs("1h30m"), Ok(5400));
        assert_eq!(parse_secs("7d"), Ok(604_800));
        for bad in ["", "5", "-5m", "5x", "0s", "99999999999999999999h", "400000d"] {
            assert!(parse_secs(bad).is_err(), "{bad}");
        }
        assert!(parse_secs("").unwrap_err().contains("is not a duration"));
        assert_eq!(parse_secs("0s").unwrap_err(), "\"0s\" is no time at all");
        assert_eq!(parse_secs("99999h").unwrap_err(), "\"99999h\" is too long: use at most 3660d");
        assert_eq!(parse_secs("3660d"), Ok(3660 * 86_400));
        assert_eq!(format_secs(43_200), "12h0m0s");
        assert_eq!(format_secs(59), "59s");
    }
}
