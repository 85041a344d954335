//! The statements of one order and direction.

use gatehouse_domain::entity::{ListOrder, ListPlace};

use super::place::{By, STOP_BY_NUMBER, STOP_BY_TAG, STOP_BY_TEXT};
use crate::decode::Decode;
use crate::sql::listing as sql;

pub(super) struct Statements {
    /// By [`sql::CELLS_AT_ONCE`].
    pub(super) merged: [&'static str; 4],
    /// By [`sql::CELLS_TO_STOP_IN`].
    pub(super) merged_stop: [&'static str; 3],
    pub(super) whole: &'static str,
    pub(super) whole_stop: &'static str,
    pub(super) found: &'static str,
    pub(super) read_stop: Decode<ListPlace>,
    pub(super) by: By,
}

macro_rules! statements {
    ($one:ident $sixteen:ident $thirty_two:ident $sixty_four:ident $stop_16:ident $stop_32:ident $stop_64:ident $all:ident $all_stop:ident
     $found:ident $read_stop:ident $by:ident) => {
        Statements {
            merged: [sql::$one, sql::$sixteen, sql::$thirty_two, sql::$sixty_four],
            merged_stop: [sql::$stop_16, sql::$stop_32, sql::$stop_64],
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
            MODEL_UP_1 MODEL_UP_16 MODEL_UP_32 MODEL_UP_64 MODEL_UP_STOP_16 MODEL_UP_STOP_32 MODEL_UP_STOP_64 MODEL_UP_ALL
            MODEL_UP_ALL_STOP MODEL_UP_FOUND STOP_BY_TEXT Text),
        (ListOrder::Model, true) => statements!(
            MODEL_DOWN_1 MODEL_DOWN_16 MODEL_DOWN_32 MODEL_DOWN_64 MODEL_DOWN_STOP_16 MODEL_DOWN_STOP_32 MODEL_DOWN_STOP_64 MODEL_DOWN_ALL
            MODEL_DOWN_ALL_STOP MODEL_DOWN_FOUND STOP_BY_TEXT Text),
        (ListOrder::Owner, false) => statements!(
            OWNER_UP_1 OWNER_UP_16 OWNER_UP_32 OWNER_UP_64 OWNER_UP_STOP_16 OWNER_UP_STOP_32 OWNER_UP_STOP_64 OWNER_UP_ALL
            OWNER_UP_ALL_STOP OWNER_UP_FOUND STOP_BY_TEXT Text),
        (ListOrder::Owner, true) => statements!(
            OWNER_DOWN_1 OWNER_DOWN_16 OWNER_DOWN_32 OWNER_DOWN_64 OWNER_DOWN_STOP_16 OWNER_DOWN_STOP_32 OWNER_DOWN_STOP_64 OWNER_DOWN_ALL
            OWNER_DOWN_ALL_STOP OWNER_DOWN_FOUND STOP_BY_TEXT Text),
        (ListOrder::Seen, false) => statements!(
            SEEN_UP_1 SEEN_UP_16 SEEN_UP_32 SEEN_UP_64 SEEN_UP_STOP_16 SEEN_UP_STOP_32 SEEN_UP_STOP_64 SEEN_UP_ALL SEEN_UP_ALL_STOP
            SEEN_UP_FOUND STOP_BY_NUMBER Number),
        (ListOrder::Seen, true) => statements!(
            SEEN_DOWN_1 SEEN_DOWN_16 SEEN_DOWN_32 SEEN_DOWN_64 SEEN_DOWN_STOP_16 SEEN_DOWN_STOP_32 SEEN_DOWN_STOP_64 SEEN_DOWN_ALL
            SEEN_DOWN_ALL_STOP SEEN_DOWN_FOUND STOP_BY_NUMBER Number),
        (_, false) => statements!(
            TAG_UP_1 TAG_UP_16 TAG_UP_32 TAG_UP_64 TAG_UP_STOP_16 TAG_UP_STOP_32 TAG_UP_STOP_64 TAG_UP_ALL TAG_UP_ALL_STOP
            TAG_UP_FOUND STOP_BY_TAG Nothing),
        (_, true) => statements!(
            TAG_DOWN_1 TAG_DOWN_16 TAG_DOWN_32 TAG_DOWN_64 TAG_DOWN_STOP_16 TAG_DOWN_STOP_32 TAG_DOWN_STOP_64 TAG_DOWN_ALL
            TAG_DOWN_ALL_STOP TAG_DOWN_FOUND STOP_BY_TAG Nothing),
    }
}
