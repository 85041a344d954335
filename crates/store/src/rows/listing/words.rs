//! Where the words of a search are, and by which way it is quickest to find all devices that have them.

use gatehouse_domain::entity::{ListOrder, MAX_SEARCH_WORDS};

use super::terms::{Begins, KINDS, Kinds};

/// Beyond so many devices of `total` that have a word, going through the list until the page is full takes less than looking
/// at all of them.
pub(super) fn narrow_limit(total: i64) -> i64 {
    (51 * total.max(0) * 2 / 5).isqrt().clamp(1000, 5000)
}

/// A word of a search, and how many devices of each kind have it, counted no further than one beyond what is rare.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) counts: [i64; KINDS],
}

impl Word<'_> {
    /// Devices of these kinds.
    fn devices(&self, kinds: Kinds) -> i64 {
        kinds.numbers().filter_map(|number| self.counts.get(number)).sum()
    }
}

/// The words of a search, the rarest first.
pub(super) struct Search<'a> {
    words: Vec<Word<'a>>,
    /// Of systems on which devices have each of the words.
    pub(super) kinds: Kinds,
    /// So many devices are worth looking at one by one.
    rare: i64,
}

/// How the devices are found that have a word of a search, one that the others have as well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ways<'a> {
    pub(super) word: &'a str,
    /// Few devices have it in these kinds: each is looked at.
    pub(super) few: Kinds,
    /// The cells of these are gone through.
    pub(super) rest: Kinds,
    /// All of the rest that is not among the few follows each other in the list: what is sorted by begins with the word.
    pub(super) is_in_order: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(mut words: Vec<Word<'a>>, kinds: Kinds, rare: i64) -> Self {
        words.sort_by_key(|word| word.devices(kinds));
        words.truncate(MAX_SEARCH_WORDS);
        Self { words, kinds, rare }
    }

    pub(super) fn words(&self) -> Vec<&'a str> {
        self.words.iter().map(|word| word.text).collect()
    }

    /// Devices that have the rarest word.
    pub(super) fn rarest(&self) -> i64 {
        self.words.first().map_or(i64::MAX, |word| word.devices(self.kinds))
    }

    /// It is worth to look at each device that has the rarest word.
    pub(super) fn is_narrow(&self) -> bool {
        self.rarest() <= self.rare
    }

    /// The quickest way for a list in this order.
    pub(super) fn ways(&self, order: ListOrder) -> Option<Ways<'a>> {
        let ways = self.words.iter().map(|word| (word, self.ways_by(word, order)));
        let effort = |(word, ways): &(&Word<'_>, Ways<'_>)| {
            (!ways.is_in_order, word.devices(ways.rest), word.devices(ways.few))
        };
        ways.min_by_key(effort).map(|(_, ways)| ways)
    }

    fn ways_by(&self, word: &Word<'a>, order: ListOrder) -> Ways<'a> {
        let is_few = |kinds: &Kinds| word.devices(*kinds) <= self.rare;
        let mut systems: Vec<Kinds> = Kinds::systems().map(|system| system.and(self.kinds)).collect();
        systems.sort_by_key(|system| word.devices(*system));
        let few = systems
            .into_iter()
            .fold(Kinds::NONE, |few, system| Some(few.or(system)).filter(is_few).unwrap_or(few));
        let rest = self.kinds.without(few);
        let beside = Begins::key_of(order).map(|key| few.or(rest.without(Kinds::that_begin(key))));
        let beside = if rest.is_empty() { Some(few) } else { beside.filter(is_few) };
        Ways { word: word.text, few: beside.unwrap_or(few), rest, is_in_order: beside.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RARE: i64 = 100;
    const LINUX: usize = 0;
    const MACOS: usize = 4;
    const WINDOWS: usize = 8;

    fn word(text: &'static str, counts: &[(usize, i64)]) -> Word<'static> {
        let mut word = Word { text, counts: [0; KINDS] };
        for (number, count) in counts {
            word.counts[*number] = *count;
        }
        word
    }

    fn ways(words: Vec<Word<'static>>, order: ListOrder) -> Ways<'static> {
        Search::new(words, Kinds::systems().collect(), RARE).ways(order).unwrap()
    }

    fn systems(first: &[usize]) -> Kinds {
        first.iter().map(|number| Kinds::beside(*number)).collect()
    }

    #[test]
    fn devices_that_have_a_rare_word_are_looked_at() {
        let common = word("acme", &[(LINUX, 101), (MACOS, 101), (WINDOWS, 101)]);
        let rare = word("bob", &[(LINUX + 2, 40), (WINDOWS + 2, 60)]);
        let expected =
            Ways { word: "bob", few: Kinds::systems().collect(), rest: Kinds::NONE, is_in_order: true };
        assert_eq!(ways(vec![common, rare], ListOrder::Seen), expected);
    }

    #[test]
    fn cells_are_gone_through_only_of_systems_on_which_a_word_is_common() {
        let model = word("5440", &[(LINUX + 3, 3), (MACOS + 3, 6), (WINDOWS + 1, 101)]);
        let common = word("acme", &[(LINUX + 3, 101), (MACOS + 3, 101), (WINDOWS + 3, 101)]);
        let expected = Ways {
            word: "5440",
            few: systems(&[LINUX, MACOS]),
            rest: systems(&[WINDOWS]),
            is_in_order: false,
        };
        assert_eq!(ways(vec![common, model], ListOrder::Tag), expected);
    }

    #[test]
    fn what_is_sorted_by_may_begin_with_a_common_word() {
        let all =
            || word("acme", &[(LINUX, 101), (LINUX + 3, 30), (MACOS, 20), (WINDOWS, 101), (WINDOWS + 2, 50)]);
        let found = ways(vec![all()], ListOrder::Tag);
        assert_eq!(found.rest, systems(&[LINUX, WINDOWS]));
        let few = [systems(&[MACOS]), found.rest.without(Kinds::that_begin(Begins::Tag))];
        assert_eq!((found.few, found.is_in_order), (few.into_iter().collect(), true));
        // By another key they stand anywhere.
        for order in [ListOrder::Owner, ListOrder::Model, ListOrder::Seen, ListOrder::Os] {
            let found = ways(vec![all()], order);
            assert_eq!((found.few, found.is_in_order), (systems(&[MACOS]), false), "{order:?}");
        }
        // As they do if many others have the word.
        let found = ways(vec![word("a", &[(LINUX, 101), (LINUX + 3, 101)])], ListOrder::Tag);
        assert!(!found.is_in_order);
    }

    #[test]
    fn a_rare_word_is_worth_as_many_looks_as_a_page_takes() {
        for (total, limit) in [(0, 1000), (100_000, 1428), (1_000_000, 4516), (i64::MAX / 1000, 5000)] {
            assert_eq!(narrow_limit(total), limit);
        }
    }
}
