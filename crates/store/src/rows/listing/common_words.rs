use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::terms::Kinds;

/// For so long a word that very many devices have is taken to be one.
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// So many words are known at most.
const KNOWN: usize = 1000;

/// Words that many devices have. To know that takes counting them, and people ask for the same few words, page after page:
/// they are not counted anew each time.
#[derive(Clone, Default)]
pub(crate) struct CommonWords(Arc<Mutex<HashMap<String, Common>>>);

#[derive(Clone, Copy)]
struct Common {
    since: Instant,
    /// In each of these kinds the word is no rare one.
    common: Kinds,
    /// In these together more devices have it than are counted out.
    countless: Kinds,
}

impl CommonWords {
    /// The kinds in which the word is no rare one.
    pub(super) fn common(&self, word: &str, now: Instant) -> Kinds {
        self.of(word, now).map_or(Kinds::NONE, |known| known.common)
    }

    /// More devices have the word in these kinds than are counted out.
    pub(super) fn is_countless(&self, word: &str, kinds: Kinds, now: Instant) -> bool {
        self.of(word, now)
            .is_some_and(|known| !known.countless.is_empty() && known.countless.without(kinds).is_empty())
    }

    pub(super) fn note_common(&self, word: &str, common: Kinds, now: Instant) {
        self.note(word, now, |known| known.common = known.common.or(common));
    }

    pub(super) fn note_countless(&self, word: &str, kinds: Kinds, now: Instant) {
        self.note(word, now, |known| known.countless = kinds);
    }

    fn of(&self, word: &str, now: Instant) -> Option<Common> {
        self.known().get(word).copied().filter(|known| is_known(known, now))
    }

    /// What is known is never known for longer by being noted again.
    fn note(&self, word: &str, now: Instant, change: impl FnOnce(&mut Common)) {
        let mut known = self.known();
        if known.len() >= KNOWN {
            known.retain(|_, known| is_known(known, now));
        }
        if known.len() >= KNOWN && !known.contains_key(word) {
            return;
        }
        let nothing = Common { since: now, common: Kinds::NONE, countless: Kinds::NONE };
        let of_word = known.entry(word.to_owned()).or_insert(nothing);
        if !is_known(of_word, now) {
            *of_word = nothing;
        }
        change(of_word);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Common>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_known(known: &Common, now: Instant) -> bool {
    now.saturating_duration_since(known.since) < KNOWN_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_for_a_minute_and_no_more_than_so_many_are() {
        let (words, now) = (CommonWords::default(), Instant::now());
        let one = Kinds::one(3);
        for number in 0..KNOWN + 10 {
            words.note_common(&number.to_string(), one, now);
        }
        assert_eq!(words.common("0", now), one);
        assert_eq!(words.common(&KNOWN.to_string(), now), Kinds::NONE);
        assert_eq!(words.known().len(), KNOWN);
        words.note_common("0", Kinds::one(4), now + KNOWN_FOR / 2);
        assert_eq!(words.common("0", now).numbers().collect::<Vec<_>>(), [3, 4]);
        let later = now + KNOWN_FOR;
        assert!(words.common("0", later).is_empty(), "noting it again did not make it last");
        words.note_common("0", one, later);
        words.note_common("laptop", one, later);
        assert_eq!((words.common("0", later), words.common("laptop", later)), (one, one));
        assert_eq!(words.known().len(), 2, "the others are forgotten");
    }

    #[test]
    fn what_is_countless_in_some_kinds_is_so_in_more() {
        let (words, now) = (CommonWords::default(), Instant::now());
        let (windows, both) =
            (Kinds::of_cell(320), [Kinds::of_cell(0), Kinds::of_cell(320)].into_iter().collect());
        assert!(!words.is_countless("laptop", both, now));
        words.note_countless("laptop", windows, now);
        assert!(words.is_countless("laptop", both, now));
        assert!(words.is_countless("laptop", windows, now));
        assert!(!words.is_countless("laptop", Kinds::of_cell(0), now));
    }
}
