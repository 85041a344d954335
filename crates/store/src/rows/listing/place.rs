//! Places in lists: where a part begins, and where looking stopped.

use gatehouse_domain::entity::ListPlace;

use crate::decode::Decode;
use crate::value::Value;

/// The planners know nothing of it: a text after any other.
const AFTER_ALL: &str = "\u{10FFFF}\u{10FFFF}\u{10FFFF}";

pub(super) const STOP_BY_TAG: Decode<ListPlace> = Decode {
    entity: "place in a list",
    read: |columns| {
        let (tag, sequence) = (columns.text()?, columns.int()?);
        Ok(ListPlace { number: 0, text: String::new(), tag, sequence })
    },
};

pub(super) const STOP_BY_TEXT: Decode<ListPlace> = Decode {
    entity: "place in a list",
    read: |columns| {
        let (text, tag, sequence) = (columns.text()?, columns.text()?, columns.int()?);
        Ok(ListPlace { number: 0, text, tag, sequence })
    },
};

pub(super) const STOP_BY_NUMBER: Decode<ListPlace> = Decode {
    entity: "place in a list",
    read: |columns| {
        let (number, tag, sequence) = (columns.int()?, columns.text()?, columns.int()?);
        Ok(ListPlace { number, text: String::new(), tag, sequence })
    },
};

/// What is sorted by beside the tag.
#[derive(Clone, Copy)]
pub(super) enum By {
    Nothing,
    Text,
    Number,
}

/// What comes before every device in this direction.
pub(super) fn before_all(descending: bool) -> ListPlace {
    let (number, text) = if descending { (i64::MAX, AFTER_ALL) } else { (-1, "") };
    ListPlace { number, text: text.to_owned(), tag: text.to_owned(), sequence: number }
}

/// `a` comes before `b` in this direction.
pub(super) fn precedes(a: &ListPlace, b: &ListPlace, descending: bool) -> bool {
    if descending { a > b } else { a < b }
}

pub(super) fn push_key<'v>(values: &mut Vec<Value<'v>>, by: By, place: &'v ListPlace) {
    match by {
        By::Nothing => {}
        By::Text => values.push(Value::from(&place.text)),
        By::Number => values.push(Value::from(place.number)),
    }
}
