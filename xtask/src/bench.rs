//! `cargo xtask bench`: builds the release programs and hands over to the load client (`crates/bench`).

mod keylime;
mod paint;

use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::output::say;
use crate::process;
use crate::setup::{self, Purpose};
use crate::workspace::Workspace;

/// What is built: the server, the command lines, the load client.
const PACKAGES: [&str; 4] = ["gatehouse-server", "gatehouse-tctl", "gatehouse-tsh", "gatehouse-bench"];
/// Clients at which peers are compared.
const PEER_CLIENTS: u64 = 8;
/// A peer's server CPU per enrolment should be at least so many times ours.
const AIM_OF_PEER: f64 = 10.0;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench --only inventory\n  cargo xtask bench --peer keylime"
)]
pub(crate) struct Args {
    /// Measure another project's server on this machine as well, and compare
    #[arg(long, value_enum)]
    peer: Option<Peer>,
    /// Measure only this
    #[arg(long, value_enum, conflicts_with = "peer")]
    only: Option<Part>,
    /// Passed on to the load client; see `gatehouse-bench --help`
    #[arg(last = true)]
    client: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Peer {
    /// Keylime's registrar, from PyPI
    Keylime,
}

/// What the load client can measure by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Start-up, memory, command lines and ceremonies
    Ceremonies,
    /// The inventory's query and page with many devices, on both engines
    Inventory,
    /// Chains of EK certificates, beside their signature checks alone
    EkChains,
}

pub(crate) fn command(args: &Args) -> Result<()> {
    setup::ensure(Purpose::Test)?;
    let workspace = Workspace::find()?;
    // What is missing should come out before minutes of building.
    let peer = match args.peer {
        None => None,
        Some(Peer::Keylime) => Some(keylime::Keylime::prepare(&workspace)?),
    };
    build(&workspace)?;
    let folder = workspace.target().join("bench");
    let report = workspace.target().join("bench.json");
    let programs = workspace.target().join("release");
    let mut client = std::process::Command::new(programs.join("gatehouse-bench"));
    client.arg("--programs").arg(&programs).arg("--folder").arg(&folder).arg("--report").arg(&report);
    match args.only {
        None => {}
        Some(Part::Ceremonies) => _ = client.args(["--only", "ceremonies"]),
        Some(Part::Inventory) => _ = client.args(["--only", "inventory"]),
        Some(Part::EkChains) => _ = client.args(["--only", "ek-chains"]),
    }
    process::run(client.args(&args.client))?;
    if args.only == Some(Part::EkChains) {
        return Ok(());
    }
    paint::measure(&workspace)?;
    if let Some(peer) = peer {
        compare(&read(&report)?, &read(&peer.measure(PEER_CLIENTS)?)?)?;
    }
    Ok(())
}

/// # Errors
/// When something does not compile.
fn build(workspace: &Workspace) -> Result<()> {
    let mut build = process::cargo(workspace);
    build.args(["build", "--release", "--bins"]);
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    process::run(&mut build)
}

fn read(report: &std::path::Path) -> Result<Value> {
    let text = fs::read(report).with_context(|| format!("reading {}", report.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", report.display()))
}

fn compare(ours: &Value, theirs: &Value) -> Result<()> {
    say(format!("\nComplete enrolments at {PEER_CLIENTS} clients, and the server's CPU for each"));
    for peer in theirs.as_array().context("the peer's report is no list")? {
        let key = peer["key"].as_str().context("the peer's report names no key")?;
        let own = ours["ceremonies"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|own| own["key"] == key && own["clients"] == PEER_CLIENTS)
            .with_context(|| format!("our report has nothing on {key}"))?;
        let number = |figures: &Value, name: &str| {
            figures[name].as_f64().with_context(|| format!("a report has no {name} for {key}"))
        };
        for (name, figures) in [("Keylime", peer), ("Gatehouse", &own["enrolment"])] {
            say(format!(
                "  {key:<9} {name:<10} {:>7.1}/s   p50 {:>7.2} ms   p99 {:>7.2} ms   server CPU {:>7.3} ms",
                number(figures, "per_second")?,
                number(figures, "p50_ms")?,
                number(figures, "p99_ms")?,
                number(figures, "server_cpu_ms")?
            ));
        }
        let cpu = number(&own["enrolment"], "server_cpu_ms")?;
        if cpu <= 0.0 {
            bail!("our report has no server CPU for {key}");
        }
        let ratio = number(peer, "server_cpu_ms")? / cpu;
        let verdict = if ratio >= AIM_OF_PEER { "ok" } else { "MISSED" };
        say(format!("  {key:<9} ratio {ratio:.1} (at least {AIM_OF_PEER})  {verdict}"));
    }
    say(
        "Keylime's registrar does less for an enrolment: no TLS, no check of the AK, its creation or a quote, and \
         one credential for the agent alone.",
    );
    Ok(())
}
