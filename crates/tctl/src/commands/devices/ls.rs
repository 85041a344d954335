use gatehouse_client::DeviceResource;
use gatehouse_client::device::{all_devices, friendly_os};
use gatehouse_client::present::{Format, Table};
use gatehouse_proto::devicetrust::{Device, DeviceView};

use crate::cli::ServerArgs;
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Lists the inventory, sorted by asset tag, then system.
pub(crate) async fn run(server: &ServerArgs, format: Format) -> Outcome {
    let connection = connect(server).await?;
    let devices = all_devices(&connection, DeviceView::List).await?;
    match format {
        Format::Text if devices.is_empty() => output::line("No devices found")?,
        Format::Text => output::raw(&table(&devices))?,
        Format::Json | Format::Yaml => {
            let documents: Vec<DeviceResource> = devices.into_iter().map(DeviceResource::from).collect();
            output::data(format, &documents, String::new)?;
        }
    }
    Ok(0)
}

fn table(devices: &[Device]) -> String {
    let mut table = Table::new(&["Asset Tag", "OS", "Enroll Status", "Device ID"]);
    for device in devices {
        let status = if device.enroll_status == 2 { "enrolled" } else { "not enrolled" };
        table.row([&*device.asset_tag, friendly_os(device.os_type), status, &*device.id]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_guides() {
        let device = |tag: &str, os_type, enroll_status, id: &str| Device {
            asset_tag: tag.to_owned(),
            os_type,
            enroll_status,
            id: id.to_owned(),
            ..Device::default()
        };
        let devices = [
            device("C00AA0AAAA0A", 2, 1, "9cdfc0ad-64b7-4d9c-8342-25f6a7d2a3b1"),
            device("PF0\u{1b}[31m1", 1, 2, "c9cbb327-68a8-497e-b820-6a4b2bf58269"),
        ];
        insta::assert_snapshot!(table(&devices), @r"
        Asset Tag    OS    Enroll Status Device ID
        ------------ ----- ------------- ------------------------------------
        C00AA0AAAA0A macOS not enrolled  9cdfc0ad-64b7-4d9c-8342-25f6a7d2a3b1
        PF0[31m1     Linux enrolled      c9cbb327-68a8-497e-b820-6a4b2bf58269
        ");
    }
}
