use gatehouse_client::device::find_one;
use gatehouse_client::now;
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::devicetrust::CreateDeviceEnrollTokenRequest;

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
    let request = CreateDeviceEnrollTokenRequest {
        device_id: device.id,
        device_data: None,
        expire_time: args.ttl.map(|ttl| timestamp(now().plus_secs(ttl))),
    };
    let token = connection.devices().create_device_enroll_token(request).await?.into_inner();
    let view = TokenView::new(&device.asset_tag, token)?;
    output::data(args.format.format(), &view, || view.text(now()))?;
    Ok(0)
}
