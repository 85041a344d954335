use gatehouse_client::device::{LocalDevice, require_serial};
use gatehouse_client::now;
use gatehouse_native::Escalation;

use crate::commands::Context;
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(context: &Context) -> Outcome {
    let data = LocalDevice::collect(&context.home, Escalation::Always, now(), |line| output::notice(line))?;
    output::line(require_serial(&data)?)?;
    Ok(0)
}
