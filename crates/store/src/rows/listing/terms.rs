//! What the words of devices are stored as, and found by.
//!
//! A term is a word behind its kind: the device's system, and what of the device begins with the word. By the system, a
//! search knows which cells hold nothing of what it looks for; by the rest, that what is sorted by begins with the word on
//! all but a few of the devices that have it: those follow each other in the list.

use std::collections::BTreeSet;

use gatehouse_domain::entity::ListOrder;

/// What begins with the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    Tag,
    Model,
    Owner,
    /// Nothing that lists are sorted by.
    Other,
}

impl Begins {
    const ALL: [Self; 4] = [Self::Tag, Self::Model, Self::Owner, Self::Other];

    /// What a list in this order is sorted by, group by group.
    pub(super) fn key_of(order: ListOrder) -> Option<Self> {
        match order {
            ListOrder::Tag => Some(Self::Tag),
            ListOrder::Model => Some(Self::Model),
            ListOrder::Owner => Some(Self::Owner),
            ListOrder::Os | ListOrder::Status | ListOrder::Tier | ListOrder::Source | ListOrder::Seen => None,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Tag => 'T',
            Self::Model => 'M',
            Self::Owner => 'O',
            Self::Other => 'X',
        }
    }

    fn number(self) -> usize {
        self as usize
    }
}

/// Systems that cells tell apart.
const SYSTEMS: usize = 3;
/// How many kinds there are; the statements of searches write them all.
pub(super) const KINDS: usize = SYSTEMS * Begins::ALL.len();

/// A set of kinds: their bits, counted system by system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(pub(super) i64);

impl Kinds {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn one(number: usize) -> Self {
        if number < KINDS { Self(1 << number) } else { Self::NONE }
    }

    /// Those of the system that the cell is of.
    pub(super) fn of_cell(cell: i64) -> Self {
        Self::of_system(usize::try_from(ListOrder::Os.group(cell)).unwrap_or(SYSTEMS))
    }

    /// Those of the system that the kind is of.
    pub(super) fn beside(number: usize) -> Self {
        Self::of_system(number / Begins::ALL.len())
    }

    /// Those of each system.
    pub(super) fn systems() -> impl Iterator<Item = Self> {
        (0..SYSTEMS).map(Self::of_system)
    }

    fn of_system(system: usize) -> Self {
        (0..Begins::ALL.len()).map(|number| Self::one(system * Begins::ALL.len() + number)).collect()
    }

    /// Those of every system.
    pub(super) fn that_begin(key: Begins) -> Self {
        (0..SYSTEMS).map(|system| Self::one(system * Begins::ALL.len() + key.number())).collect()
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub(super) fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(super) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = usize> {
        (0..KINDS).filter(move |number| !self.and(Self::one(*number)).is_empty())
    }
}

impl FromIterator<Kinds> for Kinds {
    fn from_iter<I: IntoIterator<Item = Self>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::or)
    }
}

/// Terms, each with the number of bytes that its word shares with the word before it, of whatever kind that is: of all words
/// of a device that begin alike, only the first shares less than that beginning.
pub(super) type Terms = BTreeSet<(String, i64)>;

/// What the terms of a device are made of.
#[derive(PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) cell: i64,
    pub(super) tag: &'a str,
    pub(super) model: &'a str,
    pub(super) owner: &'a str,
    /// Sorted, each after a space.
    pub(super) words: &'a str,
}

impl Named<'_> {
    fn begins(&self, word: &str) -> Begins {
        let begins =
            |text: &str| text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let keys = [(self.tag, Begins::Tag), (self.model, Begins::Model), (self.owner, Begins::Owner)];
        keys.into_iter().find(|(key, _)| begins(key)).map_or(Begins::Other, |(_, key)| key)
    }

    pub(super) fn terms(&self) -> Terms {
        let system = ListOrder::Os.group(self.cell);
        let mut before = "";
        self.words
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| {
                let shared = before.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
                before = word;
                let term = format!("{system}{}{word}", self.begins(word).letter());
                (term, i64::try_from(shared).unwrap_or(i64::MAX))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAPTOP: Named<'_> = Named {
        cell: 160,
        tag: "acme-lt-1",
        model: "x1 carbon",
        owner: "bob",
        words: " acme acme-lt acme-lt-1 bob carbon lt-1 x1",
    };

    #[test]
    fn of_words_that_begin_alike_the_first_shares_less_than_the_beginning() {
        let all = LAPTOP.terms();
        for (begin, expected) in [("a", 1), ("acme", 1), ("acme-", 1), ("acme-lt", 1), ("b", 1), ("y", 0)] {
            let length = i64::try_from(begin.len()).unwrap();
            let first = all.iter().filter(|(term, shared)| term[2..].starts_with(begin) && *shared < length);
            assert_eq!(first.count(), expected, "{begin}");
        }
    }

    #[test]
    fn a_term_tells_the_system_and_what_begins_with_the_word() {
        let terms: Vec<_> = LAPTOP.terms().into_iter().map(|(term, _)| term).collect();
        assert_eq!(terms, ["1Mx1", "1Obob", "1Tacme-lt-1", "1Xacme", "1Xacme-lt", "1Xcarbon", "1Xlt-1"]);
        let windows = Named { cell: 320, tag: "acme 7", ..LAPTOP };
        assert!(windows.terms().contains(&("2Tacme".to_owned(), 0)));
        assert!(
            windows.terms().contains(&("2Xacme-lt-1".to_owned(), 7)),
            "the word before is of another kind"
        );
    }

    #[test]
    fn kinds_are_counted_system_by_system() {
        assert_eq!(Kinds::of_cell(0).numbers().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(Kinds::of_cell(479).numbers().collect::<Vec<_>>(), [8, 9, 10, 11]);
        assert_eq!(Kinds::that_begin(Begins::Owner).numbers().collect::<Vec<_>>(), [2, 6, 10]);
        let all: Kinds = (0..KINDS).map(Kinds::one).collect();
        let texts = Begins::ALL.map(Begins::letter);
        let statement = crate::sql::listing::COUNT_KINDS;
        for number in all.numbers() {
            let kind = format!("{}{}", number / 4, texts[number % 4]);
            assert!(statement.contains(&format!("select {number}, '{kind}'")) || number == 0, "{kind}");
        }
        assert!(statement.contains("select 0 as n, '0T' as p"));
    }
}
