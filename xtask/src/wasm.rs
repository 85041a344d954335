//! `cargo xtask wasm`: the browser's half, from Rust to the hashed and compressed files that the server hands out.

use anyhow::{Context as _, Result};

use crate::output::say;
use crate::process;
use crate::setup::{self, Purpose};
use crate::toolchain::{Chain, TARGET};
use crate::workspace::Workspace;

/// The front end's cargo profile, in the workspace's Cargo.toml.
const PROFILE: &str = "wasm-release";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
This Rust's wasm32-unknown-unknown target is used if it is installed or rustup can add it, else Debian's rustc-web, \
cargo-web, rust-web-src and lld-19.
GATEHOUSE_WASM_TOOLCHAIN=rustup|debian demands one of them.")]
pub(crate) struct Args {}

pub(crate) fn command(_: &Args) -> Result<()> {
    setup::ensure(Purpose::Run)?;
    build(&Workspace::find()?)
}

/// Builds the front end and writes `<target>/site`. Cheap when nothing changed: cargo looks at the sources, and the
/// site is written only if what came out of the compiler, or a stylesheet, differs from the last time.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let chain = Chain::installed()?.context("nothing to compile WASM with: run `cargo xtask setup`")?;
    say(format!("Building the browser's half with {}", chain.name()));
    let folder = workspace.target().join(chain.folder());
    let mut compile = chain.cargo_build(workspace, &folder);
    process::run(compile.args(["--package", "gatehouse-frontend", "--lib", "--profile", PROFILE]))?;

    let module = folder.join(TARGET).join(PROFILE).join("gatehouse_frontend.wasm");
    let mut bindgen = process::cargo(workspace);
    bindgen.args(["run", "--package", "xtask-bindgen", "--"]);
    process::run(bindgen.arg(module).arg(workspace.path("style")).arg(workspace.site()))
}
