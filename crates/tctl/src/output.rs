//! What is printed: as both command lines print.

use std::process::ExitCode;

pub(crate) use gatehouse_client::terminal::{data, error, finish, line, notice, raw};

/// Wrong usage, as every refusal.
const USAGE_EXIT_CODE: u8 = 1;

/// Shows clap's help, version or complaint.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE_EXIT_CODE) } else { ExitCode::SUCCESS }
}
