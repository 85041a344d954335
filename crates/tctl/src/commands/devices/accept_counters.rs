use gatehouse_client::device::find_one;
use gatehouse_proto::gatehouse::v1::AcceptCountersRequest;

use super::target::device_name;
use crate::cli::{DeviceTarget, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Accepts the counters that a device's TPM shows next.
pub(crate) async fn run(server: &ServerArgs, target: &DeviceTarget) -> Outcome {
    let name = device_name(target)?;
    let connection = connect(server).await?;
    let device = find_one(&connection, &name).await?;
    connection.device_admin().accept_counters(AcceptCountersRequest { device_id: device.id }).await?;
    output::line(format!("Reset counters of device \"{}\" accepted", device.asset_tag))?;
    Ok(0)
}
