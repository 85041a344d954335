use gatehouse_proto::devicetrust::{Device, DeviceView, ListDevicesByUserRequest, ListDevicesRequest};

use crate::connection::Connection;
use crate::error::{ClientError, Result};

/// Devices asked for at once.
const PAGE_SIZE: i32 = 1000;

/// The whole inventory, sorted by asset tag, then system.
///
/// # Errors
/// The server refuses.
pub async fn all_devices(connection: &Connection, view: DeviceView) -> Result<Vec<Device>> {
    // Collected data is large; the server's messages are limited.
    let page_size = if view == DeviceView::Resource { 100 } else { PAGE_SIZE };
    let mut client = connection.devices();
    let (mut devices, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDevicesRequest { page_size, page_token: page_token.clone(), view: view.into() };
        let page = client.list_devices(request).await?.into_inner();
        devices.extend(page.devices);
        if page.next_page_token.is_empty() {
            break;
        }
        advance(&mut page_token, page.next_page_token)?;
    }
    devices.sort_by_cached_key(|device| (device.asset_tag.to_lowercase(), device.os_type));
    Ok(devices)
}

/// The devices of the caller.
///
/// # Errors
/// The server refuses.
pub async fn own_devices(connection: &Connection) -> Result<Vec<Device>> {
    let mut client = connection.devices();
    let (mut devices, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDevicesByUserRequest { page_size: PAGE_SIZE, page_token: page_token.clone() };
        let page = client.list_devices_by_user(request).await?.into_inner();
        devices.extend(page.devices);
        if page.next_page_token.is_empty() {
            break;
        }
        advance(&mut page_token, page.next_page_token)?;
    }
    Ok(devices)
}

/// Goes on to the next page; a server that hands out the same page for ever is stopped.
pub(crate) fn advance(token: &mut String, next: String) -> Result<()> {
    if *token == next {
        return Err(ClientError::unexpected("the server repeats a page of its list"));
    }
    *token = next;
    Ok(())
}
