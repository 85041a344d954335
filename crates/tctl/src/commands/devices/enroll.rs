use gatehouse_client::device::find_one;
use gatehouse_client::{Connection, Result, now};
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::devicetrust::{CreateDeviceEnrollTokenRequest, DeviceEnrollToken};
use gatehouse_proto::gatehouse::v1::CreateEnrollTokenRequest;

use super::target::device_name;
use super::token_block::TokenView;
use crate::cli::{EnrollArgs, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Makes a token that enrols one device once.
pub(crate) async fn run(server: &ServerArgs, args: EnrollArgs) -> Outcome {
    let name = device_name(&args.target)?;
    let connection = connect(server).await?;
    let device = find_one(&connection, &name).await?;
    let expires = args.ttl.map(|ttl| timestamp(now().plus_secs(ttl)));
    let token = make_token(&connection, device.id, expires, args.note).await?;
    let view = TokenView::new(&device.asset_tag, token)?;
    output::data(args.format.format(), &view, || view.text(now()))?;
    Ok(0)
}

/// Makes a token; the contract's own method knows no notes.
pub(super) async fn make_token(
    connection: &Connection,
    device_id: String,
    expires: Option<prost_types::Timestamp>,
    note: Option<String>,
) -> Result<DeviceEnrollToken> {
    let Some(note) = note else {
        let request = CreateDeviceEnrollTokenRequest { device_id, device_data: None, expire_time: expires };
        return Ok(connection.devices().create_device_enroll_token(request).await?.into_inner());
    };
    let request = CreateEnrollTokenRequest { device_id, expires, note };
    let made = connection.device_admin().create_enroll_token(request).await?.into_inner();
    Ok(DeviceEnrollToken { token: made.token, expire_time: made.expires })
}
