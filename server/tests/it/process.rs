//! The binary.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn gatehouse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running server, killed when dropped.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    lines: Vec<String>,
}

impl Running {
    fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = gatehouse();
        command.args(["start", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data).args(arguments);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.starts_with("CA pin: ")) {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut error = String::new();
                child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                panic!("the server did not start: {error}");
            }
            lines.push(line.trim_end().to_owned());
        }
        Self { child, stdout, lines }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The rest of the output, after the process ended well.
    fn ends_well(mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_server_starts_stops_and_starts_again_from_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Running::start(&data, &[]);
    let version = env!("CARGO_PKG_VERSION");
    assert!(first.lines[0].starts_with(&format!("Gatehouse {version} is ready on https://localhost:")));
    let pin = first.lines[1].clone();
    first.signal(Signal::TERM);
    first.ends_well();
    let key = std::fs::read(data.join("key")).unwrap();
    let second = Running::start(&data, &[]);
    assert_eq!(second.lines[1], pin);
    assert_eq!(std::fs::read(data.join("key")).unwrap(), key);
    second.signal(Signal::INT);
    second.ends_well();
}

#[test]
fn a_killed_server_leaves_nothing_that_hinders_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &[]);
    first.signal(Signal::KILL);
    drop(first);
    assert!(folder.path().join("admin.sock").exists());
    let second = Running::start(folder.path(), &[]);
    second.signal(Signal::TERM);
    second.ends_well();
}

#[test]
fn two_servers_cannot_share_a_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Running::start(folder.path(), &[]);
    let mut second = gatehouse();
    second.args(["start", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
    let error = failed(second.output().unwrap());
    assert!(error.starts_with("error: another server already uses the data directory "), "{error}");
    assert!(error.contains("\nhint: stop the other server"), "{error}");
}

#[test]
fn without_its_key_file_the_server_refuses_and_makes_no_new_ca() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &[]);
    first.signal(Signal::TERM);
    first.ends_well();
    let key = folder.path().join("key");
    let kept = folder.path().join("kept");
    std::fs::rename(&key, &kept).unwrap();

    let start = || {
        let mut command = gatehouse();
        command.args(["start", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
        failed(command.output().unwrap())
    };
    let error = start();
    assert!(error.contains("error: the database holds secrets sealed with key "), "{error}");
    assert!(error.contains("does not exist") && error.contains("hint: restore the key file"), "{error}");
    assert!(!key.exists());

    let other = tempfile::tempdir().unwrap();
    let stranger = Running::start(other.path(), &[]);
    std::fs::copy(other.path().join("key"), &key).unwrap();
    drop(stranger);
    let error = start();
    assert!(error.contains("error: the database holds secrets sealed with key "), "{error}");
    assert!(error.contains(" holds key "), "{error}");

    std::fs::rename(&kept, &key).unwrap();
    let again = Running::start(folder.path(), &[]);
    again.signal(Signal::TERM);
    again.ends_well();
}

#[test]
fn the_key_file_may_lie_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gatehouse.yaml");
    std::fs::write(&config, "gatehouse:\n  key_file: outside\n").unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &["--config", config.to_str().unwrap()]);
    assert!(folder.path().join("outside").exists());
    assert!(!data.join("key").exists());
    drop(server);
}

#[test]
fn config_check_reports_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gatehouse.yaml");
    let check = || gatehouse().args(["config", "check", "--config"]).arg(&config).output().unwrap();
    std::fs::write(&config, "auth_service:\n  authentication:\n    device_trust: {mode: required}\n")
        .unwrap();
    let output = check();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("OK: {}\n", config.display()));

    std::fs::write(&config, "auth_service:\n  authentification:\n    device_trust: {mode: required}\n")
        .unwrap();
    let error = failed(check());
    let place = format!("{}:2:3", config.display());
    let text = "unknown key `authentification` in `auth_service`; did you mean `authentication`?";
    assert_eq!(error, format!("error: {place}: {text}\n"));
}

#[test]
fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut command = gatehouse();
    command.args(["start", "--listen", &address, "--data-dir"]).arg(folder.path());
    let error = failed(command.output().unwrap());
    assert!(error.contains(&format!("error: cannot listen on {address}: ")), "{error}");
    assert!(error.contains("hint: another program listens there"), "{error}");
}

#[test]
fn completions_are_printed() {
    let output = gatehouse().args(["completions", "bash"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("_gatehouse"));
}

#[test]
fn wrong_usage_is_a_refusal_and_help_is_not() {
    let wrong = gatehouse().args(["start", "--port=3080"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("--port") && said.contains("--help"), "{said}");
    assert!(gatehouse().arg("--help").output().unwrap().status.success());
}
