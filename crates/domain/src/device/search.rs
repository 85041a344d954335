//! Searching, filtering, sorting and paging the inventory.

mod csv;
mod error;
mod names;
mod query;
mod token;

use super::Inventory;
use crate::authz::{Grant, ListDevices};
use crate::entity::{ListCount, ListPlace, ListRequest, ListedDevice};
pub use error::SearchError;
pub use names::{origin_name, tier_name};
pub use query::DeviceQuery;
use token::PageToken;

use gatehouse_model::Timestamp;

/// Devices of one page.
pub const DEVICES_A_PAGE: usize = 50;
/// Devices of one piece of an export.
const DEVICES_A_PIECE: usize = 1000;

/// So many times a page is looked for where nothing was found so far: nobody is shown an empty page and asked to go on.
const LOOKS: usize = 20;

/// A page of what was searched for.
#[derive(Clone, Debug)]
pub struct DevicesFound {
    pub devices: Vec<ListedDevice>,
    /// Of the whole list, not of the page.
    pub count: ListCount,
    /// Tokens of the pages beside this one.
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The page ends before it is full because too many devices did not match; the list may go on at `next`.
    pub stopped: bool,
    /// The moment of asking: by it, locks are in force or not.
    pub at: Timestamp,
}

/// A piece of an export.
#[derive(Clone, Debug)]
pub struct DevicesExported {
    pub devices: Vec<ListedDevice>,
    /// Where the next piece begins; `None` at the end.
    pub next: Option<ListPlace>,
    pub at: Timestamp,
}

impl Inventory {
    /// A page of the devices that the query asks for; the first one without a token.
    ///
    /// # Errors
    /// A token that is damaged or belongs to another query; storage.
    pub async fn search(
        &self,
        _grant: &Grant<ListDevices>,
        query: &DeviceQuery,
        page: Option<&str>,
    ) -> Result<DevicesFound, SearchError> {
        let token = page.map(|text| PageToken::read(text, query)).transpose()?;
        let backward = token.as_ref().is_some_and(|token| token.backward);
        let at = self.core.now();
        let mut work = self.core.store.lists().await?;
        let is_first = token.is_none();
        let asked = token.map(|token| token.place);
        let mut request = ListRequest {
            filter: query.filter,
            words: query.words(),
            order: query.order,
            descending: query.descending != backward,
            after: asked.clone(),
            // One more, to know whether there is another page.
            limit: DEVICES_A_PAGE + 1,
            counted: true,
            now: at,
        };
        let mut part = work.listed(&request).await?;
        let counted = part.count.unwrap_or(ListCount::Uncounted);
        request.counted = false;
        for _ in 1..LOOKS {
            if !part.devices.is_empty() || part.stopped_at.is_none() {
                break;
            }
            request.after = part.stopped_at;
            part = work.listed(&request).await?;
        }
        let is_all = is_first && part.stopped_at.is_none() && part.devices.len() <= DEVICES_A_PAGE;
        let shown = i64::try_from(part.devices.len()).unwrap_or(i64::MAX);
        let count = if is_all { ListCount::of(shown) } else { counted };
        let mut devices = part.devices;
        let goes_on = devices.len() > DEVICES_A_PAGE;
        devices.truncate(DEVICES_A_PAGE);
        let token = |backward, place| PageToken { backward, place }.write(query);
        let last = devices.last().map(|device| device.place(query.order));
        let first = devices.first().map(|device| device.place(query.order));
        // In the direction of reading.
        let ahead = if goes_on { last } else { part.stopped_at.clone() };
        let ahead = ahead.map(|place| token(backward, place));
        // Where the page was come to from; without a device, the place that the page was asked for.
        let behind = (!is_first).then(|| first.or(asked)).flatten();
        let behind = behind.map(|place| token(!backward, place));
        let (previous, next) = if backward { (ahead, behind) } else { (behind, ahead) };
        if backward {
            devices.reverse();
        }
        Ok(DevicesFound { devices, count, previous, next, stopped: part.stopped_at.is_some(), at })
    }

    /// The next piece of all devices that the query asks for.
    ///
    /// # Errors
    /// Storage.
    pub async fn export(
        &self,
        _grant: &Grant<ListDevices>,
        query: &DeviceQuery,
        after: Option<ListPlace>,
    ) -> Result<DevicesExported, SearchError> {
        let at = self.core.now();
        let request = ListRequest {
            filter: query.filter,
            words: query.words(),
            order: query.order,
            descending: query.descending,
            after,
            limit: DEVICES_A_PIECE,
            counted: false,
            now: at,
        };
        let part = self.core.store.lists().await?.listed(&request).await?;
        let is_full = part.devices.len() >= DEVICES_A_PIECE;
        let last = part.devices.last().map(|device| device.place(query.order));
        let next = part.stopped_at.or(last.filter(|_| is_full));
        Ok(DevicesExported { devices: part.devices, next, at })
    }

    /// One device as the list shows it, with the moment of asking; `None` if there is no such device.
    ///
    /// # Errors
    /// Storage.
    pub async fn listed(
        &self,
        _grant: &Grant<ListDevices>,
        id: &str,
    ) -> Result<Option<(ListedDevice, Timestamp)>, SearchError> {
        let at = self.core.now();
        let device = self.core.read().await?.listed_device(id).await?;
        Ok(device.map(|device| (device, at)))
    }
}
