//! `os-release` (systemd's os-release(5)).

use std::path::Path;

use gatehouse_model::clean_label;

use crate::state;

const FALLBACK: &str = "/usr/lib/os-release";
const CAP: u64 = 64 * 1024;

/// The three values that are sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OsRelease {
    pub(super) id: String,
    pub(super) version_id: String,
    pub(super) version: String,
}

/// Reads the file, or the distribution's own copy where it is missing; what cannot be read is empty.
pub(super) fn read(path: &Path) -> OsRelease {
    let bytes = state::read_capped(path, CAP).or_else(|_| state::read_capped(Path::new(FALLBACK), CAP));
    parse(&String::from_utf8_lossy(&bytes.unwrap_or_default()))
}

fn parse(text: &str) -> OsRelease {
    let mut found = OsRelease::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let slot = match key {
            "ID" => &mut found.id,
            "VERSION_ID" => &mut found.version_id,
            "VERSION" => &mut found.version,
            _ => continue,
        };
        *slot = clean_label(&unquoted(value));
    }
    found
}

/// Takes off shell quotes and the escapes that may stand inside them.
fn unquoted(value: &str) -> String {
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    if value.starts_with('\'') {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_come_off() {
        let text = "# comment\nNAME=\"Debian\"\nID=debian\nVERSION_ID='12'\nVERSION=\"12 \\\"book\\\\worm\\\"\"\nID_LIKE=x\n";
        let expected = OsRelease {
            id: "debian".to_owned(),
            version_id: "12".to_owned(),
            version: "12 \"book\\worm\"".to_owned(),
        };
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn rubbish_gives_empty_values() {
        assert_eq!(parse("\u{0}\u{1}=\nID"), OsRelease::default());
        assert_eq!(parse("ID=\"\u{202e}x\"").id, "x");
    }
}
