//! Searching by words: which of them is rare, and what the devices that have it are.

use std::time::Instant;

use gatehouse_domain::entity::{
    ListCount, ListFilter, ListPart, ListRequest, ListedDevice, MAX_SEARCH_WORDS,
};
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::Timestamp;

use super::super::Unit;
use super::place::{By, before_all, push_key};
use super::statements::statements;
use super::{LISTED, limit_of};
use crate::decode::{Decode, NUMBER};
use crate::executor::Executor;
use crate::sql::listing as sql;
use crate::value::{Value, values};

/// A device that a search finds, and how many it finds.
const FOUND: Decode<(ListedDevice, i64)> =
    Decode { entity: LISTED.entity, read: |columns| Ok(((LISTED.read)(columns)?, columns.int()?)) };

/// The words of a search, the rarest first.
pub(super) struct Search<'a> {
    pub(super) words: Vec<&'a str>,
    /// Devices that have the rarest, counted up to a limit.
    pub(super) rarest: i64,
    /// Whether it is worth to look at every device that has the rarest word.
    pub(super) is_narrow: bool,
}

/// Every word stands after a space in the column.
fn pattern(word: &str) -> String {
    let mut pattern = "% ".to_owned();
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

pub(super) fn patterns(words: &[&str]) -> [String; MAX_SEARCH_WORDS] {
    std::array::from_fn(|index| words.get(index).map_or_else(|| "%".to_owned(), |word| pattern(word)))
}

/// All that begins with the word lies between it and this.
fn end_of(word: &str) -> String {
    format!("{word}\u{10FFFF}")
}

fn length_of(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// Beyond so many devices of `total` that have a word, going through the list until the page is full looks at fewer devices
/// than sorting all of them: both look at this many.
fn narrow_limit(total: i64) -> i64 {
    (51 * total.max(0)).isqrt().clamp(1000, 10_000)
}

/// The parts of the filter as [`sql::COUNT_FOUND`] takes them.
pub(super) fn parts(filter: &ListFilter) -> [Option<i64>; 6] {
    [
        filter.os.map(|os| i64::from(os.number()) - 1),
        filter.status.map(|status| status as i64 - 1),
        filter.tier.map(|tier| tier.map_or(0, |tier| tier as i64 + 1)),
        filter.origin.map(|origin| origin.map_or(0, |origin| origin as i64)),
        filter.stale.then_some(1),
        filter.locked.then_some(1),
    ]
}

/// Every device's lock ends after this.
const NO_LOCK_NEEDED: i64 = -1;

pub(super) fn locks_end_after(filter: &ListFilter, now: Timestamp) -> i64 {
    if filter.locked { now.micros() } else { NO_LOCK_NEEDED }
}

/// What is asked of devices that have a word: `$1` to `$15`.
fn having_values<'v>(
    filter: &ListFilter,
    now: Timestamp,
    word: &'v str,
    end: &'v str,
    patterns: &'v [String; MAX_SEARCH_WORDS],
) -> Vec<Value<'v>> {
    let [os, status, tier, origin, stale, locked] = parts(filter);
    let [first, second, third, fourth] = patterns;
    values![
        word,
        end,
        length_of(word),
        ListCount::MOST,
        locks_end_after(filter, now),
        first,
        second,
        third,
        fourth,
        os,
        status,
        tier,
        origin,
        stale,
        locked,
    ]
    .to_vec()
}

/// As many devices have the one word as the list holds.
pub(super) fn is_count_of_word(filter: &ListFilter, words: usize) -> bool {
    words == 1 && filter.is_empty()
}

impl<E: Executor> Unit<E> {
    /// Counts the words. `by_word` has it counted as far as counts are shown; else no further than it takes to know whether a
    /// word is rare.
    pub(super) async fn search<'a>(
        &mut self,
        words: &'a [String],
        total: i64,
        by_word: bool,
    ) -> Stored<Search<'a>> {
        let most = narrow_limit(total);
        let limit = if by_word { ListCount::MOST } else { most };
        let mut counted = Vec::with_capacity(words.len());
        for word in words {
            counted.push((self.count_word(word, limit).await?, word.as_str()));
        }
        counted.sort_by_key(|(count, _)| *count);
        let rarest = counted.first().map_or(i64::MAX, |(count, _)| *count);
        let words = counted.into_iter().map(|(_, word)| word).take(MAX_SEARCH_WORDS).collect();
        Ok(Search { words, rarest, is_narrow: rarest <= most })
    }

    /// Devices that have a word, counted no further than one beyond the limit, which is no greater than what is shown of counts.
    async fn count_word(&mut self, word: &str, limit: i64) -> Stored<i64> {
        if self.3.has(word, Instant::now()) {
            return Ok(ListCount::MOST + 1);
        }
        let end = end_of(word);
        let values = values![word, &end, length_of(word), limit + 1];
        let count = self.0.optional(sql::COUNT_WORD, values, NUMBER).await?.unwrap_or_default();
        if count > ListCount::MOST {
            self.3.note(word, Instant::now());
        }
        Ok(count)
    }

    /// All devices with the rarest word, as far as they match, sorted; and how many they are, if there is any.
    pub(super) async fn found(&mut self, request: &ListRequest<'_>, search: &Search<'_>) -> Stored<ListPart> {
        let statements = statements(request.order, request.descending);
        let place = request.after.clone().unwrap_or_else(|| before_all(request.descending));
        let (divisor, count) = request.order.part();
        // For the order by time, the place's number is not the group's, of which there is one.
        let group = match statements.by {
            By::Number | By::Text if request.after.is_some() => 0,
            By::Number | By::Text | By::Nothing => place.number,
        };
        let (first, rest) = search.words.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let (end, patterns) = (end_of(first), patterns(rest));
        let mut values = having_values(&request.filter, request.now, first, &end, &patterns);
        values.extend_from_slice(values![
            divisor,
            count,
            group,
            &place.tag,
            place.sequence,
            limit_of(request.limit)
        ]);
        push_key(&mut values, statements.by, &place);
        let found = self.0.all(statements.found, &values, FOUND).await?;
        let count = found.first().filter(|_| request.counted).map(|(_, count)| ListCount::of(*count));
        Ok(ListPart {
            devices: found.into_iter().map(|(device, _)| device).collect(),
            count,
            ..ListPart::default()
        })
    }

    /// How many devices a search finds.
    pub(super) async fn count_found(
        &mut self,
        filter: &ListFilter,
        search: &Search<'_>,
        now: Timestamp,
    ) -> Stored<ListCount> {
        if is_count_of_word(filter, search.words.len()) {
            return Ok(ListCount::of(search.rarest));
        }
        if !search.is_narrow {
            return Ok(ListCount::Many);
        }
        let (first, rest) = search.words.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let (end, patterns) = (end_of(first), patterns(rest));
        let values = having_values(filter, now, first, &end, &patterns);
        let count = self.0.optional(sql::COUNT_FOUND, &values, NUMBER).await?;
        Ok(ListCount::of(count.unwrap_or_default()))
    }
}
