//! How long the programs that people type take, from start to exit.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::accounts;
use crate::figures::median;
use crate::server::Installation;

/// Runs that the median is taken of.
const RUNS: usize = 20;

/// `tsh status`, which reads files alone.
pub(crate) fn tsh_status(installation: &Installation) -> Result<Duration> {
    let mut command = Command::new(installation.program("tsh"));
    command.arg("status").env("TSH_HOME", accounts::home(installation, 0));
    timed(&mut command, "user-0", 1)
}

/// `tctl devices ls` through the Unix socket.
pub(crate) fn tctl_devices_ls(installation: &Installation, devices: usize) -> Result<Duration> {
    let mut command = Command::new(installation.program("tctl"));
    command.args(["devices", "ls", "--data-dir"]).arg(installation.data());
    timed(&mut command, "BENCH", devices)
}

/// The median wall time; `word` has to be in at least so many lines of the output.
fn timed(command: &mut Command, word: &str, lines: usize) -> Result<Duration> {
    command.stdin(Stdio::null());
    let mut samples = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        let out = command.output().with_context(|| format!("starting {command:?}"))?;
        samples.push(begun.elapsed());
        let text = String::from_utf8_lossy(&out.stdout);
        if !out.status.success() || text.lines().filter(|line| line.contains(word)).count() < lines {
            bail!(
                "{command:?} ({}) did not print what it should: {}",
                out.status,
                String::from_utf8_lossy(&out.stderr)
            );
        }
    }
    Ok(median(samples))
}
