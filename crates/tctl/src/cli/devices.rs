use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ExportArgs, FormatArgs, LockTerms};

#[derive(Subcommand)]
pub(crate) enum DevicesCommand {
    /// Register a device.
    #[command(after_help = "Examples:\n  \
        tctl devices add --os=macos --asset-tag=C00AA0AAAA0A\n  \
        tctl devices add --current-device --enroll")]
    Add(AddArgs),
    /// List the devices.
    #[command(after_help = "Example:\n  tctl devices ls --format=json")]
    Ls(FormatArgs),
    /// Remove a device.
    #[command(after_help = "Example:\n  tctl devices rm --asset-tag=C00AA0AAAA0A")]
    Rm(DeviceTarget),
    /// Make an enrolment token for a device.
    #[command(after_help = "Example:\n  tctl devices enroll --asset-tag=C00AA0AAAA0A --ttl=2h")]
    Enroll(EnrollArgs),
    /// Lock a device at once.
    #[command(
        after_help = "Example:\n  tctl devices lock --asset-tag=C00AA0AAAA0A --ttl=12h --message=stolen"
    )]
    Lock(LockDeviceArgs),
    /// Announce TPMs before their devices arrive: such a device enrols itself, where device_trust.ship_ahead allows it.
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Example:\n  tctl devices ship-ahead import order.csv"
    )]
    ShipAhead(ShipAheadCommand),
    /// Manage enrolment tokens.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tctl devices tokens ls")]
    Tokens(TokensCommand),
    /// Accept that a device's TPM counters went back, as after restoring a VM snapshot.
    #[command(after_help = "Example:\n  tctl devices accept-counters --asset-tag=C00AA0AAAA0A")]
    AcceptCounters(DeviceTarget),
    /// Write what a device's enrolment was judged by into a folder; `tctl evidence verify` judges it once more.
    #[command(after_help = "Example:\n  tctl devices evidence C00AA0AAAA0A --out=laptop/")]
    Evidence(ExportArgs),
    /// Show how a device booted last and what has changed since it was good, and accept that. Exits 1 if it has drifted.
    #[command(
        after_help = "Examples:\n  tctl devices boot --asset-tag=C00AA0AAAA0A\n  tctl devices boot --asset-tag=C00AA0AAAA0A --accept"
    )]
    Boot(BootArgs),
}

#[derive(Args)]
pub(crate) struct BootArgs {
    #[command(flatten)]
    pub(crate) target: DeviceTarget,
    /// From now on, the last boot counts as good
    #[arg(long)]
    pub(crate) accept: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Which device.
#[derive(Args)]
pub(crate) struct DeviceTarget {
    /// ID of the device
    #[arg(long, value_name = "ID")]
    pub(crate) device_id: Option<String>,
    /// Asset tag of the device
    #[arg(long, value_name = "TAG")]
    pub(crate) asset_tag: Option<String>,
    /// This device; goes before the other flags
    #[arg(long)]
    pub(crate) current_device: bool,
}

#[derive(Args)]
pub(crate) struct AddArgs {
    /// Operating system: linux, macos or windows
    #[arg(long, value_name = "OS")]
    pub(crate) os: Option<String>,
    /// Inventory identifier, mostly the serial number (`tsh device asset-tag`)
    #[arg(long, value_name = "TAG")]
    pub(crate) asset_tag: Option<String>,
    /// Register this device; goes before --os and --asset-tag
    #[arg(long)]
    pub(crate) current_device: bool,
    /// Make an enrolment token as well
    #[arg(long)]
    pub(crate) enroll: bool,
    /// Life of the token, such as 2h
    #[arg(long, alias = "ttl", value_name = "DURATION", value_parser = gatehouse_model::duration::parse_secs)]
    pub(crate) enroll_ttl: Option<i64>,
    /// What the token is for; `tctl devices tokens ls` shows it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct EnrollArgs {
    #[command(flatten)]
    pub(crate) target: DeviceTarget,
    /// Life of the token, such as 2h
    #[arg(long, value_name = "DURATION", value_parser = gatehouse_model::duration::parse_secs)]
    pub(crate) ttl: Option<i64>,
    /// What the token is for; `tctl devices tokens ls` shows it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct LockDeviceArgs {
    #[command(flatten)]
    pub(crate) target: DeviceTarget,
    #[command(flatten)]
    pub(crate) terms: LockTerms,
}

#[derive(Subcommand)]
pub(crate) enum ShipAheadCommand {
    /// Announce the TPMs of a CSV file, all of them or none. Exits 1 if a line is wrong.
    #[command(
        after_help = "Examples:\n  tctl devices ship-ahead import order.csv --dry-run\n  tctl devices ship-ahead import order.csv\n\nColumns: ek_sha256 (SHA-256 of the EK's SubjectPublicKeyInfo), or serial and issuer of the EK certificate; and if you like mode (once or standing), owner, asset_tag, note."
    )]
    Import(ShipAheadImportArgs),
    /// List the announced TPMs.
    #[command(after_help = "Example:\n  tctl devices ship-ahead ls --format=json")]
    Ls(FormatArgs),
    /// Take announcements back. Devices that were enrolled by them stay.
    #[command(after_help = "Example:\n  tctl devices ship-ahead rm <id>")]
    Rm {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct ShipAheadImportArgs {
    /// The list; standard input if it is -
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Subcommand)]
pub(crate) enum TokensCommand {
    /// List enrolment tokens; the secrets themselves are nowhere stored.
    #[command(after_help = "Example:\n  tctl devices tokens ls --all")]
    Ls(TokensLsArgs),
    /// Revoke an enrolment token.
    #[command(after_help = "Example:\n  tctl devices tokens rm <id>")]
    Rm { id: String },
}

#[derive(Args)]
pub(crate) struct TokensLsArgs {
    #[command(flatten)]
    pub(crate) target: DeviceTarget,
    /// Those too that can no longer be used
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
