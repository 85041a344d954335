//! Running other programs: quoted for the reader, without this process's cargo variables.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::output::say;
use crate::workspace::Workspace;

/// A cargo call in the workspace, into the same target folder as this program.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(workspace.root()).env("CARGO_TARGET_DIR", workspace.target());
    without_package_variables(&mut command);
    command
}

/// Removes what cargo tells a program about the program's own package: build scripts of the inner build watch such
/// variables and would run again each time the caller changes.
pub(crate) fn without_package_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let inner = name.to_string_lossy();
        if inner.starts_with("CARGO_PKG_") || inner.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name).chain(command.get_args()).map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Shows the command, runs it on this terminal, and takes a non-zero exit for an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say(format!("$ {}", shown(command)));
    let status = command.status().with_context(|| starting(command))?;
    succeeded(command, status)
}

/// Like [`run`], but hands each line of stdout to `each` after printing it.
///
/// Returns the exit status: callers that read a test runner's report judge it themselves.
pub(crate) fn run_reading(command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    say(format!("$ {}", shown(command)));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| starting(command))?;
    let stdout = child.stdout.take().context("the child has no stdout")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("reading the child's output")?;
        let line = String::from_utf8_lossy(&line);
        say(&line);
        each(&line);
    }
    child.wait().context("waiting for the child")
}

/// Runs the command silently and returns its stdout; its stderr is part of the error if it fails.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let out = command.stdin(Stdio::null()).output().with_context(|| starting(command))?;
    if !out.status.success() {
        bail!(
            "`{}` failed ({}): {}",
            shown(command),
            out.status,
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    String::from_utf8(out.stdout).with_context(|| format!("`{}` printed no UTF-8", shown(command)))
}

fn starting(command: &Command) -> String {
    format!("starting `{}`", shown(command))
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{}` failed ({status})", shown(command))
}

/// The first program of that name on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_commands_so_that_they_can_be_pasted() {
        let mut command = Command::new("/usr/bin/tctl");
        command.args(["devices", "add", "--asset-tag=C00 AA", "it's", ""]);
        assert_eq!(shown(&command), r"tctl devices add '--asset-tag=C00 AA' 'it'\''s' ''");
    }

    #[test]
    fn a_failing_command_is_an_error_with_its_own_words() {
        let error = read(Command::new("sh").args(["-c", "echo no disk >&2; exit 3"])).unwrap_err();
        assert!(format!("{error:#}").contains("no disk"), "{error:#}");
    }

    #[test]
    fn reads_lines_even_when_they_are_not_utf8() {
        let mut seen = Vec::new();
        let status =
            run_reading(Command::new("printf").arg(r"a\n\377b\nc"), |line| seen.push(line.to_owned()))
                .unwrap();
        assert!(status.success());
        assert_eq!(seen, ["a", "\u{fffd}b", "c"]);
    }
}
