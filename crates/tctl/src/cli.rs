//! The command line as clap reads it; nothing is done here.

mod devices;
mod ekcas;
mod evidence;
mod reviews;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use gatehouse_client::ProxyAddress;
use gatehouse_client::present::Format;
use gatehouse_model::{Timestamp, UserName};

pub(crate) use devices::{
    AddArgs, BootArgs, DeviceTarget, DevicesCommand, EnrollArgs, LockDeviceArgs, ShipAheadCommand,
    ShipAheadImportArgs, TokensCommand, TokensLsArgs,
};

pub(crate) use evidence::{EvidenceCommand, ExportArgs, VerifyArgs, WhichCas};

pub(crate) use ekcas::{
    AddCasArgs, CheckArgs, EkcasCommand, EventlogArgs, FetchArgs, ImportArgs, RemoveCasArgs,
};

pub(crate) use reviews::{ReviewsCommand, TrustArgs};

use crate::document::ResourceRef;

/// Gatehouse's admin tool: devices, users, roles, locks and sessions.
#[derive(Parser)]
#[command(name = "tctl", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Example:\n  tctl devices add --os=linux --asset-tag=C00AA0AAAA0A --enroll")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which server to administer. Without a flag it is the one on this machine if its admin socket may be used, else the
/// one that `tsh` is logged in to.
#[derive(Args, Clone, Default)]
pub(crate) struct ServerArgs {
    /// A server that tsh is logged in to
    #[arg(long, global = true, display_order = 900, value_name = "HOST[:PORT]", conflicts_with_all = ["data_dir", "config"])]
    pub(crate) proxy: Option<ProxyAddress>,
    /// Data directory of a server on this machine
    #[arg(long, global = true, display_order = 901, value_name = "DIR", conflicts_with = "config")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file of a server on this machine, for its data directory
    #[arg(long, global = true, display_order = 902, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Manage the device inventory.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tctl devices ls")]
    Devices(DevicesCommand),
    /// Print resources: device, user, role, lock, cluster_auth_preference (cap).
    #[command(after_help = "Examples:\n  tctl get devices\n  tctl get device/C00AA0AAAA0A\n  tctl get cap")]
    Get(GetArgs),
    /// Create resources from YAML; with -f, replace those that are there.
    #[command(after_help = "Examples:\n  tctl create device.yaml\n  tctl create -f role.yaml")]
    Create(CreateArgs),
    /// Change a resource in an editor ($VISUAL, $EDITOR or vi).
    #[command(after_help = "Examples:\n  tctl edit cluster_auth_preference\n  tctl edit device/C00AA0AAAA0A")]
    Edit {
        /// KIND/NAME, or cap
        #[arg(value_name = "KIND/NAME")]
        resource: ResourceRef,
    },
    /// Remove a resource.
    #[command(after_help = "Example:\n  tctl rm lock/<name>")]
    Rm {
        #[arg(value_name = "KIND/NAME")]
        resource: ResourceRef,
    },
    /// Manage users.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tctl users ls")]
    Users(UsersCommand),
    /// Manage sessions.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tctl sessions ls")]
    Sessions(SessionsCommand),
    /// Manage the CAs whose TPMs are trusted, and judge EK certificates by them.
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Examples:\n  tctl ekcas ls\n  tctl ekcas check --ca=vendor-cas/ ek.der"
    )]
    Ekcas(EkcasCommand),
    /// Decide what the rules alone do not: enrolments of TPMs whose CA is not known here.
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Examples:\n  tctl reviews ls\n  tctl reviews show 3f0c…"
    )]
    Reviews(ReviewsCommand),
    /// Print the events of a firmware's event log, and the PCRs that they give. Needs no server.
    #[command(
        after_help = "Examples:\n  tctl eventlog /sys/kernel/security/tpm0/binary_bios_measurements\n  tctl eventlog boot.bin --format=json"
    )]
    Eventlog(EventlogArgs),
    /// Judge what devices were enrolled by once more.
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Example:\n  tctl evidence verify laptop/"
    )]
    Evidence(EvidenceCommand),
    /// Lock a user, a role or a device at once.
    #[command(after_help = "Example:\n  tctl lock --user=alice --ttl=12h --message=\"laptop lost\"")]
    Lock(LockArgs),
    /// Show the state of the cluster.
    #[command(after_help = "Example:\n  tctl status --format=json")]
    Status(FormatArgs),
    /// Read the audit log.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tctl audit ls --limit=20")]
    Audit(AuditCommand),
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example:\n  tctl completions bash > ~/.local/share/bash-completion/completions/tctl"
    )]
    Completions { shell: Shell },
    /// What tctl does as root for --current-device.
    #[command(subcommand, hide = true)]
    Device(HiddenDeviceCommand),
}

#[derive(Subcommand)]
pub(crate) enum HiddenDeviceCommand {
    /// Print SMBIOS values as JSON.
    DmiRead,
}

#[derive(Args)]
pub(crate) struct GetArgs {
    /// KIND or KIND/NAME
    #[arg(value_name = "KIND[/NAME]")]
    pub(crate) resource: ResourceRef,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct CreateArgs {
    /// Replace what is there
    #[arg(short, long)]
    pub(crate) force: bool,
    /// YAML file; standard input if it is left out or -
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum UsersCommand {
    /// Create a user and print the invitation link.
    #[command(after_help = "Example:\n  tctl users add alice --roles=access,editor --logins=alice")]
    Add(AddUserArgs),
    /// List the users.
    #[command(after_help = "Example:\n  tctl users ls --format=json")]
    Ls(FormatArgs),
    /// Print a link by which a user sets a new password and second factor.
    #[command(after_help = "Example:\n  tctl users reset alice")]
    Reset {
        name: UserName,
        /// Life of the link, such as 8h
        #[arg(long, value_name = "DURATION", value_parser = gatehouse_model::duration::parse_secs)]
        ttl: Option<i64>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Remove a user.
    #[command(after_help = "Example:\n  tctl users rm alice")]
    Rm { name: UserName },
}

#[derive(Args)]
pub(crate) struct AddUserArgs {
    pub(crate) name: UserName,
    /// Roles, separated by commas
    #[arg(long, value_name = "ROLES", value_delimiter = ',', required = true)]
    pub(crate) roles: Vec<String>,
    /// OS logins, separated by commas
    #[arg(long, value_name = "LOGINS", value_delimiter = ',')]
    pub(crate) logins: Vec<String>,
    /// human or bot
    #[arg(long, default_value = "human", value_parser = ["human", "bot"])]
    pub(crate) kind: String,
    /// Life of the link, such as 8h
    #[arg(long, value_name = "DURATION", value_parser = gatehouse_model::duration::parse_secs)]
    pub(crate) ttl: Option<i64>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Subcommand)]
pub(crate) enum SessionsCommand {
    /// List the sessions.
    #[command(after_help = "Example:\n  tctl sessions ls --user=alice")]
    Ls {
        /// Only those of one user
        #[arg(long, value_name = "NAME")]
        user: Option<UserName>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// End a session.
    #[command(after_help = "Example:\n  tctl sessions rm <id>")]
    Rm { id: String },
}

#[derive(Args)]
pub(crate) struct LockArgs {
    /// Name of the user to lock
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Name of the role to lock
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<String>,
    /// ID of the device to lock
    #[arg(long, value_name = "ID")]
    pub(crate) device: Option<String>,
    #[command(flatten)]
    pub(crate) terms: LockTerms,
}

/// What every lock has.
#[derive(Args)]
pub(crate) struct LockTerms {
    /// Why, for those who look at the lock
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) message: String,
    /// When the lock ends, such as 2026-12-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<Timestamp>,
    /// How long the lock holds, such as 12h
    #[arg(long, value_name = "DURATION", value_parser = gatehouse_model::duration::parse_secs)]
    pub(crate) ttl: Option<i64>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// List events, newest first.
    #[command(after_help = "Example:\n  tctl audit ls --type=device.enroll --format=json")]
    Ls(AuditArgs),
}

#[derive(Args)]
pub(crate) struct AuditArgs {
    /// Only events of one type, such as device.enroll
    #[arg(long = "type", value_name = "EVENT", default_value = "", hide_default_value = true)]
    pub(crate) event_type: String,
    /// Only events of one user
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) user: String,
    /// Only events about one device, by ID
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) device: String,
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct FormatArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t = FormatArg::Text)]
    format: FormatArg,
}

impl FormatArgs {
    pub(crate) fn format(&self) -> Format {
        match self.format {
            FormatArg::Text => Format::Text,
            FormatArg::Json => Format::Json,
            FormatArg::Yaml => Format::Yaml,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Text,
    Json,
    Yaml,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_visible_command_has_an_example() {
        fn check(command: &clap::Command) {
            if command.is_hide_set() {
                return;
            }
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{}", command.get_name());
            command.get_subcommands().filter(|inner| inner.get_name() != "help").for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn flags_go_before_and_after_the_command() {
        for line in [["tctl", "--data-dir=/x", "devices", "ls"], ["tctl", "devices", "ls", "--data-dir=/x"]] {
            assert_eq!(Cli::try_parse_from(line).unwrap().server.data_dir, Some(PathBuf::from("/x")));
        }
        assert!(Cli::try_parse_from(["tctl", "status", "--proxy=h", "--data-dir=/x"]).is_err());
        let Command::Create(args) = Cli::try_parse_from(["tctl", "create", "-f", "x.yaml"]).unwrap().command
        else {
            panic!("not create");
        };
        assert!(args.force && args.file == Some(PathBuf::from("x.yaml")));
    }
}
