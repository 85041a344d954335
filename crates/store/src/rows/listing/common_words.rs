use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For so long a word that very many devices have is taken to be one.
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// So many words are known at most.
const KNOWN: usize = 1000;

/// Words that more devices have than are counted. That a word is one of them takes a count of ten thousand devices, and
/// people ask for the same few words, page after page: it is not counted anew each time.
#[derive(Clone, Default)]
pub(crate) struct CommonWords(Arc<Mutex<HashMap<String, Instant>>>);

impl CommonWords {
    pub(super) fn has(&self, word: &str, now: Instant) -> bool {
        self.known().get(word).is_some_and(|since| is_known(*since, now))
    }

    pub(super) fn note(&self, word: &str, now: Instant) {
        let mut known = self.known();
        if known.len() >= KNOWN {
            known.retain(|_, since| is_known(*since, now));
        }
        if known.len() < KNOWN {
            known.insert(word.to_owned(), now);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_known(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < KNOWN_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_for_a_minute_and_no_more_than_so_many_are() {
        let (words, now) = (CommonWords::default(), Instant::now());
        for number in 0..KNOWN + 10 {
            words.note(&number.to_string(), now);
        }
        assert!(words.has("0", now) && !words.has(&KNOWN.to_string(), now));
        assert_eq!(words.known().len(), KNOWN);
        let later = now + KNOWN_FOR;
        assert!(!words.has("0", later));
        words.note("laptop", later);
        assert!(words.has("laptop", later));
        assert_eq!(words.known().len(), 1, "the others are forgotten");
    }
}
