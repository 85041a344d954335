use std::str::FromStr;

use gatehouse_model::clean_label;
use sha2::{Digest as _, Sha256};

use super::{SearchError, names, origin_name, tier_name};
use crate::device::search_words;
use crate::entity::{ListFilter, ListOrder, MAX_SEARCH_WORDS};

/// What is asked of the inventory: all that an address of a list says but for the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceQuery {
    /// As it was entered, cleaned.
    text: String,
    words: Vec<String>,
    pub filter: ListFilter,
    pub order: ListOrder,
    pub descending: bool,
}

impl DeviceQuery {
    /// Reads the parameters of an address: `q`, `os`, `state`, `tier`, `source`, `stale`, `locked`, `sort` (with `-` in front
    /// for descending). What is absent or empty filters nothing, what is unknown is left alone.
    ///
    /// # Errors
    /// A value that a parameter cannot have; too many words.
    pub fn read<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SearchError> {
        let mut query = Self::default();
        for (name, value) in parameters {
            if !value.is_empty() {
                query.set(name, value)?;
            }
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SearchError> {
        match name {
            "q" => {
                self.text = clean_label(value);
                self.words = search_words(&self.text);
                if self.words.len() > MAX_SEARCH_WORDS {
                    return Err(SearchError::TooManyWords);
                }
            }
            "os" => self.filter.os = Some(parsed("os", value)?),
            "state" => self.filter.status = Some(parsed("state", value)?),
            "tier" => self.filter.tier = Some(named("tier", value, names::tier)?),
            "source" => self.filter.origin = Some(named("source", value, names::origin)?),
            "stale" => self.filter.stale = flag("stale", value)?,
            "locked" => self.filter.locked = flag("locked", value)?,
            "sort" => {
                let (descending, order) = match value.strip_prefix('-') {
                    Some(order) => (true, order),
                    None => (false, value),
                };
                let by_name = |name: &str| ListOrder::ALL.into_iter().find(|order| order.name() == name);
                self.order = named("sort", order, by_name)?;
                self.descending = descending;
            }
            _ => {}
        }
        Ok(())
    }

    /// The search as it was entered.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What every device has to have a word that begins with.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether nothing is searched for and nothing filtered.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.words.is_empty() && self.filter.is_empty()
    }

    /// The same devices in another order.
    #[must_use]
    pub fn sorted(&self, order: ListOrder, descending: bool) -> Self {
        Self { order, descending, ..self.clone() }
    }

    /// The parameters of its address, the page aside: [`DeviceQuery::read`] reads them back.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let filter = &self.filter;
        let flag = |set: bool| set.then(|| "1".to_owned());
        let sort = format!("{}{}", if self.descending { "-" } else { "" }, self.order.name());
        [
            ("q", Some(self.text.clone()).filter(|text| !text.is_empty())),
            ("os", filter.os.map(|os| os.as_str().to_owned())),
            ("state", filter.status.map(|status| status.as_str().to_owned())),
            ("tier", filter.tier.map(|tier| tier_name(tier).to_owned())),
            ("source", filter.origin.map(|origin| origin_name(origin).to_owned())),
            ("stale", flag(filter.stale)),
            ("locked", flag(filter.locked)),
            ("sort", Some(sort).filter(|sort| sort != ListOrder::default().name())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// Tells the lists of two queries apart.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let same_list = Self { text: self.words.join(" "), ..self.clone() };
        for (name, value) in same_list.parameters() {
            hash.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
        }
        hex::encode(&hash.finalize()[..6])
    }
}

fn named<T>(name: &'static str, value: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, SearchError> {
    read(value).ok_or_else(|| SearchError::Value { name, value: clean_label(value) })
}

fn parsed<T: FromStr>(name: &'static str, value: &str) -> Result<T, SearchError> {
    named(name, value, |value| value.parse().ok())
}

fn flag(name: &'static str, value: &str) -> Result<bool, SearchError> {
    named(name, value, |value| match value {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use gatehouse_model::{AttestationTier, OsType};

    use super::*;
    use crate::Decision as _;

    fn read(parameters: &[(&str, &str)]) -> Result<DeviceQuery, SearchError> {
        DeviceQuery::read(parameters.iter().copied())
    }

    #[test]
    fn addresses_are_read_and_written() {
        let query = read(&[
            ("q", "  ThinkPad  0042"),
            ("os", "linux"),
            ("state", "not_enrolled"),
            ("tier", "bare_key"),
            ("source", "none"),
            ("stale", "1"),
            ("locked", ""),
            ("sort", "-seen"),
            ("utm", "x"),
        ])
        .unwrap();
        assert_eq!(query.words(), ["thinkpad", "0042"]);
        assert_eq!(query.filter.os, Some(OsType::Linux));
        assert_eq!(query.filter.tier, Some(Some(AttestationTier::BareKey)));
        assert_eq!(query.filter.origin, Some(None));
        assert!(query.descending && query.filter.stale && !query.filter.locked);
        let written = query.parameters();
        let again = DeviceQuery::read(written.iter().map(|(name, value)| (*name, value.as_str()))).unwrap();
        assert_eq!(again, query);
        assert_eq!(read(&[]).unwrap().parameters(), []);
        assert!(read(&[("q", " \u{200b} ")]).unwrap().is_everything());
    }

    #[test]
    fn what_cannot_be_is_refused_and_shown_cleaned() {
        for bad in [("os", "beos\u{202e}"), ("sort", "-"), ("sort", "x"), ("stale", "yes"), ("tier", "")] {
            let read = read(&[bad]);
            match bad.1 {
                "" => assert!(read.is_ok()),
                _ => assert_eq!(read.unwrap_err().code(), "invalid_filter"),
            }
        }
        assert_eq!(read(&[("q", "a b c d e")]).unwrap_err().code(), "too_many_words");
        assert_eq!(
            read(&[("os", "beos\u{202e}")]).unwrap_err().to_string(),
            "\"beos\" is nothing that \"os\" can be"
        );
    }

    #[test]
    fn a_fingerprint_stands_for_the_list() {
        let one = read(&[("q", "Dell X"), ("os", "linux")]).unwrap().fingerprint();
        assert_eq!(read(&[("os", "linux"), ("q", " dell  x")]).unwrap().fingerprint(), one);
        for other in
            [&[("q", "dell x")][..], &[("q", "Dell X"), ("os", "linux"), ("sort", "-tag")], &[("q", "dell")]]
        {
            assert_ne!(read(other).unwrap().fingerprint(), one);
        }
    }
}
