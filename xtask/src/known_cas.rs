//! `cargo xtask known-cas`: makes the committed list of known TPM makers' CAs anew from a folder of real data.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::output::say;
use crate::process;
use crate::workspace::Workspace;

const LIST: &str = "crates/attestation/known-cas.tsv";

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask known-cas --corpus ../tpm-corpus --recorded 2026-11-22")]
pub(crate) struct Args {
    /// Folder with real TPMs' data; see CONTRIBUTING.md
    #[arg(long, env = "GATEHOUSE_TPM_CORPUS", value_name = "DIR")]
    corpus: PathBuf,
    /// The day that CAs get which are not on the list yet
    #[arg(long, value_name = "YYYY-MM-DD")]
    recorded: String,
}

/// The tests of `crates/attestation` know how to read certificates, so they make the list as well as compare it.
pub(crate) fn command(args: &Args) -> Result<()> {
    let day = args.recorded.as_bytes();
    let is_day = day.len() == 10
        && day.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_day {
        bail!("--recorded is a day such as 2026-11-22");
    }
    let workspace = Workspace::find()?;
    let corpus = args.corpus.canonicalize()?;
    let test = |bless: bool| {
        let mut test = process::cargo(&workspace);
        test.args(["test", "--package=gatehouse-attestation", "--test=it", "known_cas"]);
        test.env("GATEHOUSE_TPM_CORPUS", &corpus).env("GATEHOUSE_RECORDED", &args.recorded);
        if bless {
            test.env("GATEHOUSE_BLESS", "1");
        }
        process::run(&mut test)
    };
    test(true)?;
    // Once more, with the new list: what was written is what is read.
    test(false)?;
    say(format!("{LIST} is what {} has", corpus.display()));
    Ok(())
}
