use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::FormatArgs;

#[derive(Subcommand)]
pub(crate) enum ReviewsCommand {
    /// List the reviews that wait; with --decided, those that do not any more.
    #[command(after_help = "Example:\n  tctl reviews ls")]
    Ls(ReviewsLsArgs),
    /// Show what a review is to be decided by: chain, fingerprints, device, requester.
    #[command(after_help = "Example:\n  tctl reviews show 3f0c…")]
    Show {
        /// Id of the review, as `tctl reviews ls` shows it
        id: String,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Grant what was asked for, this once: the device is enrolled, and its CA stays unknown.
    #[command(after_help = "Example:\n  tctl reviews accept 3f0c…")]
    Accept { id: String },
    /// Allow the CA, and grant what was asked for by it. New enrolments under the same CA need no review.
    #[command(
        after_help = "Examples:\n  tctl reviews trust 3f0c… --dry-run\n  tctl reviews trust 3f0c… --ca=vendor-root.pem"
    )]
    Trust(TrustArgs),
    /// Refuse what was asked for.
    #[command(after_help = "Example:\n  tctl reviews refuse 3f0c…")]
    Refuse { id: String },
}

#[derive(Args)]
pub(crate) struct ReviewsLsArgs {
    /// Those that do not wait any more, newest first
    #[arg(long)]
    pub(crate) decided: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Args)]
pub(crate) struct TrustArgs {
    /// Id of the review
    pub(crate) id: String,
    /// File or folder with the CA's certificate; without it the CA that the device has sent is taken
    #[arg(long = "ca", value_name = "FILE|DIR")]
    pub(crate) cas: Vec<PathBuf>,
    /// Only show which devices the CA covers
    #[arg(long)]
    pub(crate) dry_run: bool,
}
