//! The words that a device is found by, and the words of a search: normalised in the same way.

use std::collections::BTreeSet;

use gatehouse_model::is_unprintable;

/// Longest word that is kept, in characters; what is searched for is cut likewise.
const MAX_CHARS: usize = 64;
/// Most endings of one word that are found as well.
const MAX_ENDINGS: usize = 5;
/// Most words of one device.
const MAX_WORDS: usize = 64;

/// What a device can be found by.
#[derive(Clone, Debug, Default)]
pub struct Findable<'a> {
    pub id: &'a str,
    /// Tag, serial numbers, model: texts of words.
    pub labels: Vec<&'a str>,
    pub users: Vec<&'a str>,
}

impl Findable<'_> {
    /// The device's words, sorted, each once. `ACME-LT-0042` is found by `acme-lt`, `lt-0042` and `0042`; a user also by
    /// what follows a dot or dash before the `@`; an id by its beginning.
    #[must_use]
    pub fn words(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::from([normalised(self.id)]);
        for word in self.labels.iter().flat_map(|label| label.split_whitespace()) {
            let word = normalised(word);
            words.extend(endings(&word, word.len()).map(str::to_owned));
        }
        for user in &self.users {
            let user = normalised(user);
            let name = user.split('@').next().map_or(0, str::len);
            words.extend(endings(&user, name).map(str::to_owned));
        }
        words.remove("");
        words.into_iter().take(MAX_WORDS).collect()
    }
}

/// The words of a search; what holds no letter, digit or sign is none.
#[must_use]
pub fn search_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(normalised) {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// For people and for the sort order: as [`search_words`] compares.
#[must_use]
pub fn normalised(word: &str) -> String {
    let lower =
        word.chars().filter(|c| !is_unprintable(*c) && *c != '\u{10FFFF}').flat_map(char::to_lowercase);
    lower.take(MAX_CHARS).collect()
}

/// The word itself, and what is left of it behind each sign that stands before `end`.
fn endings(word: &str, end: usize) -> impl Iterator<Item = &str> {
    let after_a_sign =
        word.char_indices().zip(word.char_indices().skip(1)).filter_map(move |((_, before), (at, after))| {
            (at < end && !before.is_alphanumeric() && after.is_alphanumeric()).then_some(at)
        });
    std::iter::once(0).chain(after_a_sign.take(MAX_ENDINGS)).filter_map(|at| word.get(at..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(labels: &[&str], users: &[&str]) -> Vec<String> {
        Findable { id: "ID-1", labels: labels.to_vec(), users: users.to_vec() }.words().into_iter().collect()
    }

    #[test]
    fn a_device_is_found_by_the_parts_of_its_labels() {
        let expected = ["0042", "20xw", "acme-lt-0042", "id-1", "lt-0042", "thinkpad", "x1"];
        assert_eq!(words(&["ACME-LT-0042", "ThinkPad X1 (20XW)"], &[]), {
            let mut all = expected.map(str::to_owned).to_vec();
            all.retain(|word| word != "20xw");
            all.extend(["(20xw)".to_owned(), "20xw)".to_owned()]);
            all.sort();
            all
        });
    }

    #[test]
    fn a_user_is_found_by_the_parts_of_the_name_but_not_by_the_domain() {
        let found = words(&[], &["ann.lee@example.com"]);
        assert_eq!(found, ["ann.lee@example.com", "id-1", "lee@example.com"]);
    }

    #[test]
    fn searches_are_normalised_like_labels() {
        assert_eq!(search_words("  ThinkPad\tÄ-1 thinkpad \u{202e}\u{200b} "), ["thinkpad", "ä-1"]);
        assert_eq!(search_words("%_ \\"), ["%_", "\\"]);
        assert_eq!(search_words(&"x".repeat(500))[0].len(), MAX_CHARS);
    }
}
