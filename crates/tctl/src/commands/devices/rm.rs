use gatehouse_client::device::find_one;
use gatehouse_proto::devicetrust::DeleteDeviceRequest;

use super::target::device_name;
use crate::cli::{DeviceTarget, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Removes a device from the inventory.
pub(crate) async fn run(server: &ServerArgs, target: &DeviceTarget) -> Outcome {
    let name = device_name(target)?;
    let connection = connect(server).await?;
    let device = find_one(&connection, &name).await?;
    connection.devices().delete_device(DeleteDeviceRequest { device_id: device.id }).await?;
    output::line(format!("Device \"{}\" removed", name.text()))?;
    Ok(0)
}
