//! The only road to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this module is what prints")]

use std::io::Write as _;

/// What the walk tells the reader about the next commands.
pub(crate) fn explain(text: &str) {
    println!("\n# {text}");
}

/// A command as a person would type it.
pub(crate) fn command(line: &str) {
    println!("$ {line}");
}

/// A program's output, or part of it.
pub(crate) fn plain(text: &str) {
    print!("{text}");
    let _ = std::io::stdout().flush();
}

/// An error with its causes, on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
