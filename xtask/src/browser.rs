//! The browser tests in `end2end/`: node's test runner, Playwright's driver and Debian's Chromium.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{self, on_path};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Runs the browser tests against the built server and site.
pub(crate) fn test(workspace: &Workspace) -> Result<Tally> {
    let mut node = node(workspace, "debug")?;
    let folder = workspace.path("end2end");
    let mut files: Vec<_> = fs::read_dir(folder.join("tests"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .context("listing the browser tests")?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();

    // Two files at a time, as much of each is waiting for the next one-time code.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]).args(files);
    let mut tally = Tally::default();
    let status = process::run_reading(&mut node, |line| tally.read_node(line))?;
    if tally.is_empty() {
        bail!("the browser tests ran no test ({status})");
    }
    tally.agree_with(status);
    Ok(tally)
}

/// Node in `end2end/`, told of the programs of this profile, the site and the browser.
pub(crate) fn node(workspace: &Workspace, profile: &str) -> Result<Command> {
    install_locked(workspace)?;
    let chromium = on_path("chromium").context("chromium is not installed: run `cargo xtask setup`")?;
    let mut node = Command::new("node");
    node.current_dir(workspace.path("end2end"))
        .env("GATEHOUSE_PROGRAMS", workspace.target().join(profile))
        .env("GATEHOUSE_SITE", workspace.site())
        .env("CHROMIUM", chromium);
    Ok(node)
}

/// `npm ci`, unless what is installed is what is locked.
fn install_locked(workspace: &Workspace) -> Result<()> {
    let folder = workspace.path("end2end");
    let lock = fs::read(folder.join("package-lock.json")).context("reading end2end/package-lock.json")?;
    let locked = format!("{:x}", Sha256::digest(&lock));
    let stamp = folder.join("node_modules/.locked");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == locked) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    process::run(&mut npm)?;
    fs::write(&stamp, locked).with_context(|| format!("writing {}", stamp.display()))
}
