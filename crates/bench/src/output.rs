//! The only road to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this module is what prints")]

use std::io::Write as _;

/// A line of progress or result on stdout.
pub(crate) fn say(line: impl AsRef<str>) {
    println!("{}", line.as_ref());
    let _ = std::io::stdout().flush();
}

/// An error with its causes on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
