/// One document of a text.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) text: String,
    /// Lines before it.
    pub(super) before: usize,
}

impl Part {
    fn says_something(&self) -> bool {
        self.text.lines().any(|line| !line.trim_start().is_empty() && !line.trim_start().starts_with('#'))
    }
}

/// The documents of a text that say something. A line that begins with `---` or `...` divides them, wherever it stands
/// (YAML 1.2.2, section 9.1.2).
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = vec![Part { text: String::new(), before: 0 }];
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker = ["---", "..."].into_iter().find(|marker| {
            line.strip_prefix(marker)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
        });
        let line = match marker {
            None => line.to_owned(),
            // What follows on the same line belongs to the document, and keeps its column.
            Some(marker) => {
                parts.push(Part { text: String::new(), before: number });
                format!("   {}", line.get(marker.len()..).unwrap_or_default())
            }
        };
        if let Some(part) = parts.last_mut() {
            part.text.push_str(&line);
        }
    }
    parts.retain(Part::says_something);
    parts
}
