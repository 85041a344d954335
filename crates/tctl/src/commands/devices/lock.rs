use gatehouse_client::device::find_one;
use gatehouse_client::present::Format;
use gatehouse_model::resource::LockTarget;

use super::target::device_name;
use crate::cli::{LockDeviceArgs, ServerArgs};
use crate::commands::lock::{create_lock, lock_end};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Locks a device.
pub(crate) async fn run(server: &ServerArgs, args: LockDeviceArgs) -> Outcome {
    let expires = lock_end(&args.terms)?;
    let name = device_name(&args.target)?;
    let connection = connect(server).await?;
    let device = find_one(&connection, &name).await?;
    if args.target.current_device {
        let line = format!("Locking device \"{}\".", device.asset_tag);
        match args.terms.format.format() {
            Format::Text => output::line(line)?,
            // What a script reads stays whole.
            Format::Json | Format::Yaml => output::notice(line),
        }
    }
    let target = LockTarget { device: Some(device.id), ..LockTarget::default() };
    create_lock(&connection, target, args.terms, expires).await
}
