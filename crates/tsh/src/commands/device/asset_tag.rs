use gatehouse_client::device::{LocalDevice, require_serial};
use gatehouse_client::now;
use gatehouse_native::Escalation;

use crate::commands::Context;
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(context: &Context) -> Outcome {
    let data = LocalDevice::collect(&context.home, Escalation::Always, now(), |line| output::notice(line))?;
    // The hint elsewhere is this very command.
    let none_told = "the firmware tells none, or placeholders alone; `tsh device doctor` shows what was read";
    output::line(require_serial(&data).map_err(|error| error.with_hint(none_told))?)?;
    Ok(0)
}
