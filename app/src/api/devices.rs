use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::ApiError;

#[cfg(feature = "ssr")]
use {
    super::page_token,
    crate::{ConsoleContext, moment::moment},
    gatehouse_domain::authz::ListDevices as MayList,
    gatehouse_domain::device::{DevicePage, DeviceView},
    gatehouse_domain::entity::DeviceCursor,
    gatehouse_model::EnrollStatus,
};

/// Devices of one page.
#[cfg(feature = "ssr")]
const PAGE: i64 = 50;

/// A line of the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    pub id: String,
    pub asset_tag: String,
    /// `Linux`, `macOS`, `Windows`.
    pub os: String,
    pub enrolled: bool,
    pub owner: Option<String>,
    pub last_authenticated: Option<Moment>,
}

/// A page of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    pub rows: Vec<DeviceRow>,
    /// Token of the next page.
    pub next: Option<String>,
}

/// The inventory by asset tag, from the page with this token on.
///
/// # Errors
/// Nobody is signed in, no role allows it, a required device is missing, a damaged token.
#[server(prefix = "/api", endpoint = "list_devices")]
pub async fn list_devices(after: Option<String>) -> Result<DeviceList, ApiError> {
    let console = ConsoleContext::current()?;
    let after = cursor(after.as_deref())?;
    let grant = console.principal.grant::<MayList>().map_err(|error| console.refuse(error))?;
    let page = console.services.devices.list(&grant, after.as_ref(), PAGE, false).await;
    page.map(list).map_err(|error| console.refuse(error))
}

#[cfg(feature = "ssr")]
fn cursor(token: Option<&str>) -> Result<Option<DeviceCursor>, ApiError> {
    token.filter(|token| !token.is_empty()).map(page_token::read).transpose()
}

#[cfg(feature = "ssr")]
fn list(page: DevicePage) -> DeviceList {
    DeviceList {
        rows: page.devices.into_iter().map(row).collect(),
        next: page.next.as_ref().and_then(page_token::write),
    }
}

#[cfg(feature = "ssr")]
fn row(view: DeviceView) -> DeviceRow {
    let device = view.device;
    DeviceRow {
        asset_tag: device.asset_tag.to_string(),
        os: device.os_type.friendly().to_owned(),
        enrolled: device.enroll_status == EnrollStatus::Enrolled,
        owner: device.owner,
        last_authenticated: device.last_authenticated.map(moment),
        id: device.id,
    }
}
