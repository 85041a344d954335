mod asset_tag;
mod authorize;
mod collect;
mod doctor;
mod enroll;
mod keyget;
mod ls;

use gatehouse_client::ClientError;
use gatehouse_model::ErrorKind;
use gatehouse_native::collect::sysfs_from_env;
use gatehouse_native::read_dmi;

use super::{Context, block_on};
use crate::cli::DeviceCommand;
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(context: &Context, command: DeviceCommand) -> Outcome {
    match command {
        DeviceCommand::Enroll(args) => block_on(enroll::run(context, args)),
        DeviceCommand::Authorize(args) => block_on(authorize::run(context, args)),
        DeviceCommand::AssetTag => asset_tag::run(context),
        DeviceCommand::Collect(args) => collect::run(context, args.format()),
        DeviceCommand::Doctor(args) => doctor::run(context, &args),
        DeviceCommand::Ls(args) => block_on(ls::run(context, args.format())),
        DeviceCommand::DmiRead => dmi_read(),
        DeviceCommand::Keyget(args) => keyget::run(context, &args),
    }
}

/// Prints the SMBIOS values: the one thing that tsh does as root, and it needs no home for it.
pub(crate) fn dmi_read() -> Outcome {
    let text = serde_json::to_string(&read_dmi(&sysfs_from_env()))
        .map_err(|error| ClientError::new(ErrorKind::Internal, "encode", error.to_string()))?;
    output::line(text)?;
    Ok(0)
}
