//! The command line of `gatehouse`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

/// Device trust: an inventory of devices, and certificates that say which device a user is on.
#[derive(Debug, Parser)]
#[command(name = "gatehouse", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server
    #[command(after_help = "Example:\n  gatehouse start --config /etc/gatehouse.yaml")]
    Start(StartArgs),
    /// Work with the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  gatehouse completions bash > /etc/bash_completion.d/gatehouse")]
    Completions { shell: Shell },
}

#[derive(Debug, Args)]
pub struct StartArgs {
    /// Configuration file; without one, the defaults hold
    #[arg(long, value_name = "FILE", env = "GATEHOUSE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder for database, keys and certificates [default: $GATEHOUSE_DATA_DIR, else ~/.local/share/gatehouse]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:3080]
    #[arg(long, value_name = "ADDR", value_parser = listen_address)]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration file and report everything that is wrong with it
    #[command(after_help = "Example:\n  gatehouse config check --config /etc/gatehouse.yaml")]
    Check {
        /// The file to check
        #[arg(long, value_name = "FILE", env = "GATEHOUSE_CONFIG")]
        config: PathBuf,
    },
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write it as an IP address with a port, such as 127.0.0.1:3080".to_owned())
}
