use gatehouse_model::clean_label;

/// A table for people: a header, dashes under it, columns as wide as their widest cell.
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    #[must_use]
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; cells lose what could steer a terminal.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| clean_label(cell.as_ref())).collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths: Vec<usize> = self
            .header
            .iter()
            .enumerate()
            .map(|(column, title)| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell));
                cells.chain([width(title)]).max().unwrap_or_default()
            })
            .collect();
        let write = |f: &mut std::fmt::Formatter<'_>, cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (cell, target) in cells.zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', target + 1 - width(cell).min(*target)));
            }
            writeln!(f, "{}", line.trim_end())
        };
        write(f, &mut self.header.iter().copied())?;
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        write(f, &mut dashes.iter().map(String::as_str))?;
        self.rows.iter().try_for_each(|row| write(f, &mut row.iter().map(String::as_str)))
    }
}

/// Columns of a text, one for each character.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let mut table = Table::new(&["Asset Tag", "OS", "Enroll Status"]);
        table.row(["C00AA0AAAA0A", "macOS", "not enrolled"]);
        table.row(["X\u{1b}", "Linux", ""]);
        assert_eq!(
            table.to_string(),
            "Asset Tag    OS    Enroll Status\n\
             ------------ ----- -------------\n\
             C00AA0AAAA0A macOS not enrolled\n\
             X            Linux\n"
        );
    }
}
