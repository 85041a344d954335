//! Searches by what is rare and what is common: where few devices have a word, each of them is looked at; the others are
//! found by going through the list, beginning where what is sorted by begins with the word, if that is all there is.

use gatehouse_domain::entity::{ListPart, ListPlace, ListRequest};
use gatehouse_domain::ports::store::Stored;

use super::super::Unit;
use super::place::{By, before_all, precedes};
use super::scan::{CellCount, in_order};
use super::search::end_of;
use super::statements::statements;
use super::terms::Kinds;
use super::words::{Search, Ways};
use crate::executor::Executor;

/// The place before or after all devices whose key begins with this text.
fn place(by: By, text: &str, descending: bool) -> ListPlace {
    let place = before_all(descending);
    match by {
        By::Text => ListPlace { number: 0, text: text.to_owned(), ..place },
        By::Nothing | By::Number => ListPlace { number: 0, tag: text.to_owned(), ..place },
    }
}

impl<E: Executor> Unit<E> {
    /// The devices that have the words, in these cells: the few on which a word is rare, and those beside them that are
    /// found by going through the list.
    pub(super) async fn searched(
        &mut self,
        request: &ListRequest<'_>,
        search: &Search<'_>,
        cells: &[CellCount],
        total: i64,
    ) -> Stored<ListPart> {
        let Some(ways) = search.ways(request.order).filter(|_| !search.kinds.is_empty()) else {
            return Ok(ListPart::default());
        };
        let words = search.words();
        if ways.rest.is_empty() {
            return self.found(request, &words, ways.word, ways.few).await;
        }
        let mut part = self.rest(request, &words, &ways, cells, total).await?;
        if ways.few.is_empty() {
            return Ok(part);
        }
        part.devices.extend(self.found(request, &words, ways.word, ways.few).await?.devices);
        Ok(in_order(part, request, request.limit))
    }

    /// What is found by going through the list.
    async fn rest(
        &mut self,
        request: &ListRequest<'_>,
        words: &[&str],
        ways: &Ways<'_>,
        cells: &[CellCount],
        total: i64,
    ) -> Stored<ListPart> {
        let mut rest = cells.to_vec();
        rest.retain(|(cell, _)| !ways.rest.and(Kinds::of_cell(*cell)).is_empty());
        // What the word is not found in is likely to stand together, in any order.
        let total = Some(total).filter(|_| rest.len() == cells.len());
        if !ways.is_in_order {
            return self.scanned(request, words, rest, total).await;
        }
        let (by, descending) = (statements(request.order, request.descending).by, request.descending);
        let end = end_of(ways.word);
        let (first, last) = if descending { (end.as_str(), ways.word) } else { (ways.word, end.as_str()) };
        let (begin, end) = (place(by, first, descending), place(by, last, !descending));
        let after =
            request.after.clone().filter(|after| precedes(&begin, after, descending)).unwrap_or(begin);
        if !precedes(&after, &end, descending) {
            return Ok(ListPart::default());
        }
        let request = ListRequest { after: Some(after), ..request.clone() };
        let mut part = self.scanned(&request, words, rest, total).await?;
        part.stopped_at = part.stopped_at.filter(|stop| precedes(stop, &end, descending));
        Ok(part)
    }
}
