//! Addresses with what a page is asked for, and times as forms write them.

use gatehouse_model::Timestamp;

use crate::ApiError;

/// An address with a query; what is empty is left out.
pub(crate) fn address(path: &str, query: &[(&str, &str)]) -> String {
    let given: Vec<_> = query.iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_html_form::to_string(&given) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// Reads the value of a `datetime-local` field (HTML: "2026-01-31T12:00", seconds if there are any), which is meant in
/// UTC; nothing where nothing was entered.
///
/// # Errors
/// It is no time.
pub(crate) fn time_field(text: &str) -> Result<Option<Timestamp>, ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let local = text.strip_suffix('Z').unwrap_or(text);
    let seconds = if local.matches(':').count() < 2 { ":00" } else { "" };
    format!("{local}{seconds}Z").parse().map(Some).map_err(|_| {
        let shown = gatehouse_model::clean_label(text);
        ApiError::invalid("invalid_time", &format!("\"{shown}\" is not a time: write it as 2026-01-31T12:00"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_what_is_given() {
        assert_eq!(address("/web/users", &[("q", ""), ("after", "")]), "/web/users");
        assert_eq!(address("/web/users", &[("q", "a&b"), ("after", "ü")]), "/web/users?q=a%26b&after=%C3%BC");
    }

    #[test]
    fn times_of_forms_are_utc() {
        let noon = time_field("2026-01-31T12:00").unwrap().unwrap();
        assert_eq!(noon.to_string(), "2026-01-31T12:00:00Z");
        assert_eq!(time_field("2026-01-31T12:00:30").unwrap().unwrap().to_string(), "2026-01-31T12:00:30Z");
        assert_eq!(time_field("2026-01-31T12:00:00Z").unwrap(), Some(noon));
        assert_eq!(time_field(" ").unwrap(), None);
        assert_eq!(time_field("tomorrow").unwrap_err().code, "invalid_time");
    }
}
