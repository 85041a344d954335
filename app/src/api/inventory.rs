use gatehouse_domain::authz::ListDevices;
use gatehouse_domain::device::{DeviceQuery, Insights};
use gatehouse_domain::entity::{ListCount, ListOrder, ListedDevice};
use gatehouse_model::Timestamp;

use super::{Moment, page_token};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

/// Where other lists begin, and this one never did.
const OTHER_PLACES: [&str; 2] = ["after", "before"];
/// Where the inventory is.
pub(crate) const INVENTORY: &str = "/web/devices";

/// A line of the inventory.
#[derive(Clone, Debug)]
pub(crate) struct InventoryRow {
    pub(crate) device: ListedDevice,
    pub(crate) is_locked: bool,
    pub(crate) last_authenticated: Option<Moment>,
}

/// A page of the inventory.
#[derive(Clone, Debug)]
pub(crate) struct InventoryPage {
    pub(crate) rows: Vec<InventoryRow>,
    pub(crate) count: ListCount,
    /// Addresses of other pages of the list.
    pub(crate) first: Option<String>,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
    /// The page is not full because too many devices did not match.
    pub(crate) stopped: bool,
}

/// What the address asks for, and which page of it.
#[derive(Clone, Debug)]
pub(crate) struct InventoryAddress {
    pub(crate) query: DeviceQuery,
    page: Option<String>,
}

impl InventoryAddress {
    /// # Errors
    /// A filter that cannot be so; a place of another kind of list.
    pub(crate) fn read(console: &ConsoleContext, search: &str) -> Result<Self, ApiError> {
        let pairs = parameters(search);
        if pairs.iter().any(|(name, _)| OTHER_PLACES.contains(&name.as_str())) {
            return Err(page_token::damaged());
        }
        let query = DeviceQuery::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let page = pairs.into_iter().find(|(name, value)| name == "page" && !value.is_empty());
        Ok(Self { query: query.map_err(|error| console.refuse(error))?, page: page.map(|(_, page)| page) })
    }
}

/// The pairs of an address's query; nothing where it is malformed.
#[must_use]
pub fn parameters(search: &str) -> Vec<(String, String)> {
    serde_html_form::from_str(search.trim_start_matches('?')).unwrap_or_default()
}

/// The address of a list's page; of its first one without a token.
pub(crate) fn address_of(path: &str, query: &DeviceQuery, page: Option<&str>) -> String {
    let mut pairs = query.parameters();
    pairs.extend(page.map(|page| ("page", page.to_owned())));
    match serde_html_form::to_string(&pairs) {
        Ok(search) if !search.is_empty() => format!("{path}?{search}"),
        _ => path.to_owned(),
    }
}

/// The address of the same list sorted by this column: turned around if it is sorted by it already.
pub(crate) fn sorted_by(query: &DeviceQuery, order: ListOrder) -> String {
    let descending = match query.order == order {
        true => !query.descending,
        // What was seen last is what one looks for first.
        false => order == ListOrder::Seen,
    };
    address_of(INVENTORY, &query.sorted(order, descending), None)
}

/// # Errors
/// No role allows it, a required device is missing, a token of another list.
pub(crate) async fn inventory(
    console: &ConsoleContext,
    address: &InventoryAddress,
) -> Result<InventoryPage, ApiError> {
    let grant = console.principal.grant::<ListDevices>().map_err(|error| console.refuse(error))?;
    let InventoryAddress { query, page } = address;
    let found = console.services.devices.search(&grant, query, page.as_deref()).await;
    let found = found.map_err(|error| console.refuse(error))?;
    let of = |token: Option<String>| token.map(|token| address_of(INVENTORY, query, Some(&token)));
    Ok(InventoryPage {
        count: found.count,
        first: (page.is_some()).then(|| address_of(INVENTORY, query, None)),
        previous: of(found.previous),
        next: of(found.next),
        stopped: found.stopped,
        rows: found.devices.into_iter().map(|device| row(device, found.at)).collect(),
    })
}

pub(crate) fn row(device: ListedDevice, at: Timestamp) -> InventoryRow {
    InventoryRow {
        is_locked: device.is_locked(at),
        last_authenticated: device.last_authenticated.map(moment),
        device,
    }
}

/// # Errors
/// As for [`inventory`].
pub(crate) async fn insights(console: &ConsoleContext) -> Result<Insights, ApiError> {
    let grant = console.principal.grant::<ListDevices>().map_err(|error| console.refuse(error))?;
    console.services.devices.insights(&grant).await.map_err(|error| console.refuse(error))
}
