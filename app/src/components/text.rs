//! Texts of the domain, made ready for pages.

use leptos::prelude::*;

/// For places where Leptos writes text as it is: the title, and text areas.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// With a capital letter first, as a sentence has.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// As a sentence, in which what stands between backticks becomes code.
pub(crate) fn marked_up(text: &str) -> impl IntoView + use<> {
    coded(&sentence(text))
}

/// What stands between backticks becomes code.
pub(crate) fn coded(text: &str) -> impl IntoView + use<> {
    text.split('`')
        .enumerate()
        .map(|(at, part)| {
            let part = part.to_owned();
            if at % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
        })
        .collect_view()
}

/// Thousands are set apart.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let texts = ["0", "999", "1,000", "100,000", "1,234,567"];
        assert_eq!([0, 999, 1000, 100_000, 1_234_567].map(grouped), texts);
    }

    #[test]
    fn commands_in_hints_become_code() {
        assert_eq!(escaped("</title>&"), "&lt;/title&gt;&amp;");
        assert_eq!(sentence("état"), "État");
        let html = marked_up("run `tctl <x>` now").to_html();
        assert!(html.contains("Run ") && html.contains("<code>tctl &lt;x&gt;</code>"), "{html}");
    }
}
