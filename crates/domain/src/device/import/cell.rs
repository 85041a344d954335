//! Cells of tables that people open in spreadsheets.

use std::borrow::Cow;

/// What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The text such that a spreadsheet shows it and never computes it: an apostrophe goes before what looks like a formula.
#[must_use]
pub fn inert_cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Takes back what [`inert_cell`] did.
#[must_use]
pub fn plain_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_come_back() {
        for text in ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "C00AA0AAAA0A", "'quoted'", "", "ü=1"] {
            let cell = inert_cell(text);
            assert!(!cell.starts_with(FORMULA), "{cell}");
            assert_eq!(plain_cell(&cell), text);
        }
        assert_eq!(inert_cell("=cmd()"), "'=cmd()");
        assert_eq!(inert_cell("TAG-1"), "TAG-1");
    }
}
