//! `cargo xtask test`: everything that proves the project.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::output::{self, say};
use crate::setup::{self, Purpose};
use crate::tally::{self, Tally};
use crate::workspace::Workspace;
use crate::{browser, demo, hygiene, layering, package, process, wasm};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask test --only format --only lints")]
pub(crate) struct Args {
    /// Run this step alone, with those it builds on; may be repeated
    #[arg(long, value_enum, value_name = "STEP")]
    only: Vec<Step>,
}

/// In the order in which they run: what fails fast comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Step {
    Format,
    Layering,
    Hygiene,
    Wasm,
    Lints,
    Build,
    Tests,
    Packages,
    Browser,
    Demo,
}

impl Step {
    const ALL: [Self; 10] = [
        Self::Format,
        Self::Layering,
        Self::Hygiene,
        Self::Wasm,
        Self::Lints,
        Self::Build,
        Self::Tests,
        Self::Packages,
        Self::Browser,
        Self::Demo,
    ];

    /// The steps whose products this one uses.
    fn builds_on(self) -> &'static [Self] {
        match self {
            Self::Tests | Self::Packages | Self::Browser | Self::Demo => &[Self::Wasm, Self::Build],
            Self::Format | Self::Layering | Self::Hygiene | Self::Wasm | Self::Lints | Self::Build => &[],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Format => "formatting",
            Self::Layering => "layering",
            Self::Hygiene => "repository hygiene",
            Self::Wasm => "WASM build",
            Self::Lints => "clippy",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::Packages => "packages",
            Self::Browser => "browser tests",
            Self::Demo => "demo",
        }
    }

    fn run(self, workspace: &Workspace) -> Result<Tally> {
        let cargo = |arguments: &[&str]| process::run(process::cargo(workspace).args(arguments));
        match self {
            Self::Format => cargo(&["fmt", "--all", "--", "--check"])?,
            Self::Layering => layering::check(workspace)?,
            Self::Hygiene => hygiene::check(workspace)?,
            Self::Wasm => wasm::build(workspace)?,
            Self::Lints => cargo(&["clippy", "--all-targets", "--", "--deny=warnings"])?,
            Self::Build => cargo(&["build", "--bins"])?,
            Self::Tests => return cargo_test(workspace),
            Self::Packages => package::check(workspace)?,
            Self::Browser => return browser::test(workspace),
            Self::Demo => process::run(&mut demo::walk(workspace, true))?,
        }
        Ok(Tally::PASSED)
    }
}

fn cargo_test(workspace: &Workspace) -> Result<Tally> {
    let mut test = process::cargo(workspace);
    test.args(["test", "--no-fail-fast"]).env("GATEHOUSE_SITE", workspace.site());
    let mut tally = Tally::default();
    let mut judged = Vec::new();
    let status = process::run_reading(&mut test, |line| {
        tally.read_libtest(line);
        judged.extend(tally::judged(line).map(str::to_owned));
    })?;
    tally.agree_with(status);
    say("\nReal TPMs' certificates, quotes and event logs:");
    for line in &judged {
        say(format!("  {line}"));
    }
    if judged.is_empty() {
        say("  no test said anything of them");
    }
    Ok(tally)
}

pub(crate) fn command(args: &Args) -> Result<()> {
    setup::ensure(Purpose::Test)?;
    let workspace = Workspace::find()?;
    let mut ended: Vec<(Step, Duration, Tally)> = Vec::new();
    for step in chosen(&args.only) {
        say(format!("\n== {} ==", step.name()));
        let start = Instant::now();
        let broken =
            ended.iter().find(|(done, _, tally)| step.builds_on().contains(done) && tally.failed > 0);
        let outcome = match broken {
            Some((done, ..)) => Err(anyhow::anyhow!("not run: the {} failed", done.name())),
            None => step.run(&workspace),
        };
        let tally = outcome.unwrap_or_else(|error| {
            output::error(&error);
            Tally::FAILED
        });
        say(format!("-- {}: {tally} ({:.1} s)", step.name(), start.elapsed().as_secs_f64()));
        ended.push((step, start.elapsed(), tally));
    }
    close(&ended)
}

/// The steps asked for and what they build on, in order; all if none is named.
fn chosen(only: &[Step]) -> Vec<Step> {
    let wanted = |step: &Step| {
        only.is_empty() || only.contains(step) || only.iter().any(|other| other.builds_on().contains(step))
    };
    Step::ALL.into_iter().filter(wanted).collect()
}

/// The table of steps, then the sum alone on the last line.
fn close(ended: &[(Step, Duration, Tally)]) -> Result<()> {
    let mut sum = Tally::default();
    say("");
    for (step, took, tally) in ended {
        say(format!("{:<20} {:>7.1} s   {tally}", step.name(), took.as_secs_f64()));
        sum.add(*tally);
    }
    if sum.is_empty() {
        bail!("no test ran");
    }
    say("");
    say(sum.to_string());
    if sum.failed > 0 {
        // Not an error to print: the sum says it, and stays the last line.
        std::process::exit(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_step_brings_what_it_builds_on() {
        assert_eq!(chosen(&[Step::Browser]), [Step::Wasm, Step::Build, Step::Browser]);
        assert_eq!(chosen(&[Step::Format]), [Step::Format]);
        assert_eq!(chosen(&[]), Step::ALL);
    }
}
