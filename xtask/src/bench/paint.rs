//! How soon the console's inventory is seen and alive in a browser, beside a static copy of the same page.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::output::say;
use crate::workspace::Workspace;
use crate::{browser, wasm};

/// What the page may take beyond its static copy: to be seen, and to be alive after that copy was seen; in ms.
const AIM_PAINT: f64 = 50.0;
const AIM_READY: f64 = 200.0;

/// Measures with the release server; needs Chromium and node.
pub(super) fn measure(workspace: &Workspace) -> Result<()> {
    wasm::build(workspace)?;
    let mut node = browser::node(workspace, "release")?;
    say("\nThe first look at the inventory in Chromium, caches empty, beside a static copy of the same page");
    let out = run(node.arg("bench/paint.mjs"))?;
    let report: Value = serde_json::from_str(out.lines().last().unwrap_or_default())
        .context("the browser's measurement printed no report")?;
    let number = |name: &str| report[name].as_f64().with_context(|| format!("the report has no {name}"));
    let copy = number("paint_copy_ms")?;
    for (what, ours, aim) in [
        ("first contentful paint", number("paint_ms")?, AIM_PAINT),
        ("islands ready", number("ready_ms")?, AIM_READY),
    ] {
        let above = ours - copy;
        let verdict = if above <= aim { "ok" } else { "MISSED" };
        say(format!(
            "  {what:<24} {ours:>7.1} ms   the copy's first paint {copy:>7.1} ms   above it {above:>6.1} ms \
             (at most {aim:.0})  {verdict}"
        ));
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.stderr(std::process::Stdio::inherit()).output().context("starting node")?;
    anyhow::ensure!(output.status.success(), "the browser's measurement ended with {}", output.status);
    String::from_utf8(output.stdout).context("the browser's measurement printed no text")
}
