use gatehouse_client::{ClientError, Connection};
use gatehouse_proto::devicetrust::{
    BulkCreateDevicesRequest, CreateDeviceRequest, Device, UpsertDeviceRequest,
};

use super::say;
use crate::document::Kind;
use crate::failure::Failure;
use crate::output;

/// Devices of one call: the most that the server takes.
const BATCH: usize = 1000;

/// Registers devices; with `force`, those that are there already are replaced. Gives how many the server refused, which
/// are reported.
pub(super) async fn create(
    connection: &Connection,
    mut devices: Vec<Device>,
    force: bool,
) -> Result<usize, Failure> {
    if devices.len() == 1
        && let Some(device) = devices.pop()
    {
        if force {
            replace(connection, device).await?;
        } else {
            single(connection, device).await?;
        }
        return Ok(0);
    }
    let mut refused = 0;
    while !devices.is_empty() {
        let rest = devices.split_off(devices.len().min(BATCH));
        refused += batch(connection, std::mem::replace(&mut devices, rest), force).await?;
    }
    Ok(refused)
}

async fn single(connection: &Connection, device: Device) -> Result<(), Failure> {
    let request = CreateDeviceRequest {
        device: Some(device),
        create_enroll_token: false,
        create_as_resource: true,
        enroll_token_expire_time: None,
    };
    let created = connection.devices().create_device(request).await?.into_inner();
    say(Kind::Device, &created.asset_tag, false)
}

async fn replace(connection: &Connection, device: Device) -> Result<(), Failure> {
    let request = UpsertDeviceRequest { device: Some(device), create_as_resource: true };
    let saved = connection.devices().upsert_device(request).await?.into_inner();
    say(Kind::Device, &saved.asset_tag, true)
}

async fn batch(connection: &Connection, devices: Vec<Device>, force: bool) -> Result<usize, Failure> {
    let request = BulkCreateDevicesRequest { devices: devices.clone(), create_as_resource: true };
    let answers = connection.devices().bulk_create_devices(request).await?.into_inner().devices;
    if answers.len() != devices.len() {
        return Err(ClientError::unexpected("the server answered for another number of devices").into());
    }
    let mut refused = 0;
    for (device, answer) in devices.into_iter().zip(answers) {
        let status = answer.status.unwrap_or_default();
        match tonic::Code::from_i32(status.code) {
            tonic::Code::Ok => say(Kind::Device, &device.asset_tag, force)?,
            tonic::Code::AlreadyExists if force => replace(connection, device).await?,
            code => {
                output::error(&ClientError::from(tonic::Status::new(code, status.message)));
                refused += 1;
            }
        }
    }
    Ok(refused)
}
