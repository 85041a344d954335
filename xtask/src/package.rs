//! `cargo xtask package`: the .deb and the .rpm, by the distributions' own tools (`dpkg-deb`, `rpmbuild`).

mod check;
mod deb;
mod rpm;
mod stage;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub(crate) use check::check;

use crate::output::say;
use crate::setup::{self, Purpose};
use crate::workspace::Workspace;
use crate::{packages, process, run, wasm};
use stage::Stage;

const NAME: &str = "gatehouse";
const MAINTAINER: &str = "The Gatehouse project <gatehouse@users.noreply.github.com>";
const HOMEPAGE: &str = env!("CARGO_PKG_REPOSITORY");
const SUMMARY: &str = "Device trust: certificates that say which device a user is on";
const DESCRIPTION: &str = "Gatehouse knows which devices a company owns, proves with their TPM that a login comes from one of \
                           them, and puts that proof into short-lived certificates and browser sessions. The package has \
                           the server (not enabled), tctl for administrators and tsh for users.";

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask package")]
pub(crate) struct Args {
    /// Package what is built for development: made fast, for trying
    #[arg(long)]
    debug: bool,
}

pub(crate) fn command(args: &Args) -> Result<()> {
    setup::ensure(Purpose::Run)?;
    setup::ensure_packages(packages::PACKAGE)?;
    let workspace = Workspace::find()?;
    wasm::build(&workspace)?;
    let profile = if args.debug { Profile::Debug } else { Profile::Release };
    run::build_programs_as(&workspace, profile == Profile::Release)?;
    let made = make(&workspace, profile)?;
    for file in [made.deb, made.rpm] {
        let size = file.metadata().with_context(|| format!("reading {}", file.display()))?.len();
        say(format!("{} ({:.1} MB)", file.display(), size as f64 / 1e6));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    Debug,
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// The packages that were made.
#[derive(Debug)]
struct Made {
    stage: Stage,
    deb: PathBuf,
    rpm: PathBuf,
}

/// Makes both packages of what this profile has built.
fn make(workspace: &Workspace, profile: Profile) -> Result<Made> {
    let folder = workspace.target().join("package").join(profile.name());
    let stage = Stage::set(workspace, profile, &folder.join("stage"))?;
    let deb = deb::build(&stage, profile, &folder)?;
    let rpm = rpm::build(&stage, profile, &folder)?;
    Ok(Made { stage, deb, rpm })
}

/// A file of `packaging/`.
fn source(workspace: &Workspace, name: &str) -> Result<String> {
    let path = workspace.path("packaging").join(name);
    std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// When the sources were last changed: what every file is dated, so that the same sources give the same packages.
fn epoch(workspace: &Workspace) -> u64 {
    let named = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    named.unwrap_or_else(|| {
        let mut git = std::process::Command::new("git");
        git.current_dir(workspace.root()).args(["log", "-1", "--format=%ct"]);
        process::read(&mut git).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    })
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The names of this machine's architecture: Debian's and RPM's.
fn architecture() -> Result<(&'static str, &'static str)> {
    match std::env::consts::ARCH {
        "x86_64" => Ok(("amd64", "x86_64")),
        "aarch64" => Ok(("arm64", "aarch64")),
        "riscv64" => Ok(("riscv64", "riscv64")),
        "powerpc64" => Ok(("ppc64el", "ppc64le")),
        other => anyhow::bail!("there are no packages for {other}"),
    }
}

fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let folder = path.parent().context("a file without a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
