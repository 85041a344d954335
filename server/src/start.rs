use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::cli::{Cli, Command, ConfigCommand, StartArgs};
use crate::config::{self, Config};
use crate::foundation::{Foundation, StartError};
use crate::{config_check, logging, output, serve, shutdown};

/// Does what the command line asks for.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Start(args) => start(args),
        Command::Config(ConfigCommand::Check { config }) => check(&config),
        Command::Completions { shell } => {
            completions(shell);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn check(config: &Path) -> Result<(), StartError> {
    let checked = runtime()?.block_on(config_check::check(config))?;
    checked.warnings.iter().for_each(|warning| output::warning(warning));
    output::line(&format!("OK: {}", config.display()));
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| StartError::System { what: "cannot start the runtime", source })
}

fn completions(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gatehouse", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end());
}

fn start(args: StartArgs) -> Result<(), StartError> {
    let mut config = match &args.config {
        Some(path) => config::load(path)?,
        None => Config::default(),
    };
    if let Some(address) = args.listen {
        config.listen_addr = address;
    }
    let system = |what| move |source| StartError::System { what, source };
    logging::start(config.log)
        .map_err(|error| system("cannot set up logging")(std::io::Error::other(error)))?;
    runtime()?.block_on(async {
        let stop = shutdown::on_signal().map_err(system("cannot listen for signals"))?;
        let foundation = Foundation::lay(config, args.data_dir).await?;
        serve(foundation, stop, output::ready).await
    })
}
