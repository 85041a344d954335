//! The command lines' only road to standard output and standard error, and how they end.

use std::io::{ErrorKind as IoErrorKind, Write};
use std::process::ExitCode;

use gatehouse_model::ErrorKind;
use serde::Serialize;

use crate::error::ClientError;
use crate::present::{Format, encode, error_lines, printable};

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    Error(Box<ClientError>),
    /// Whoever read our output has gone: a clean end.
    OutputClosed,
}

impl<E> From<E> for Failure
where
    ClientError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Error(Box::new(ClientError::from(error)))
    }
}

/// Result of every command: the exit code.
pub type Outcome = Result<u8, Failure>;

/// Writes text to standard output as it is; it must be safe to print.
///
/// # Errors
/// It cannot be written, or nobody reads it any more.
pub fn raw(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        IoErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => ClientError::new(ErrorKind::Internal, "output", format!("cannot write the output: {error}"))
            .into(),
    })
}

/// Writes a line to standard output, without what could steer the terminal.
///
/// # Errors
/// As [`raw`].
pub fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    raw(&format!("{}\n", printable(text.as_ref())))
}

/// Writes data in the format asked for, or text made by `text`.
///
/// # Errors
/// As [`raw`]; it has no such form.
pub fn data<T: Serialize>(format: Format, data: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
    match encode(format, data)? {
        Some(encoded) => raw(&encoded),
        None => raw(&printable(&text())),
    }
}

/// Writes a line to standard error; that nobody reads it is no failure.
pub fn notice(text: impl AsRef<str>) {
    // In one piece: what goes to standard output meanwhile must not land within the line.
    let line = format!("{}\n", printable(text.as_ref()));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Writes a question to standard error and stays on its line.
pub fn question(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{}", printable(text)).and_then(|()| err.flush());
}

/// Writes an error that does not end the command.
pub fn error(error: &ClientError) {
    let _ = std::io::stderr().lock().write_all(error_lines(error).as_bytes());
}

/// Ends the program as its outcome says.
#[must_use]
pub fn finish(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(Failure::Error(ended)) => {
            error(&ended);
            ExitCode::from(ended.exit_code())
        }
    }
}
