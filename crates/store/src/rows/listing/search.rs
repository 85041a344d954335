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
use super::terms::{KINDS, Kinds};
use super::words::{Search, Word, narrow_limit};
use super::{LISTED, limit_of};
use crate::decode::{Decode, NUMBER};
use crate::executor::Executor;
use crate::sql::listing as sql;
use crate::value::{Value, values};

/// A device that a search finds, and how many it finds.
const FOUND: Decode<(ListedDevice, i64)> =
    Decode { entity: LISTED.entity, read: |columns| Ok(((LISTED.read)(columns)?, columns.int()?)) };

/// The number of a kind, and how many devices of it have a word.
const COUNT_OF_KIND: Decode<(i64, i64)> =
    Decode { entity: "count of a kind", read: |columns| Ok((columns.int()?, columns.int()?)) };

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
pub(super) fn end_of(word: &str) -> String {
    format!("{word}\u{10FFFF}")
}

fn length_of(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
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

/// What is asked of devices that have the first word: `$1` to `$16`.
fn having_values<'v>(
    filter: &ListFilter,
    now: Timestamp,
    (word, end): (&'v str, &'v str),
    kinds: Kinds,
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
        kinds.0,
    ]
    .to_vec()
}

/// As many devices have the one word as the list holds.
fn is_count_of_word(filter: &ListFilter, words: usize) -> bool {
    words == 1 && ListFilter { os: None, ..*filter }.is_empty()
}

impl<E: Executor> Unit<E> {
    /// Looks where the words are, among devices of these kinds: `total` devices are listed.
    pub(super) async fn search<'a>(
        &mut self,
        words: &'a [String],
        mut kinds: Kinds,
        total: i64,
    ) -> Stored<Search<'a>> {
        let rare = narrow_limit(total);
        let mut found = Vec::with_capacity(words.len());
        for text in words {
            let word = Word { text, counts: self.count_kinds(text, kinds, rare).await? };
            let has_it = |number: &usize| word.counts.get(*number) != Some(&0);
            kinds = kinds.numbers().filter(has_it).map(Kinds::beside).collect();
            found.push(word);
        }
        Ok(Search::new(found, kinds, rare))
    }

    /// Devices of each kind that have the word, counted no further than one beyond what is rare.
    async fn count_kinds(&mut self, word: &str, kinds: Kinds, rare: i64) -> Stored<[i64; KINDS]> {
        let mut counts = [0; KINDS];
        let common = self.common_words.common(word, Instant::now()).and(kinds);
        for number in common.numbers() {
            counts[number] = rare + 1;
        }
        let unknown = kinds.without(common);
        if unknown.is_empty() {
            return Ok(counts);
        }
        let end = end_of(word);
        let values = values![word, &end, length_of(word), rare + 1, unknown.0];
        let counted = self.on.all(sql::COUNT_KINDS, values, COUNT_OF_KIND).await?;
        let mut common = Kinds::NONE;
        for (number, count) in counted {
            let number = usize::try_from(number).unwrap_or(KINDS);
            if let Some(known) = counts.get_mut(number) {
                *known = count;
            }
            if count > rare {
                common = common.or(Kinds::one(number));
            }
        }
        if !common.is_empty() {
            self.common_words.note_common(word, common, Instant::now());
        }
        Ok(counts)
    }

    /// All devices with the word, of these kinds, as far as they match all words, sorted; and how many they are, if there is
    /// any.
    pub(super) async fn found(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        word: &str,
        kinds: Kinds,
    ) -> Stored<ListPart> {
        let statements = statements(request.order, request.descending);
        let place = request.after.clone().unwrap_or_else(|| before_all(request.descending));
        let (divisor, count) = request.order.part();
        // For the order by time, the place's number is not the group's, of which there is one.
        let group = match statements.by {
            By::Number | By::Text if request.after.is_some() => 0,
            By::Number | By::Text | By::Nothing => place.number,
        };
        let others: Vec<&str> = words.iter().copied().filter(|other| *other != word).collect();
        let (end, patterns) = (end_of(word), patterns(&others));
        let mut values = having_values(&request.filter, request.now, (word, &end), kinds, &patterns);
        values.extend_from_slice(values![
            divisor,
            count,
            group,
            &place.tag,
            place.sequence,
            limit_of(request.limit)
        ]);
        push_key(&mut values, statements.by, &place);
        let found = self.on.all(statements.found, &values, FOUND).await?;
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
        let words = search.words();
        let Some((word, others)) = words.split_first().filter(|_| !search.kinds.is_empty()) else {
            return Ok(ListCount::Exactly(0));
        };
        let is_of_word = is_count_of_word(filter, words.len());
        if is_of_word && !search.is_narrow() {
            return self.count_word(word, search).await;
        }
        if is_of_word {
            return Ok(ListCount::of(search.rarest()));
        }
        if !search.is_narrow() {
            return Ok(ListCount::Uncounted);
        }
        let (end, patterns) = (end_of(word), patterns(others));
        let values = having_values(filter, now, (word, &end), search.kinds, &patterns);
        let count = self.on.optional(sql::COUNT_FOUND, &values, NUMBER).await?;
        Ok(ListCount::of(count.unwrap_or_default()))
    }

    async fn count_word(&mut self, word: &str, search: &Search<'_>) -> Stored<ListCount> {
        let kinds = search.kinds;
        if search.rarest() > ListCount::MOST || self.common_words.is_countless(word, kinds, Instant::now()) {
            return Ok(ListCount::Many);
        }
        let end = end_of(word);
        let values = values![word, &end, length_of(word), ListCount::MOST + 1, kinds.0];
        let count = self.on.optional(sql::COUNT_WORD, values, NUMBER).await?.unwrap_or_default();
        if count > ListCount::MOST {
            self.common_words.note_countless(word, kinds, Instant::now());
        }
        Ok(ListCount::of(count))
    }
}
