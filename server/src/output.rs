//! The only way to standard output and standard error. A reader that has gone away is no error.

use std::io::Write as _;

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

/// Prints what deserves attention and stops nothing.
pub fn warning(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {text}");
}

/// Prints an error with its causes, and the way out.
pub fn error(error: &StartError) {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "error: {text}");
    if let Some(hint) = error.hint() {
        let _ = writeln!(out, "hint: {hint}");
    }
}
