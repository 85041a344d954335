use gatehouse_client::device::LocalDevice;
use gatehouse_client::now;
use gatehouse_client::present::{Format, collected_data_json, encode};
use gatehouse_native::Escalation;

use crate::commands::Context;
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(context: &Context, format: Format) -> Outcome {
    let data = LocalDevice::collect(&context.home, Escalation::Always, now(), |line| output::notice(line))?;
    let json = collected_data_json(&data);
    let as_json = encode(Format::Json, &json)?.unwrap_or_default();
    output::data(format, &json, || format!("DeviceCollectedData {as_json}"))?;
    Ok(0)
}
