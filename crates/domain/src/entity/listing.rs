//! The inventory as it is listed: what a line shows, and what lists are filtered and sorted by.

use gatehouse_model::{AttestationTier, DeviceOrigin, EnrollStatus, OsType, Timestamp};

/// How long a device may not be seen before it counts as stale, in seconds: 30 days.
pub const STALE_SECS: i64 = 30 * 86_400;

/// Most words of one search.
pub const MAX_SEARCH_WORDS: usize = 4;

/// Everything about a device that a list can be filtered by. There are few cells ([`Cell::COUNT`]), so a filter is a set
/// of cells, and a list sorted within each cell is a sorted list of any filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pub os: OsType,
    pub status: EnrollStatus,
    /// Of the credential that was used last.
    pub tier: Option<AttestationTier>,
    pub origin: Option<DeviceOrigin>,
    /// Not seen for [`STALE_SECS`] when the program last looked ([`crate::device::Inventory::keep_up`]).
    pub stale: bool,
    /// There is a lock on it that was in force when the program last looked; whether it is, its end says.
    pub locked: bool,
}

impl Cell {
    /// Numbers of cells are below this.
    pub const COUNT: i64 = 480;
    /// What the number grows by when a device turns stale.
    pub const STALE: i64 = 2;
    /// What the number grows by with a lock.
    pub const LOCKED: i64 = 1;

    /// The cell as one number. The parts are found by dividing: see [`ListOrder::part`].
    #[must_use]
    pub fn number(self) -> i64 {
        let os = i64::from(self.os.number()) - 1;
        let status = self.status as i64 - 1;
        let tier = self.tier.map_or(0, |tier| tier as i64 + 1);
        let origin = self.origin.map_or(0, |origin| origin as i64);
        (((os * 2 + status) * 5 + tier) * 4 + origin) * 4
            + i64::from(self.stale) * Self::STALE
            + i64::from(self.locked) * Self::LOCKED
    }

    /// The cell of a number; `None` if there is no such cell.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let part = |divisor: i64, count: i64| {
            i32::try_from(number.div_euclid(divisor).rem_euclid(count)).unwrap_or_default()
        };
        (0..Self::COUNT).contains(&number).then_some(())?;
        Some(Self {
            os: OsType::from_number(part(160, 3) + 1)?,
            status: if part(80, 2) == 0 { EnrollStatus::NotEnrolled } else { EnrollStatus::Enrolled },
            tier: AttestationTier::from_number(part(16, 5) - 1),
            origin: DeviceOrigin::from_number(part(4, 4)),
            stale: part(2, 2) == 1,
            locked: part(1, 2) == 1,
        })
    }
}

/// Which devices a list holds; `None` is no filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    pub os: Option<OsType>,
    pub status: Option<EnrollStatus>,
    /// The inner `None` is for devices without a credential.
    pub tier: Option<Option<AttestationTier>>,
    /// The inner `None` is for devices whose source nobody named.
    pub origin: Option<Option<DeviceOrigin>>,
    /// Only what was not seen for [`STALE_SECS`].
    pub stale: bool,
    /// Only what is locked at the moment of asking.
    pub locked: bool,
}

impl ListFilter {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether devices of this cell belong to the list, as far as cells tell.
    #[must_use]
    pub fn admits(&self, cell: Cell) -> bool {
        self.os.is_none_or(|os| os == cell.os)
            && self.status.is_none_or(|status| status == cell.status)
            && self.tier.is_none_or(|tier| tier == cell.tier)
            && self.origin.is_none_or(|origin| origin == cell.origin)
            && (!self.stale || cell.stale)
            && (!self.locked || cell.locked)
    }
}

/// What a list is sorted by first; what is equal in that is sorted by tag, then by when it was first listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListOrder {
    #[default]
    Tag,
    Os,
    Model,
    Owner,
    Status,
    Tier,
    Source,
    Seen,
}

impl ListOrder {
    pub const ALL: [Self; 8] =
        [Self::Tag, Self::Os, Self::Model, Self::Owner, Self::Status, Self::Tier, Self::Source, Self::Seen];

    /// The part of a cell's number that is sorted by: (number / first) % second. For orders that cells know nothing of,
    /// every cell has the same.
    #[must_use]
    pub const fn part(self) -> (i64, i64) {
        match self {
            Self::Tag | Self::Model | Self::Owner | Self::Seen => (1, 1),
            Self::Os => (160, 3),
            Self::Status => (80, 2),
            Self::Tier => (16, 5),
            Self::Source => (4, 4),
        }
    }

    /// Which group a cell is in; groups follow each other in the list.
    #[must_use]
    pub const fn group(self, cell: i64) -> i64 {
        let (divisor, count) = self.part();
        cell / divisor % count
    }
}

/// A device as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// Grows with every device that is listed.
    pub sequence: i64,
    pub device_id: String,
    pub cell: Cell,
    pub asset_tag: String,
    /// As collected last, else as the MDM says; may be empty.
    pub model: String,
    /// As collected last; may be empty.
    pub serial: String,
    /// Empty if there is none.
    pub owner: String,
    /// Users of the device beside its owner.
    pub other_users: i64,
    pub last_authenticated: Option<Timestamp>,
    /// End of the last lock.
    pub locked_until: Option<Timestamp>,
    /// What it is sorted by.
    pub keys: SortKeys,
}

impl ListedDevice {
    #[must_use]
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|end| end > now)
    }

    /// Its place in a list of this order.
    #[must_use]
    pub fn place(&self, order: ListOrder) -> ListPlace {
        let text = match order {
            ListOrder::Model => &self.keys.model,
            ListOrder::Owner => &self.owner,
            _ => "",
        };
        let number = match order {
            ListOrder::Seen => self.last_authenticated.map_or(0, Timestamp::micros),
            _ => order.group(self.cell.number()),
        };
        ListPlace { number, text: text.to_owned(), tag: self.keys.tag.clone(), sequence: self.sequence }
    }
}

/// Sort keys of a device that differ from what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKeys {
    pub tag: String,
    pub model: String,
}

/// A place in a list of one order: what stands at it, or once stood. Compared field by field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPlace {
    /// The group, or the time of a list by last authentication.
    pub number: i64,
    /// Model or owner, in lists by these.
    pub text: String,
    pub tag: String,
    pub sequence: i64,
}

/// A part of a list to be read.
#[derive(Clone, Debug)]
pub struct ListRequest<'a> {
    pub filter: ListFilter,
    /// Every word has to be the beginning of a word of the device.
    pub words: &'a [String],
    pub order: ListOrder,
    /// From the end of the order to its beginning.
    pub descending: bool,
    /// Only what comes after this place in that direction.
    pub after: Option<ListPlace>,
    pub limit: usize,
    /// Count the whole list as well.
    pub counted: bool,
    /// For locks.
    pub now: Timestamp,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPart {
    /// In the direction that was asked for.
    pub devices: Vec<ListedDevice>,
    /// Set if reading stopped here, before the part was full, because it had looked at too many devices that do not
    /// match: the list may go on after this place.
    pub stopped_at: Option<ListPlace>,
    /// Of the whole list, if it was asked for.
    pub count: Option<ListCount>,
}

/// How many devices a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListCount {
    Exactly(i64),
    /// More than [`ListCount::MOST`].
    Many,
    /// Counting takes longer than somebody should wait.
    Uncounted,
}

impl ListCount {
    /// Larger numbers are not counted out.
    pub const MOST: i64 = 10_000;

    /// A number that may have been counted no further than one beyond [`ListCount::MOST`].
    #[must_use]
    pub fn of(counted: i64) -> Self {
        if counted > Self::MOST { Self::Many } else { Self::Exactly(counted) }
    }
}

/// A count of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyCount {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// The stable code of a failure; empty for successes.
    pub detail: String,
    pub count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_cell() {
        for number in 0..Cell::COUNT {
            let cell = Cell::from_number(number).unwrap();
            assert_eq!(cell.number(), number);
            assert_eq!(ListOrder::Os.group(number), i64::from(cell.os.number()) - 1);
            assert_eq!(ListOrder::Status.group(number), cell.status as i64 - 1);
            assert_eq!(ListOrder::Tier.group(number), cell.tier.map_or(0, |tier| tier as i64 + 1));
            assert_eq!(ListOrder::Source.group(number), cell.origin.map_or(0, |origin| origin as i64));
            assert_eq!(ListOrder::Seen.group(number), 0);
        }
        assert_eq!(Cell::from_number(-1), None);
        assert_eq!(Cell::from_number(Cell::COUNT), None);
    }
}
