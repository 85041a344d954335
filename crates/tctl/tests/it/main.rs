//! `tctl` as a person meets it without a server: exit code, standard output and standard error together.

use std::path::Path;
use std::process::{Command, Stdio};

mod help;
mod without_server;

/// Several runs as a person would see them, one after the other.
fn transcript(home: &Path, runs: &[&[&str]]) -> String {
    let told = runs.iter().map(|args| {
        let line = args.join(" ").replace(&home.display().to_string(), "[HOME]");
        format!("$ tctl {line}\n{}\n", tctl(home, args))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Runs the program with an environment of its own and tells all three of what came of it.
#[expect(clippy::expect_used, reason = "a test helper: there is nothing to test without the program")]
fn tctl(home: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tctl"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("TSH_HOME", home.join("tsh"))
        .env("GATEHOUSE_SYSFS", home.join("sys"))
        .env("TCTI", format!("swtpm:path={}", home.join("no-tpm").display()))
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&home.display().to_string(), "[HOME]").trim_end().to_owned()
    };
    format!(
        "exit: {}\n----- stdout -----\n{}\n----- stderr -----\n{}",
        output.status.code().map_or_else(|| "signal".to_owned(), |code| code.to_string()),
        text(&output.stdout),
        text(&output.stderr),
    )
}
