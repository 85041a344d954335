//! `cargo xtask setup`: what is missing, why it is needed, and its installation.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::output::say;
use crate::packages::{self, Package};
use crate::process::{self, on_path};
use crate::toolchain::{self, Chain};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask setup --for run")]
pub(crate) struct Args {
    /// What the machine has to be able to do
    #[arg(long = "for", value_enum, default_value_t = Purpose::Test)]
    purpose: Purpose,
}

/// Each purpose needs what those before it need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// Build and start the server
    Run,
    /// Walk through the guide with a software TPM
    Demo,
    /// Run every test
    Test,
}

impl Purpose {
    fn packages(self) -> Vec<Package> {
        let lists: &[&[Package]] = match self {
            Self::Run => &[packages::RUN],
            Self::Demo => &[packages::RUN, packages::DEMO],
            Self::Test => &[packages::RUN, packages::DEMO, packages::PACKAGE, packages::TEST],
        };
        lists.concat()
    }
}

pub(crate) fn command(args: &Args) -> Result<()> {
    ensure(args.purpose)?;
    say("Nothing is missing.");
    Ok(())
}

/// Makes sure that the machine can do what is asked, or says which packages it lacks.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub(crate) fn ensure(purpose: Purpose) -> Result<()> {
    let mut missing: Vec<Package> = purpose.packages().into_iter().filter(|p| !p.is_present()).collect();
    let can_compile_wasm = Chain::installed()?.is_some();
    if !can_compile_wasm {
        say(format!(
            "Missing: Rust's {} target, needed to compile the console's islands to WASM",
            toolchain::TARGET
        ));
        if Chain::debian_is_demanded() || !toolchain::add_with_rustup()? {
            missing.extend(packages::WASM.iter().filter(|p| !p.is_present()));
        }
    }
    ensure_packages(&missing)?;
    if !can_compile_wasm && Chain::installed()?.is_none() {
        bail!("there is still nothing to compile WASM with; see `cargo xtask wasm --help`");
    }
    Ok(())
}

/// Installs those of the packages that are not there.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_packages(packages: &[Package]) -> Result<()> {
    let missing: Vec<Package> = packages.iter().filter(|p| !p.is_present()).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    say("Missing Debian packages:");
    for package in &missing {
        say(format!("  {:<20} needed to {}", package.name, package.why));
    }
    install(&missing)?;
    let still: Vec<&str> = missing.iter().filter(|p| !p.is_present()).map(|p| p.name).collect();
    if !still.is_empty() {
        bail!("apt-get reports success, but these are still not found: {}", still.join(", "));
    }
    Ok(())
}

fn install(missing: &[Package]) -> Result<()> {
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let Some(apt) = on_path("apt-get") else {
        bail!("this system has no apt-get: install what provides these, then try again: {}", names.join(" "));
    };
    let mut prefix = Vec::new();
    if !is_root()? {
        let Some(sudo) = on_path("sudo") else {
            bail!(
                "only root may install packages: run `apt-get install {}` as root, then try again",
                names.join(" ")
            );
        };
        prefix.push(sudo);
    }
    prefix.extend(["/usr/bin/env".into(), "DEBIAN_FRONTEND=noninteractive".into(), apt]);
    process::run(&mut words(&prefix, &["update", "-qq"])?)?;
    let mut command = words(&prefix, &["install", "-y", "-qq", "--no-install-recommends"])?;
    process::run(command.args(&names))
        .with_context(|| format!("install these yourself, then try again: {}", names.join(" ")))
}

fn words(prefix: &[std::path::PathBuf], arguments: &[&str]) -> Result<Command> {
    let (program, rest) = prefix.split_first().context("an empty command")?;
    let mut command = Command::new(program);
    command.args(rest).args(arguments);
    Ok(command)
}

/// The owner of /proc/self is the user that this process acts as.
fn is_root() -> Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let own = Path::new("/proc/self").metadata().context("reading /proc/self")?;
    Ok(own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_needs_all_that_the_smaller_ones_need() {
        let names = |p: Purpose| p.packages().iter().map(|p| p.name).collect::<Vec<_>>();
        assert!(names(Purpose::Run).iter().all(|name| names(Purpose::Demo).contains(name)));
        assert!(names(Purpose::Demo).iter().all(|name| names(Purpose::Test).contains(name)));
    }
}
