use gatehouse_client::device::{DeviceKey, LocalDevice, LocalOptions};
use gatehouse_client::present::{Format, credential_json, encode};

use crate::cli::KeygetArgs;
use crate::commands::Context;
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(context: &Context, args: &KeygetArgs) -> Outcome {
    let options = LocalOptions { tpm: args.tpm.clone(), ..LocalOptions::default() };
    let mut device = LocalDevice::open(&context.home, &options)?;
    device.load()?;
    let json = credential_json(&device.credential_id());
    let as_json = encode(Format::Json, &json)?.unwrap_or_default();
    output::data(args.format.format(), &json, || format!("DeviceCredential {as_json}"))?;
    Ok(0)
}
