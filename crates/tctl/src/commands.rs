//! One module for each command.

mod audit;
mod create;
mod devices;
mod edit;
mod ekcas;
mod eventlog;
mod evidence;
mod get;
mod lock;
mod reviews;
mod rm;
mod sessions;
mod status;
mod users;

use clap::CommandFactory;
use gatehouse_client::ClientError;
use gatehouse_model::ErrorKind;
use gatehouse_native::collect::sysfs_from_env;
use gatehouse_native::read_dmi;

use crate::cli::{
    AuditCommand, Cli, Command, EkcasCommand, EvidenceCommand, HiddenDeviceCommand, ServerArgs,
};
use crate::failure::Outcome;
use crate::output;

pub(crate) fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tctl", &mut script);
            output::raw(&String::from_utf8_lossy(&script))?;
            Ok(0)
        }
        Command::Device(HiddenDeviceCommand::DmiRead) => dmi_read(),
        Command::Eventlog(args) => eventlog::run(&args),
        Command::Evidence(EvidenceCommand::Verify(args)) => evidence::verify(&args),
        Command::Ekcas(EkcasCommand::Check(args)) => ekcas::check(&args),
        Command::Ekcas(EkcasCommand::Import(args)) if args.out.is_some() => ekcas::write_pinned(&args),
        command => block_on(administer(&cli.server, command)),
    }
}

async fn administer(server: &ServerArgs, command: Command) -> Outcome {
    match command {
        Command::Devices(command) => devices::run(server, command).await,
        Command::Get(args) => get::run(server, args).await,
        Command::Create(args) => create::run(server, args).await,
        Command::Edit { resource } => edit::run(server, &resource).await,
        Command::Rm { resource } => rm::run(server, &resource).await,
        Command::Users(command) => users::run(server, command).await,
        Command::Sessions(command) => sessions::run(server, command).await,
        Command::Reviews(command) => reviews::run(server, command).await,
        Command::Lock(args) => lock::run(server, args).await,
        Command::Status(args) => status::run(server, args.format()).await,
        Command::Audit(AuditCommand::Ls(args)) => audit::run(server, args).await,
        Command::Ekcas(command) => ekcas::administer(server, command).await,
        Command::Completions { .. } | Command::Device(_) | Command::Eventlog(_) | Command::Evidence(_) => {
            Ok(0)
        }
    }
}

/// Prints the SMBIOS values: what `--current-device` does as root.
fn dmi_read() -> Outcome {
    let text = serde_json::to_string(&read_dmi(&sysfs_from_env()))
        .map_err(|error| ClientError::new(ErrorKind::Internal, "encode", error.to_string()))?;
    output::line(text)?;
    Ok(0)
}

/// One thread is enough for one conversation, and starts at once.
fn block_on(work: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ClientError::new(ErrorKind::Internal, "runtime", format!("cannot start: {error}")))?
        .block_on(work)
}
