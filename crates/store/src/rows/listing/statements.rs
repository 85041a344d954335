//! The statements of one order and direction.

use gatehouse_domain::entity::{ListOrder, ListPlace};

use super::place::{By, STOP_BY_NUMBER, STOP_BY_TAG, STOP_BY_TEXT};
use crate::decode::Decode;
use crate::sql::listing as sql;

pub(super) struct Statements {
    /// By [`sql::CELLS_AT_ONCE`].
    pub(super) merged: [&'static str; 3],
    pub(super) merged_stop: &'static str,
    pub(super) whole: &'static str,
    pub(super) whole_stop: &'static str,
    pub(super) found: &'static str,
    pub(super) read_stop: Decode<ListPlace>,
    pub(super) by: By,
}

macro_rules! statements {
    ($one:ident $eight:ident $sixty_four:ident $stop:ident $all:ident $all_stop:ident $found:ident $read_stop:ident
     $by:ident) => {
        Statements {
            merged: [sql::$one, sql::$eight, sql::$sixty_four],
            merged_stop: sql::$stop,
            whole: sql::$all,
            whole_stop: sql::$all_stop,
            found: sql::$found,
            read_stop: $read_stop,
            by: By::$by,
        }
    };
}

pub(super) fn statements(order: ListOrder, descending: bool) -> Statements {
    match (order, descending) {
        (ListOrder::Model, false) => statements!(
            MODEL_UP_1 MODEL_UP_8 MODEL_UP_64 MODEL_UP_STOP MODEL_UP_ALL MODEL_UP_ALL_STOP MODEL_UP_FOUND
            STOP_BY_TEXT Text),
        (ListOrder::Model, true) => statements!(
            MODEL_DOWN_1 MODEL_DOWN_8 MODEL_DOWN_64 MODEL_DOWN_STOP MODEL_DOWN_ALL MODEL_DOWN_ALL_STOP
            MODEL_DOWN_FOUND STOP_BY_TEXT Text),
        (ListOrder::Owner, false) => statements!(
            OWNER_UP_1 OWNER_UP_8 OWNER_UP_64 OWNER_UP_STOP OWNER_UP_ALL OWNER_UP_ALL_STOP OWNER_UP_FOUND
            STOP_BY_TEXT Text),
        (ListOrder::Owner, true) => statements!(
            OWNER_DOWN_1 OWNER_DOWN_8 OWNER_DOWN_64 OWNER_DOWN_STOP OWNER_DOWN_ALL OWNER_DOWN_ALL_STOP
            OWNER_DOWN_FOUND STOP_BY_TEXT Text),
        (ListOrder::Seen, false) => statements!(
            SEEN_UP_1 SEEN_UP_8 SEEN_UP_64 SEEN_UP_STOP SEEN_UP_ALL SEEN_UP_ALL_STOP SEEN_UP_FOUND
            STOP_BY_NUMBER Number),
        (ListOrder::Seen, true) => statements!(
            SEEN_DOWN_1 SEEN_DOWN_8 SEEN_DOWN_64 SEEN_DOWN_STOP SEEN_DOWN_ALL SEEN_DOWN_ALL_STOP SEEN_DOWN_FOUND
            STOP_BY_NUMBER Number),
        (_, false) => statements!(
            TAG_UP_1 TAG_UP_8 TAG_UP_64 TAG_UP_STOP TAG_UP_ALL TAG_UP_ALL_STOP TAG_UP_FOUND STOP_BY_TAG Nothing),
        (_, true) => statements!(
            TAG_DOWN_1 TAG_DOWN_8 TAG_DOWN_64 TAG_DOWN_STOP TAG_DOWN_ALL TAG_DOWN_ALL_STOP TAG_DOWN_FOUND
            STOP_BY_TAG Nothing),
    }
}
