use std::path::PathBuf;

use clap::{Args, Subcommand};
use gatehouse_attestation::Leniency;
use gatehouse_model::Timestamp;

use super::FormatArgs;

#[derive(Subcommand)]
pub(crate) enum EkcasCommand {
    /// List the allowed CAs.
    #[command(after_help = "Example:\n  tctl ekcas ls --format=json")]
    Ls(FormatArgs),
    /// Allow the CAs in files or folders, and say which devices each covers. New enrolments alone are judged by them.
    #[command(after_help = "Examples:\n  tctl ekcas add root.pem --dry-run\n  tctl ekcas add root.pem")]
    Add(AddCasArgs),
    /// Allow those CAs in files or folders that are TPM makers' and pinned in this release.
    #[command(
        after_help = "Examples:\n  tctl ekcas import TrustedTpm/\n  tctl ekcas import bundle.pem --vendor=infineon --vendor=stm\n  tctl ekcas import TrustedTpm/ --out=pinned.pem"
    )]
    Import(ImportArgs),
    /// Fetch the pinned CAs that are missing from where their makers publish them, and allow them. Exits 1 if some cannot be had.
    #[command(
        after_help = "Examples:\n  tctl ekcas fetch --vendor=infineon\n  HTTPS_PROXY=http://proxy:3128 tctl ekcas fetch --out=pinned.pem"
    )]
    Fetch(FetchArgs),
    /// Allow CAs no longer, and say which devices could not enroll any more. Devices that are enrolled stay enrolled.
    #[command(after_help = "Example:\n  tctl ekcas rm 26203ada")]
    Rm(RemoveCasArgs),
    /// List the enrolled devices that could not enroll today: they stay enrolled.
    #[command(after_help = "Example:\n  tctl ekcas failing --format=json")]
    Failing(FormatArgs),
    /// Judge an EK certificate by CAs in files or folders, and say why. Needs no server; exits 0 if it is trusted, else 1.
    #[command(
        after_help = "Examples:\n  tctl ekcas check --ca=vendor-cas/ ek.der\n  tctl ekcas check --ca=root.pem --at=2026-01-01T00:00:00Z --format=json ek.pem"
    )]
    Check(CheckArgs),
}

#[derive(Args)]
pub(crate) struct AddCasArgs {
    /// Files with certificates (PEM, DER, PKCS #7), or folders of such files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only show which devices the CAs cover
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Files with certificates (PEM, DER, PKCS #7), or folders of such files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only CAs of this vendor, such as infineon; may be repeated. Without it those of all makers of hardware TPMs
    #[arg(long = "vendor", value_name = "VENDOR")]
    pub(crate) vendors: Vec<String>,
    /// Write them to a PEM file instead of allowing them; needs no server
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct FetchArgs {
    /// Only CAs of this vendor, such as infineon; may be repeated. Without it those of all makers of hardware TPMs
    #[arg(long = "vendor", value_name = "VENDOR")]
    pub(crate) vendors: Vec<String>,
    /// Write them to a PEM file, beside those in it, instead of allowing them; needs no server
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RemoveCasArgs {
    /// SHA-256 of the CA's certificate as `tctl ekcas ls` shows it, or how it begins (8 digits at least)
    #[arg(value_name = "FINGERPRINT", required = true)]
    pub(crate) fingerprints: Vec<String>,
    /// Only show which devices could not enroll any more
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The EK certificate (DER, PEM, NV content or Intel's JSON); standard input if it is -
    #[arg(value_name = "EK")]
    pub(crate) ek: PathBuf,
    /// File or folder of CAs that are allowed, roots and intermediates alike; may be repeated
    #[arg(long = "ca", value_name = "FILE|DIR")]
    pub(crate) cas: Vec<PathBuf>,
    /// File or folder of CAs that may link the certificate to an allowed one; may be repeated
    #[arg(long = "intermediate", value_name = "FILE|DIR")]
    pub(crate) intermediates: Vec<PathBuf>,
    /// When the verdict is to hold, such as 2026-12-31T12:00:00Z; now if it is left out
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// What becomes of signatures with SHA-1: accept, lower_tier or refuse
    #[arg(long, value_name = "POLICY", default_value = "refuse")]
    pub(crate) sha1: Leniency,
    /// What becomes of CAs that have expired since: accept, lower_tier or refuse
    #[arg(long, value_name = "POLICY", default_value = "lower_tier")]
    pub(crate) expired_ca: Leniency,
    /// What becomes of EK certificates that have expired: accept, lower_tier or refuse
    #[arg(long, value_name = "POLICY", default_value = "accept")]
    pub(crate) expired_ek: Leniency,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct EventlogArgs {
    /// The log; standard input if it is -
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
