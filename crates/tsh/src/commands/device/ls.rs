use gatehouse_client::device::{friendly_os, own_devices};
use gatehouse_client::present::{Format, Table};
use gatehouse_client::{DeviceResource, Session, now};

use crate::commands::Context;
use crate::failure::Outcome;
use crate::output;

/// Lists the devices of the user who is logged in.
pub(crate) async fn run(context: &Context, format: Format) -> Outcome {
    let session = Session::open(&context.home, None, now()).await?;
    let devices = own_devices(&session.connection).await?;
    if format == Format::Text && devices.is_empty() {
        output::line("No devices found")?;
        return Ok(0);
    }
    let mut table = Table::new(&["Asset Tag", "OS", "Enroll Status", "Device ID"]);
    for device in &devices {
        let status = if device.enroll_status == 2 { "enrolled" } else { "not enrolled" };
        table.row([&*device.asset_tag, friendly_os(device.os_type), status, &*device.id]);
    }
    let documents: Vec<DeviceResource> = devices.into_iter().map(DeviceResource::from).collect();
    output::data(format, &documents, || table.to_string())?;
    Ok(0)
}
