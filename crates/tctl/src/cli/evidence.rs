use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gatehouse_attestation::Leniency;
use gatehouse_model::Timestamp;

use super::FormatArgs;

#[derive(Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Judge an enrolment once more by its exported evidence. Needs no server; exits 0 if the verdict is the same, else 1.
    #[command(
        after_help = "Examples:\n  tctl evidence verify laptop/\n  tctl evidence verify laptop/ --cas=now\n  tctl evidence verify laptop/ --ca=TrustedTpm/ --format=json"
    )]
    Verify(VerifyArgs),
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Device (ID or asset tag), for its last enrolment, or evidence by its ID as the audit log names it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Folder to write; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Folder that `tctl devices evidence` wrote
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Which of the exported CAs and rules to judge by: those of the enrolment, or those of the export
    #[arg(long, value_enum, default_value_t = WhichCas::Then)]
    pub(crate) cas: WhichCas,
    /// File or folder of CAs to judge by instead; may be repeated
    #[arg(long = "ca", value_name = "FILE|DIR", conflicts_with = "cas")]
    pub(crate) files: Vec<PathBuf>,
    /// With --ca, when the verdict is to hold, such as 2026-12-31T12:00:00Z; now if it is left out
    #[arg(long, value_name = "TIME", requires = "files")]
    pub(crate) at: Option<Timestamp>,
    /// With --ca, what becomes of signatures with SHA-1: accept, lower_tier or refuse
    #[arg(long, value_name = "POLICY", default_value = "refuse")]
    pub(crate) sha1: Leniency,
    /// With --ca, what becomes of CAs that have expired since: accept, lower_tier or refuse
    #[arg(long, value_name = "POLICY", default_value = "lower_tier")]
    pub(crate) expired_ca: Leniency,
    /// With --ca, what becomes of EK certificates that have expired: accept, lower_tier or refuse
    #[arg(long, value_name = "POLICY", default_value = "accept")]
    pub(crate) expired_ek: Leniency,
    /// SHA-256 that the manifest must have, as the export printed it and the audit log keeps it
    #[arg(long, value_name = "HEX")]
    pub(crate) manifest_sha256: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichCas {
    Then,
    Now,
}
