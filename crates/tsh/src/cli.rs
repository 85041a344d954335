//! The command line as clap reads it; nothing is done here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use gatehouse_client::present::Format;
use gatehouse_client::{Pin, ProxyAddress, SignupLink};
use gatehouse_model::{LinkScheme, UserName};
use gatehouse_native::EkChoice;

/// Gatehouse's client: log in, and make this device a trusted one.
#[derive(Parser)]
#[command(name = "tsh", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Example:\n  tsh login --proxy=gate.example.com --user=alice")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Log in, and authenticate this device.
    #[command(after_help = "Examples:\n  \
        tsh login --proxy=gate.example.com --user=alice\n  \
        tsh login --proxy=localhost:3080 --user=alice --ca-pin=sha256:<hex> --require-device\n  \
        tsh login --proxy=gate.example.com --user=alice --no-browser")]
    Login(LoginArgs),
    /// Redeem an invitation or reset link: choose a password and set up one-time codes.
    #[command(after_help = "Example:\n  tsh signup --link=https://gate.example.com:3080/web/signup/<token>")]
    Signup(SignupArgs),
    /// End every session and remove its keys from this machine.
    #[command(after_help = "Example:\n  tsh logout")]
    Logout,
    /// Show who is logged in, without asking the server.
    #[command(after_help = "Example:\n  tsh status --format=json")]
    Status(FormatArgs),
    /// Show where you are logged in, and end what you do not know.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tsh sessions ls")]
    Sessions(SessionsCommand),
    /// Manage this device.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example:\n  tsh device asset-tag")]
    Device(DeviceCommand),
    /// Let the desktop open the links of a server in tsh, so that a browser can hand its session to this device.
    #[command(
        after_help = "Examples:\n  tsh install-handler\n  tsh install-handler --uninstall\n  tsh install-handler --scheme=corp-gate"
    )]
    InstallHandler(InstallHandlerArgs),
    /// Authorize the browser session of a link; run by the desktop.
    #[command(hide = true)]
    OpenLink(OpenLinkArgs),
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example:\n  tsh completions bash > ~/.local/share/bash-completion/completions/tsh"
    )]
    Completions { shell: Shell },
}

#[derive(Subcommand)]
pub(crate) enum SessionsCommand {
    /// List your sessions, browsers and command lines, newest first.
    #[command(after_help = "Examples:\n  tsh sessions ls\n  tsh sessions ls --format=json")]
    Ls(FormatArgs),
    /// End one of your sessions, or all but this one.
    #[command(after_help = "Examples:\n  tsh sessions rm <id>\n  tsh sessions rm --others")]
    Rm(EndSessionArgs),
}

#[derive(Subcommand)]
pub(crate) enum DeviceCommand {
    /// Enrol this device, with a token or with the rights of a device administrator.
    #[command(
        after_help = "Examples:\n  tsh device enroll --token=<token>\n  tsh device enroll --current-device"
    )]
    Enroll(EnrollArgs),
    /// Authorize the session of a browser on this machine, by the code that its page shows.
    #[command(after_help = "Example:\n  tsh device authorize WXYZ-2345")]
    Authorize(AuthorizeArgs),
    /// Print the serial number that the inventory knows this device by.
    #[command(after_help = "Example:\n  tctl devices add --os=linux --asset-tag=\"$(tsh device asset-tag)\"")]
    AssetTag,
    /// Print what this device tells about itself.
    #[command(after_help = "Example:\n  tsh device collect --format=json")]
    Collect(FormatArgs),
    /// Check all that device trust needs on this machine.
    #[command(after_help = "Example:\n  tsh device doctor --tpm=device:/dev/tpmrm0")]
    Doctor(DoctorArgs),
    /// List your own devices.
    #[command(after_help = "Example:\n  tsh device ls --format=yaml")]
    Ls(FormatArgs),
    /// Print SMBIOS values as JSON; run as root by tsh itself.
    #[command(hide = true)]
    DmiRead,
    /// Print the id of this device's key.
    #[command(hide = true, after_help = "Example:\n  tsh device keyget")]
    Keyget(KeygetArgs),
}

#[derive(Args)]
pub(crate) struct LoginArgs {
    /// Address of the server [default: that of the last login]
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) proxy: Option<ProxyAddress>,
    /// Name of the user [default: that of the last login]
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<UserName>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) way: WayArgs,
    /// Fail (exit code 1) if this device is not trusted
    #[arg(long)]
    pub(crate) require_device: bool,
    /// Life of the session, such as 12h; the server may shorten it
    #[arg(long, value_name = "DURATION", value_parser = gatehouse_model::duration::parse_secs)]
    pub(crate) ttl: Option<i64>,
    #[command(flatten)]
    pub(crate) tpm: TpmArgs,
}

/// How the person proves to be the right one.
#[derive(Args)]
pub(crate) struct WayArgs {
    /// Password in the terminal, or the browser, where security keys work [default: what the cluster asks for]
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) auth: Option<AuthArg>,
    /// Log in with a browser on this machine, even where none seems to be
    #[arg(long, conflicts_with = "no_browser")]
    pub(crate) browser: bool,
    /// Log in with a browser on any machine: print the link in place of opening it
    #[arg(long)]
    pub(crate) no_browser: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthArg {
    Password,
    Browser,
}

/// How the server proves to be the right one.
#[derive(Args)]
pub(crate) struct TrustArgs {
    /// Believe whatever server answers now, and hold to its key from then on
    #[arg(long, conflicts_with = "ca_pin")]
    pub(crate) insecure: bool,
    /// Pin of the server's key, as the server prints it at start
    #[arg(long, value_name = "sha256:HEX")]
    pub(crate) ca_pin: Option<Pin>,
}

#[derive(Args)]
pub(crate) struct SignupArgs {
    /// The link, as an administrator sent it
    #[arg(long, value_name = "URL")]
    pub(crate) link: SignupLink,
    /// Name of the first administrator, whose link names nobody
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<UserName>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

#[derive(Args)]
pub(crate) struct EnrollArgs {
    /// Enrolment token, as `tctl devices enroll` printed it
    #[arg(long, value_name = "TOKEN", conflicts_with = "current_device")]
    pub(crate) token: Option<String>,
    /// Register this device if need be, and enrol it: for users who may do both
    #[arg(long)]
    pub(crate) current_device: bool,
    #[command(flatten)]
    pub(crate) tpm: TpmArgs,
}

/// Which TPM to use, and how.
#[derive(Args)]
pub(crate) struct TpmArgs {
    /// The TPM: device:/dev/tpmrm0, swtpm:path=SOCKET or swtpm:host=HOST,port=PORT [default: $TCTI, else /dev/tpmrm0]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tpm: Option<String>,
    /// Endorsement key: auto, rsa, p256 or p384
    #[arg(long, value_name = "KIND", default_value = "auto")]
    pub(crate) ek: EkChoice,
    /// Firmware event log to send in place of the machine's own
    #[arg(long, value_name = "FILE")]
    pub(crate) event_log: Option<PathBuf>,
}

/// Which of the own sessions to end.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct EndSessionArgs {
    /// ID of the session, as `tsh sessions ls` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// All sessions but the one of this machine
    #[arg(long)]
    pub(crate) others: bool,
}

#[derive(Args)]
pub(crate) struct InstallHandlerArgs {
    /// Take it back
    #[arg(long)]
    pub(crate) uninstall: bool,
    /// Scheme of the links, where the server has one of its own
    #[arg(long, value_name = "SCHEME", default_value = "gatehouse")]
    pub(crate) scheme: LinkScheme,
}

#[derive(Args)]
pub(crate) struct OpenLinkArgs {
    /// The link
    #[arg(value_name = "URL")]
    pub(crate) link: String,
    /// Scheme of the links, as in `tsh install-handler`
    #[arg(long, value_name = "SCHEME", default_value = "gatehouse")]
    pub(crate) scheme: LinkScheme,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
}

#[derive(Args)]
pub(crate) struct AuthorizeArgs {
    /// The code, as the page shows it
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// Address of the server [default: that of the last login]
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) proxy: Option<ProxyAddress>,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
}

/// Whether the person is asked, and which TPM speaks for the device.
#[derive(Args)]
pub(crate) struct ConsentArgs {
    /// Do not ask; for scripts that know whose session it is, never for a desktop
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) tpm: TpmArgs,
}

#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// The TPM, as in `tsh device enroll`
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tpm: Option<String>,
    /// Firmware event log that would be sent
    #[arg(long, value_name = "FILE")]
    pub(crate) event_log: Option<PathBuf>,
    /// Scheme of the links that are to be opened
    #[arg(long, value_name = "SCHEME", default_value = "gatehouse")]
    pub(crate) scheme: LinkScheme,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct KeygetArgs {
    /// The TPM, as in `tsh device enroll`
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tpm: Option<String>,
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
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(command.is_hide_set() || help.contains("Example"), "{}", command.get_name());
            command.get_subcommands().filter(|inner| inner.get_name() != "help").for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn a_pin_and_blind_trust_exclude_each_other() {
        let pin = format!("--ca-pin=sha256:{}", "00".repeat(32));
        assert!(Cli::try_parse_from(["tsh", "login", "--insecure", &pin]).is_err());
        assert!(Cli::try_parse_from(["tsh", "login", &pin, "--proxy=h", "--user=u", "--ttl=1h"]).is_ok());
        assert!(Cli::try_parse_from(["tsh", "device", "enroll", "--token=x", "--current-device"]).is_err());
    }
}
