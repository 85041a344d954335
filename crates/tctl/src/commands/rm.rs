use gatehouse_client::device::{DeviceName, find_one};
use gatehouse_proto::devicetrust::DeleteDeviceRequest;
use gatehouse_proto::gatehouse::v1::DeleteResourceRequest;

use crate::cli::ServerArgs;
use crate::connect::connect;
use crate::document::{Kind, ResourceRef};
use crate::failure::Outcome;
use crate::output;

/// Removes one resource; of the preference, what was set dynamically.
pub(crate) async fn run(server: &ServerArgs, resource: &ResourceRef) -> Outcome {
    let name = resource.require_name()?;
    let connection = connect(server).await?;
    if resource.kind == Kind::Device {
        let device = find_one(&connection, &DeviceName::IdOrTag(name.to_owned())).await?;
        connection.devices().delete_device(DeleteDeviceRequest { device_id: device.id }).await?;
        output::line(format!("Device \"{name}\" removed"))?;
        return Ok(0);
    }
    let request = DeleteResourceRequest { kind: resource.kind.as_str().to_owned(), name: name.to_owned() };
    connection.resources().delete_resource(request).await?;
    output::line(format!("{} \"{name}\" removed", resource.kind))?;
    Ok(0)
}
