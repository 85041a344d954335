use std::cell::RefCell;
use std::str::FromStr;

use crate::Problem;
use crate::yaml::{Key, Node, Place, Value};

/// Problems found so far; reading goes on after each, so that all are told at once.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Adds one.
    pub fn add(&self, place: Place, message: impl Into<String>) {
        self.0.borrow_mut().push(place.problem(message));
    }

    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// A mapping whose keys are all known; those that nobody asked for are reported by [`Section::finish`].
pub struct Section<'a> {
    path: String,
    place: Place,
    entries: &'a [(Key, Node)],
    known: Vec<&'static str>,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// The whole document.
    #[must_use]
    pub fn root(node: &'a Node, problems: &'a Problems) -> Self {
        Self::of(String::new(), node.place, node, problems)
    }

    fn of(path: String, place: Place, node: &'a Node, problems: &'a Problems) -> Self {
        let entries: &[(Key, Node)] = match &node.value {
            Value::Mapping(entries) => entries,
            Value::Null => &[],
            Value::Scalar(_) | Value::Sequence(_) => {
                let what = if path.is_empty() { "the document".to_owned() } else { format!("`{path}`") };
                problems.add(node.place, format!("{what} must be a mapping of keys to values"));
                &[]
            }
        };
        Self { path, place, entries, known: Vec::new(), problems }
    }

    fn entry(&mut self, name: &'static str) -> Option<(&'a Key, &'a Node)> {
        self.known.push(name);
        self.entries.iter().find(|(key, _)| key.name == name).map(|(key, node)| (key, node))
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Tells of something that is wrong at a place.
    pub fn problem(&self, place: Place, message: impl Into<String>) {
        self.problems.add(place, message);
    }

    /// Where the section's key stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// A section below this one; an absent one is empty.
    pub fn section(&mut self, name: &'static str) -> Option<Section<'a>> {
        let (key, node) = self.entry(name)?;
        Some(Section::of(self.path_of(name), key.place, node, self.problems))
    }

    /// A list of sections; an entry that is none is reported and empty.
    pub fn sections(&mut self, name: &'static str) -> Vec<Section<'a>> {
        let Some((_, node)) = self.entry(name) else { return Vec::new() };
        let path = self.path_of(name);
        let items = match &node.value {
            Value::Sequence(items) => items.as_slice(),
            Value::Null => &[],
            Value::Scalar(_) | Value::Mapping(_) => {
                self.problem(node.place, format!("`{path}` must be a list: begin each entry with `- `"));
                &[]
            }
        };
        let section = |(index, item): (usize, &'a Node)| {
            if matches!(item.value, Value::Mapping(_)) {
                return Section::of(format!("{path}[{index}]"), item.place, item, self.problems);
            }
            let text = format!("each entry of `{path}` must be a mapping of keys to values");
            self.problem(item.place, text);
            let known = Vec::new();
            Section { path: String::new(), place: item.place, entries: &[], known, problems: self.problems }
        };
        items.iter().enumerate().map(section).collect()
    }

    /// A text that is not empty.
    pub fn text(&mut self, name: &'static str) -> Option<(Place, &'a str)> {
        let (key, node) = self.entry(name)?;
        match &node.value {
            Value::Scalar(text) if !text.trim().is_empty() => Some((node.place, text)),
            Value::Scalar(_) | Value::Null => {
                self.problem(
                    key.place,
                    format!("`{}` is empty: give it a value or remove it", self.path_of(name)),
                );
                None
            }
            Value::Sequence(_) | Value::Mapping(_) => {
                self.problem(node.place, format!("`{}` must be a single value", self.path_of(name)));
                None
            }
        }
    }

    /// A text that becomes a `T`; the error of its parser is the problem's text.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str) -> Option<(Place, T)>
    where
        T::Err: std::fmt::Display,
    {
        let (place, text) = self.text(name)?;
        match text.parse() {
            Ok(value) => Some((place, value)),
            Err(error) => {
                self.problem(place, format!("`{}`: {error}", self.path_of(name)));
                None
            }
        }
    }

    /// `true` or `false`, or the `yes` and `no` of YAML 1.1.
    pub fn boolean(&mut self, name: &'static str) -> Option<(Place, bool)> {
        let (place, text) = self.text(name)?;
        match text {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some((place, true)),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some((place, false)),
            other => {
                let path = self.path_of(name);
                self.problem(place, format!("`{path}` must be true or false, not \"{}\"", shown(other)));
                None
            }
        }
    }

    /// A list of texts; the first place is the key's.
    pub fn list(&mut self, name: &'static str) -> Option<(Place, Vec<(Place, &'a str)>)> {
        let (key, node) = self.entry(name)?;
        let path = self.path_of(name);
        let items = match &node.value {
            Value::Sequence(items) => items,
            Value::Null => return Some((key.place, Vec::new())),
            Value::Scalar(_) | Value::Mapping(_) => {
                self.problem(node.place, format!("`{path}` must be a list: begin each entry with `- `"));
                return None;
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match &item.value {
                Value::Scalar(text) => texts.push((item.place, text.as_str())),
                _ => self.problem(item.place, format!("each entry of `{path}` must be a text")),
            }
        }
        Some((key.place, texts))
    }

    /// As [`Self::list`], where one text alone may stand for a list of one.
    pub fn texts(&mut self, name: &'static str) -> Option<(Place, Vec<(Place, &'a str)>)> {
        if let Some((key, node)) = self.entries.iter().find(|(key, _)| key.name == name)
            && let Value::Scalar(text) = &node.value
        {
            self.known.push(name);
            return Some((key.place, vec![(node.place, text.as_str())]));
        }
        self.list(name)
    }

    /// Reports the keys that nobody asked for, each with the nearest known one.
    pub fn finish(self) {
        for (key, _) in self.entries {
            if self.known.iter().any(|known| *known == key.name) {
                continue;
            }
            let place = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
            let way_out = match nearest(&key.name, &self.known) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known keys: {}", self.known.join(", ")),
            };
            self.problem(key.place, format!("unknown key `{}`{place}; {way_out}", shown(&key.name)));
        }
    }
}

/// The known key that a mistyped one most likely means.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Text of the document as it may be shown in a message.
#[must_use]
pub fn shown(text: &str) -> String {
    gatehouse_model::clean_label(text)
}
