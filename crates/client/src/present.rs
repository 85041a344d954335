//! How both command lines show things: formats, tables, times and text of others made safe to print.

mod proto_json;
mod table;

use gatehouse_model::{ErrorKind, Timestamp, is_unprintable};
use serde::Serialize;
use time::{OffsetDateTime, UtcOffset};

pub use proto_json::{collected_data_json, credential_json};
pub use table::Table;

use crate::error::{ClientError, Result};

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    Json,
    Yaml,
}

/// Data as JSON or YAML, ending in a line break; `None` for text, which every command writes itself.
///
/// # Errors
/// Never for data of ours.
pub fn encode<T: Serialize>(format: Format, data: &T) -> Result<Option<String>> {
    let failed = |error: &dyn std::fmt::Display| {
        ClientError::new(ErrorKind::Internal, "encode", format!("cannot write the answer: {error}"))
    };
    match format {
        Format::Text => Ok(None),
        Format::Json => {
            let mut text = serde_json::to_string_pretty(data).map_err(|error| failed(&error))?;
            text.push('\n');
            Ok(Some(escape_unprintable(&text)))
        }
        Format::Yaml => {
            serde_yaml_ng::to_string(data).map(|text| Some(printable(&text))).map_err(|error| failed(&error))
        }
    }
}

/// JSON in which nothing steers a terminal and nothing is lost: outside of strings it is plain ASCII, and inside of them
/// every character may be written as an escape (RFC 8259 section 7).
fn escape_unprintable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_unprintable(c) {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// Text of others without what could move the cursor or reorder a line; line breaks and tabs stay.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_unprintable(*c)).collect()
}

/// The zone of this machine at the moment; UTC where it cannot be told. Ask before other threads run.
#[must_use]
pub fn local_offset(now: Timestamp) -> UtcOffset {
    OffsetDateTime::from_unix_timestamp(now.secs())
        .ok()
        .and_then(|moment| UtcOffset::local_offset_at(moment).ok())
        .unwrap_or(UtcOffset::UTC)
}

/// `2023-06-23 02:47:05 -0300`.
#[must_use]
pub fn local_time(moment: Timestamp, offset: UtcOffset) -> String {
    let (offset_hours, offset_minutes, _) = offset.as_hms();
    let local = moment.plus_secs(i64::from(offset.whole_seconds()));
    let (year, month, day, hour, minute, second) = local.civil();
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {sign}{:02}{:02}",
        offset_hours.unsigned_abs(),
        offset_minutes.unsigned_abs()
    )
}

/// Time left until a moment, rounded to whole seconds: `12h0m0s`.
#[must_use]
pub fn time_left(until: Timestamp, now: Timestamp) -> String {
    let micros = until.micros().saturating_sub(now.micros()).max(0);
    gatehouse_model::duration::format_secs(micros.saturating_add(500_000) / 1_000_000)
}

/// Time left until a moment, rounded to whole minutes unless less than two are left: certificates end at whole seconds,
/// and nobody wants to read `11h59m59s` of a session that was just opened.
#[must_use]
pub fn about_time_left(until: Timestamp, now: Timestamp) -> String {
    let secs = until.secs_since(now).max(0);
    if secs < 120 {
        return time_left(until, now);
    }
    gatehouse_model::duration::format_secs((secs + 30) / 60 * 60)
}

/// A moment for a column of a table: UTC, without fractions of a second; empty if there is none.
#[must_use]
pub fn table_time(moment: Option<Timestamp>) -> String {
    moment.map(|moment| Timestamp::from_secs(moment.secs()).to_string()).unwrap_or_default()
}

/// The lines that tell an error on standard error: `error: …`, `hint: …` and the server's request.
#[must_use]
pub fn error_lines(error: &ClientError) -> String {
    let mut lines = format!("error: {}\n", printable(&error.message));
    if let Some(hint) = &error.hint {
        lines.push_str(&format!("hint: {}\n", printable(hint)));
    }
    if error.kind == ErrorKind::Internal
        && let Some(id) = &error.request_id
    {
        lines.push_str(&format!("hint: the server's log has more under request {}\n", printable(id)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_the_guide() {
        let moment: Timestamp = "2023-06-23T05:47:05Z".parse().unwrap();
        let offset = UtcOffset::from_hms(-3, 0, 0).unwrap();
        assert_eq!(local_time(moment, offset), "2023-06-23 02:47:05 -0300");
        assert_eq!(local_time(moment, UtcOffset::from_hms(5, 30, 0).unwrap()), "2023-06-23 11:17:05 +0530");
        assert_eq!(local_time(moment, UtcOffset::UTC), "2023-06-23 05:47:05 +0000");
    }

    #[test]
    fn the_time_left_is_rounded() {
        let now = Timestamp::from_micros(1_000_000_250_000);
        assert_eq!(time_left(Timestamp::from_secs(1_000_000 + 43_200), now), "12h0m0s");
        assert_eq!(time_left(Timestamp::from_secs(5), now), "0s");
        assert_eq!(about_time_left(Timestamp::from_secs(1_000_000 + 43_199), now), "12h0m0s");
        assert_eq!(about_time_left(Timestamp::from_secs(1_000_000 + 100), now), "1m40s");
        assert_eq!(about_time_left(Timestamp::from_secs(5), now), "0s");
        assert_eq!(table_time(Some(now)), "1970-01-12T13:46:40Z");
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\nd"), "a[2Jbc\nd");
    }

    #[test]
    fn json_loses_nothing_and_yaml_what_is_unprintable() {
        let data = vec!["a\u{202e}b\u{9b}c\u{1b}d"];
        let json = encode(Format::Json, &data).unwrap().unwrap();
        assert!(json.chars().all(|c| c == '\n' || !is_unprintable(c)), "{json:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), data);
        let yaml = encode(Format::Yaml, &data).unwrap().unwrap();
        assert!(!yaml.contains('\u{202e}') && !yaml.contains('\u{1b}'), "{yaml:?}");
    }

    #[test]
    fn errors_have_their_hints_below() {
        let mut error = ClientError::new(ErrorKind::Internal, "x", "it broke").with_hint("mend it");
        error.request_id = Some("r-1".to_owned());
        assert_eq!(
            error_lines(&error),
            "error: it broke\nhint: mend it\nhint: the server's log has more under request r-1\n"
        );
        error.kind = ErrorKind::NotFound;
        assert_eq!(error_lines(&error), "error: it broke\nhint: mend it\n");
    }
}
