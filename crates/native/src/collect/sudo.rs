//! Root rights for one read of the SMBIOS values: `sudo -v`, which may ask for the password, then this program's hidden
//! `device dmi-read`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use gatehouse_model::DmiData;

use crate::NativeError;

/// sudo's places; the second is NixOS'. Never looked up in PATH: the user's password is typed into it.
const PLACES: [&str; 2] = ["/usr/bin/sudo", "/run/wrappers/bin/sudo"];
/// How long the read may take once the password is in.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest output that is read, in bytes.
const OUTPUT_CAP: u64 = 1024 * 1024;

/// A way to read the machine's SMBIOS values as root.
pub trait Privilege {
    /// Reads them.
    ///
    /// # Errors
    /// [`NativeError::Escalation`] with the reason.
    fn read_dmi(&self) -> Result<DmiData, NativeError>;
}

/// sudo.
#[derive(Clone, Copy, Debug)]
pub struct Sudo;

impl Privilege for Sudo {
    fn read_dmi(&self) -> Result<DmiData, NativeError> {
        let places = PLACES.map(PathBuf::from);
        let sudo = places
            .iter()
            .find(|place| place.is_file())
            .ok_or_else(|| failed("sudo is not installed".to_owned()))?;
        let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
        run(sudo, &program, PATIENCE)
    }
}

fn failed(reason: String) -> NativeError {
    NativeError::Escalation { reason }
}

fn run(sudo: &Path, program: &Path, patience: Duration) -> Result<DmiData, NativeError> {
    // The password prompt uses the terminal; its output must not mix with ours.
    let status = Command::new(sudo)
        .arg("-v")
        .stdout(Stdio::null())
        .status()
        .map_err(|error| failed(format!("{} cannot be started: {error}", sudo.display())))?;
    if !status.success() {
        return Err(failed("sudo refused".to_owned()));
    }
    let mut child = Command::new(sudo)
        .arg("-n")
        .arg(program)
        .args(["device", "dmi-read"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let deadline = Instant::now() + patience;
    let output = child.stdout.take().and_then(|stdout| output_before(stdout, deadline));
    let succeeded = ended_well(&mut child, deadline);
    match output {
        Some(output) if succeeded => parse(&output),
        _ => Err(failed(format!("the helper did not succeed within {} s", patience.as_secs()))),
    }
}

/// All output, at most [`OUTPUT_CAP`] bytes of it; `None` if it does not end in time.
fn output_before(stdout: ChildStdout, deadline: Instant) -> Option<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        if stdout.take(OUTPUT_CAP).read_to_end(&mut output).is_ok() {
            let _ = sender.send(output);
        }
    });
    receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

/// Whether it ended by itself and with success; otherwise it is ended.
fn ended_well(child: &mut Child, deadline: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.try_wait();
                return false;
            }
        }
    }
}

/// The JSON after whatever sudo and the login may have printed before it.
fn parse(output: &[u8]) -> Result<DmiData, NativeError> {
    let start = output.iter().position(|byte| *byte == b'{').unwrap_or(output.len());
    let json = output.get(start..).unwrap_or_default();
    serde_json::from_slice(json).map_err(|_| failed("the helper's answer cannot be read".to_owned()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use gatehouse_testkit::program;

    use super::*;

    fn script(folder: &Path, body: &str) -> PathBuf {
        let path = folder.join("sudo");
        program::write(&path, &format!("#!/bin/sh\n{body}\n"));
        path
    }

    fn run_with(body: &str, patience: Duration) -> Result<DmiData, NativeError> {
        let folder = tempfile::tempdir().unwrap();
        run(&script(folder.path(), body), Path::new("/opt/tsh"), patience)
    }

    #[test]
    fn the_helper_is_called_without_prompt_and_read_from_the_first_brace() {
        let body = r#"[ "$1" = -v ] && exit 0
[ "$*" = "-n /opt/tsh device dmi-read" ] || exit 1
echo 'Last login: today'; echo '{"ProductSerial":"PF2ABC"}'"#;
        assert_eq!(run_with(body, PATIENCE).unwrap().product_serial, "PF2ABC");
    }

    #[test]
    fn refusal_rubbish_and_silence_each_end_it() {
        for (body, patience, reason) in [
            ("exit 1", PATIENCE, "sudo refused"),
            ("[ \"$1\" = -v ] || echo nothing", PATIENCE, "cannot be read"),
            ("[ \"$1\" = -v ] || { echo '{}'; exit 1; }", PATIENCE, "did not succeed"),
            ("[ \"$1\" = -v ] || exec sleep 30", Duration::from_millis(100), "did not succeed"),
        ] {
            let error = run_with(body, patience).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(run(&folder.path().join("none"), Path::new("/opt/tsh"), PATIENCE).is_err());
    }
}
