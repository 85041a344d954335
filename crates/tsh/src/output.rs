//! The only road to standard output and standard error.

use std::io::{ErrorKind as IoErrorKind, Write};
use std::process::ExitCode;

use gatehouse_client::ClientError;
use gatehouse_client::present::{Format, encode, error_lines, printable};
use gatehouse_model::ErrorKind;
use serde::Serialize;

use crate::failure::{Failure, Outcome};

/// Wrong usage, as every refusal.
const USAGE_EXIT_CODE: u8 = 1;

/// Writes text to standard output as it is; it must be safe to print.
pub(crate) fn raw(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        IoErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => ClientError::new(ErrorKind::Internal, "output", format!("cannot write the output: {error}"))
            .into(),
    })
}

/// Writes a line to standard output, without what could steer the terminal.
pub(crate) fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    raw(&format!("{}\n", printable(text.as_ref())))
}

/// Writes data in the format asked for, or text made by `text`.
pub(crate) fn data<T: Serialize>(
    format: Format,
    data: &T,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match encode(format, data)? {
        Some(encoded) => raw(&encoded),
        None => raw(&printable(&text())),
    }
}

/// Writes a line to standard error; that nobody reads it is no failure.
pub(crate) fn notice(text: impl AsRef<str>) {
    // In one piece: what goes to standard output meanwhile must not land within the line.
    let line = format!("{}\n", printable(text.as_ref()));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Writes a question to standard error and stays on its line.
pub(crate) fn question(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{}", printable(text)).and_then(|()| err.flush());
}

/// Ends the program as its outcome says.
pub(crate) fn finish(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(Failure::Error(error)) => {
            let _ = std::io::stderr().lock().write_all(error_lines(&error).as_bytes());
            ExitCode::from(error.exit_code())
        }
    }
}

/// Tells why a hand-off was refused; gives the exit code.
pub(crate) fn refusal(error: &ClientError) -> u8 {
    let _ = std::io::stderr().lock().write_all(refusal_lines(error).as_bytes());
    error.exit_code()
}

/// Why a hand-off was refused, with the code to look up, and what an administrator looks for.
pub(crate) fn refusal_lines(error: &ClientError) -> String {
    let mut lines = error_lines(error);
    lines.push_str(&printable(&format!("code: {}", error.code)));
    if let Some(id) = error.request_id.as_ref().filter(|_| error.kind != ErrorKind::Internal) {
        lines.push_str(&printable(&format!(" (the administrator finds more under {id})")));
    }
    lines.push('\n');
    lines
}

/// Shows clap's help, version or complaint.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE_EXIT_CODE) } else { ExitCode::SUCCESS }
}
