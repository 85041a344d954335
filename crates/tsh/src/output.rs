//! What is printed: as both command lines print, and why a hand-off was refused.

use std::process::ExitCode;

use gatehouse_client::ClientError;
use gatehouse_client::present::{error_lines, printable};
pub(crate) use gatehouse_client::terminal::{data, finish, line, notice, question, raw};
use gatehouse_model::ErrorKind;

/// Wrong usage, as every refusal.
const USAGE_EXIT_CODE: u8 = 1;

/// Tells why a hand-off was refused; gives the exit code.
pub(crate) fn refusal(error: &ClientError) -> u8 {
    notice(refusal_lines(error).trim_end());
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
