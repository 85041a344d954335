//! The only way to standard output and standard error. A reader that has gone away is no error.

use std::io::Write as _;
use std::process::ExitCode;

use crate::compose::Composed;
use crate::foundation::{Foundation, StartError};

/// Prints a line of what was asked for.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints that the server is ready, where, and by what clients know it.
pub fn ready(foundation: &Foundation, composed: &Composed) {
    let address = foundation.config.public_address();
    line(&format!("Gatehouse {} is ready on https://{address}", env!("CARGO_PKG_VERSION")));
    line(&format!("CA pin: {}", foundation.certificate.pin()));
    if let Some(url) = &composed.first_admin_url {
        line(&format!("Create the first admin: {url}"));
    }
    for warning in &composed.warnings {
        tracing::warn!("{warning}");
    }
}

/// Shows help, version or a complaint about the command line: wrong usage is a refusal like any other, as with `tctl`.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints what deserves attention and stops nothing.
pub fn warning(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {text}");
}

/// Prints an error with its causes, and the way out.
pub fn error(error: &StartError) {
    let text = with_causes(error);
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "error: {text}");
    if let Some(hint) = error.hint() {
        let _ = writeln!(out, "hint: {hint}");
    }
}

/// An error and what caused it. Drivers of databases repeat in their own words what the cause says again: once is enough.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Told {
        text: &'static str,
        #[source]
        cause: Option<Box<Told>>,
    }

    #[test]
    fn what_a_cause_repeats_is_said_once() {
        let told = |text, cause: Option<Told>| Told { text, cause: cause.map(Box::new) };
        let disk = told("disk is full", None);
        let driver = told("error returned from database: disk is full", Some(disk));
        let step =
            told("while executing migrations: error returned from database: disk is full", Some(driver));
        let error = told("cannot bring the schema up to date", Some(step));
        assert_eq!(
            with_causes(&error),
            "cannot bring the schema up to date: while executing migrations: error returned from database: disk is full"
        );
        let plain = told("cannot read the file", Some(told("no such file", None)));
        assert_eq!(with_causes(&plain), "cannot read the file: no such file");
    }
}
