use std::path::PathBuf;

use gatehouse_client::ClientError;
use gatehouse_model::ErrorKind;
use gatehouse_native::desktop::{Desktop, Registration, install, uninstall};

use crate::cli::InstallHandlerArgs;
use crate::failure::{Failure, Outcome};
use crate::output;

/// Registers this program for the links of a scheme, or takes that back.
pub(crate) fn run(args: &InstallHandlerArgs) -> Outcome {
    let desktop = Desktop::from_env()?;
    let scheme = args.scheme.as_str();
    if args.uninstall {
        let removed = uninstall(&desktop, &args.scheme)?;
        if removed.files.is_empty() {
            output::line(format!("{scheme}:// links were not opened by a handler of yours."))?;
        } else {
            output::line(format!("{scheme}:// links are no longer opened by your handler."))?;
        }
        for file in &removed.files {
            output::line(format!("  {}", file.display()))?;
        }
        if let Some(now) = removed.now {
            output::notice(format!("note: they are opened by {now} now"));
        }
        return Ok(0);
    }
    let program = this_program()?;
    let installed = install(&desktop, &args.scheme, &program)?;
    output::line(format!("{scheme}:// links are opened by {}.", program.display()))?;
    output::line(format!("  {}", installed.file.display()))?;
    if let Registration::List(list) = &installed.by {
        output::line(format!("  {}", list.display()))?;
    }
    if let Some(before) = installed.before {
        output::notice(format!("note: they were opened by {before} before; `--uninstall` brings that back"));
    }
    Ok(0)
}

fn this_program() -> Result<PathBuf, Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot tell where this program lies: {error}");
        ClientError::new(ErrorKind::FailedPrecondition, "program_path", message).into()
    };
    std::env::current_exe().map_err(failed)
}
