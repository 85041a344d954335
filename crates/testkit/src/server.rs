//! The real `gatehouse` in a temporary folder, and people at machines who type at the real `tctl` and `tsh`.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "test equipment: what cannot be set up ends the test with a message"
)]

mod desk;
mod filters;
mod output;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use desk::{Desk, Ran};
pub use filters::FILTERS;
use output::Output;

/// How long the server may take to come up or to stop; it usually takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program of this workspace with that name, which Cargo puts into the folder above the test's own.
///
/// # Panics
/// If it is missing; the message says how to build it.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let program = programs().join(name);
    assert!(
        program.is_file(),
        "{} is missing; run `cargo build -p gatehouse-server -p gatehouse-tctl -p gatehouse-tsh` first",
        program.display()
    );
    program
}

fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    test.ancestors().nth(2).expect("a folder above the test's").to_owned()
}

/// A running server of its own, on a free port of the loopback interface, with SQLite in a temporary folder. It ends, and
/// its data is deleted, when this is dropped.
pub struct TestServer {
    folder: TempDir,
    config: String,
    port: u16,
    running: Option<Running>,
}

struct Running {
    process: Child,
    output: Output,
}

impl TestServer {
    /// A server where a password is enough to log in, and everything else is as it is by default.
    ///
    /// # Panics
    /// If the server does not come up; its log is part of the message.
    #[must_use]
    pub fn start() -> Self {
        Self::with_authentication("second_factor: off")
    }

    /// A server with this in `auth_service.authentication`: lines of YAML without indentation.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with_authentication(yaml: &str) -> Self {
        let indented: String = yaml.lines().map(|line| format!("    {line}\n")).collect();
        Self::with_config(&format!("auth_service:\n  authentication:\n{indented}"))
    }

    /// A server with these sections beside `gatehouse` and `proxy_service`, which are made here.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with_config(sections: &str) -> Self {
        let folder =
            tempfile::Builder::new().prefix("gatehouse-server-").tempdir().expect("a temporary folder");
        let mut server = Self { folder, config: sections.to_owned(), port: 0, running: None };
        for _ in 0..20 {
            server.port = free_port();
            server.write_config();
            // Somebody else may have taken the port in between: that is seen at once, and another is tried.
            match server.run() {
                Ok(()) => {
                    let _ = server.first_admin_link();
                    return server;
                }
                Err(log) if log.contains("in use") => {}
                Err(log) => panic!("the server did not come up:\n{log}"),
            }
        }
        panic!("found no free port for the server");
    }

    /// Replaces the sections given at the start; they count after [`Self::restart`].
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn configure(&mut self, sections: &str) {
        sections.clone_into(&mut self.config);
        self.write_config();
    }

    fn write_config(&self) {
        let text = format!(
            "gatehouse:\n  data_dir: data\nproxy_service:\n  listen_addr: 127.0.0.1:{}\n{}",
            self.port, self.config
        );
        fs::write(self.config_file(), text).expect("writing the configuration");
    }

    fn run(&mut self) -> Result<(), String> {
        let log = fs::File::create(self.folder.path().join("log")).expect("the server's log");
        let mut process = Command::new(program("gatehouse"))
            .args(["start", "--config"])
            .arg(self.config_file())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("starting the server");
        let output = Output::of(process.stdout.take().expect("the server's output"));
        let pin = output.line("CA pin: ", Instant::now() + PATIENCE);
        self.running = Some(Running { process, output });
        if pin.is_some() {
            return Ok(());
        }
        self.kill9();
        Err(self.log())
    }

    /// `localhost:port`, as `--proxy` takes it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `sha256:…`, as `--ca-pin` takes it.
    ///
    /// # Panics
    /// If the server does not run.
    #[must_use]
    pub fn pin(&self) -> String {
        self.line("CA pin: ")
    }

    /// The link that creates the first admin.
    ///
    /// # Panics
    /// If the server does not run or has users already.
    #[must_use]
    pub fn first_admin_link(&self) -> String {
        self.line("Create the first admin: ")
    }

    fn line(&self, start: &str) -> String {
        let running = self.running.as_ref().expect("a running server");
        running
            .output
            .line(start, Instant::now() + PATIENCE)
            .unwrap_or_else(|| panic!("the server printed no `{start}`:\n{}", self.log()))
    }

    /// The folder with database, keys and admin socket.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("gatehouse.yaml")
    }

    /// The folder of it all.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged since it was last started.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill9(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.process.kill();
            let _ = running.process.wait();
        }
    }

    /// Ends it as a service manager does, and gives how it ended.
    ///
    /// # Panics
    /// If it does not run or does not end in time.
    pub fn stop(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("a running server");
        // kill(1), as the standard library sends no signal but the one that cannot be caught.
        let _ = Command::new("kill").arg(running.process.id().to_string()).status();
        if !running.output.ended(Instant::now() + PATIENCE) {
            let _ = running.process.kill();
            let _ = running.process.wait();
            panic!("the server did not stop:\n{}", self.log());
        }
        running.process.wait().expect("how the server ended")
    }

    /// Starts it again, on the same port, with what is stored; ends it first if it still runs.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn restart(&mut self) {
        if self.running.is_some() {
            self.stop();
        }
        self.run().unwrap_or_else(|log| panic!("the server did not come up again:\n{log}"));
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn free_port() -> u16 {
    let probe = TcpListener::bind(("127.0.0.1", 0)).expect("a free TCP port");
    probe.local_addr().expect("the port").port()
}
