//! One module for each command.

mod device;
mod handoff;
mod install_handler;
mod login;
mod logout;
mod open_link;
mod server;
mod sessions;
mod signup;
mod status;

use clap::CommandFactory;
use gatehouse_client::{ClientError, Home};
use gatehouse_model::ErrorKind;
use time::UtcOffset;

use crate::cli::{Cli, Command};
use crate::failure::Outcome;
use crate::output;

/// What every command gets.
pub(crate) struct Context {
    pub(crate) home: Home,
    pub(crate) offset: UtcOffset,
}

pub(crate) fn run(cli: Cli, offset: UtcOffset) -> Outcome {
    if let Command::Completions { shell } = cli.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "tsh", &mut script);
        output::raw(&String::from_utf8_lossy(&script))?;
        return Ok(0);
    }
    if let Command::Device(crate::cli::DeviceCommand::DmiRead) = cli.command {
        return device::dmi_read();
    }
    let context = Context { home: Home::from_env()?, offset };
    match cli.command {
        Command::Login(args) => block_on(login::run(&context, args)),
        Command::Signup(args) => block_on(signup::run(args)),
        Command::Logout => block_on(logout::run(&context)),
        Command::Status(args) => status::run(&context, args.format()),
        Command::Sessions(command) => block_on(sessions::run(&context, command)),
        Command::Device(command) => device::run(&context, command),
        Command::InstallHandler(args) => install_handler::run(&args),
        Command::OpenLink(args) => block_on(open_link::run(&context, args)),
        Command::Completions { .. } => Ok(0),
    }
}

/// Runs what talks to the server. One thread is enough for one conversation, and starts at once.
pub(crate) fn block_on(work: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ClientError::new(ErrorKind::Internal, "runtime", format!("cannot start: {error}")))?
        .block_on(work)
}
