//! What the walk takes place on: a machine with a TPM, a server, and folders for both.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use gatehouse_testkit::swtpm::{EkCa, EkKindName, FakeSysfs, Swtpm};

use crate::answers::Answers;
use crate::browser;
use crate::interrupts::Interrupts;
use crate::output;
use crate::running::{Heard, Running};

/// The serial number of the walk's machine: the guide's.
pub(crate) const SERIAL: &str = "C00AA0AAAA0A";
/// The user's password. No secret: this server knows nobody else and listens on loopback.
const PASSWORD: &str = "a walk through the guide";
/// How long server and commands may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The equipment; everything stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    programs: PathBuf,
    folder: PathBuf,
    server: Running,
    log: String,
    ready: Ready,
    pub(crate) answers: Answers,
    pub(crate) interrupts: Interrupts,
    machine: Machine,
}

/// The device that is made trusted.
struct Machine {
    tpm: Swtpm,
    sysfs: FakeSysfs,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("tpm", &self.tpm.address())
            .field("sysfs", &self.sysfs.path())
            .finish()
    }
}

/// What the server says of itself when it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ready {
    url: String,
    pin: String,
}

impl Stage {
    /// Builds it up and says so.
    ///
    /// # Errors
    /// When the server does not come up; its log is part of the error.
    pub(crate) fn set(programs: &Path, folder: &Path, interrupts: Interrupts) -> Result<Self> {
        output::explain(
            "A machine with a TPM 2.0 of its own: swtpm, with EK certificates of a CA made for this walk",
        );
        let mut tpm = Swtpm::start();
        tpm.manufacture(&EkKindName::ALL, &EkCa::new());
        let machine = Machine { tpm, sysfs: FakeSysfs::new(SERIAL) };
        output::plain(&format!("TPM: {}\nSerial number: {SERIAL}\n", machine.tpm.address()));

        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        output::explain("A server of its own, on an empty database");
        let data = folder.join("data");
        let listen = format!("127.0.0.1:{}", free_port()?);
        output::command(&format!("gatehouse start --data-dir={} --listen={listen}", data.display()));
        let mut command = Command::new(programs.join("gatehouse"));
        command.arg("start").arg("--data-dir").arg(&data).args(["--listen", &listen]);
        // Ctrl-C at the terminal ends the walk, and the walk then ends the server.
        command.process_group(0);
        let mut server = Running::start(&mut command)?;
        let ready = wait_until_ready(&mut server)?;
        output::plain(&server.text());
        Ok(Self {
            programs: programs.to_owned(),
            folder: folder.to_owned(),
            server,
            log: String::new(),
            ready,
            answers: Answers::new(PASSWORD),
            interrupts,
            machine,
        })
    }

    /// A command of the walk: one of ours, or one of this system's, on the walk's machine.
    pub(crate) fn program(&self, name: &str) -> Command {
        let ours = self.programs.join(name);
        let mut command = if ours.is_file() { Command::new(ours) } else { Command::new(name) };
        command
            .env("TSH_HOME", self.tsh_home())
            .env("GATEHOUSE_DATA_DIR", self.folder.join("data"))
            .env("GATEHOUSE_SYSFS", self.machine.sysfs.path())
            .env("TCTI", self.machine.tpm.address())
            .env("BROWSER", self.folder.join(browser::PROGRAM))
            .current_dir(&self.folder);
        command
    }

    /// Where everything of the walk lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The user's password.
    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Where `tsh` keeps its keys and certificates.
    pub(crate) fn tsh_home(&self) -> PathBuf {
        self.folder.join("tsh")
    }

    /// host:port of the server.
    pub(crate) fn address(&self) -> &str {
        self.ready.url.trim_start_matches("https://").trim_end_matches('/')
    }

    /// `sha256:…`, as `tsh login --ca-pin` takes it.
    pub(crate) fn pin(&self) -> &str {
        &self.ready.pin
    }

    /// Says where to look while everything keeps running.
    pub(crate) fn show_links(&self) {
        output::explain("Server and TPM keep running; Ctrl-C ends them");
        output::plain(&format!(
            "Console: {}\nSign in there as myuser, password `{PASSWORD}`; one-time codes come from the secret {}\nTry it yourself:\n  export TSH_HOME={} GATEHOUSE_DATA_DIR={} \\\n    \
             GATEHOUSE_SYSFS={} TCTI={}\n  export PATH={}:$PATH\n",
            self.ready.url,
            self.answers.secret(),
            self.tsh_home().display(),
            self.folder.join("data").display(),
            self.machine.sysfs.path().display(),
            self.machine.tpm.address(),
            self.programs.display(),
        ));
    }

    /// What the server has printed.
    pub(crate) fn server_log(&mut self) -> &str {
        while self.server.listen(Duration::from_millis(100)) == Heard::More {}
        self.log = self.server.text();
        &self.log
    }

    /// Stops the server as Ctrl-C does.
    ///
    /// # Errors
    /// When it does not end cleanly.
    pub(crate) fn strike(mut self) -> Result<()> {
        // kill(1), as the standard library sends no signal but the one that cannot be caught.
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let status = self.server.finish(PATIENCE)?;
        if !status.success() {
            bail!("the server did not end cleanly ({status}):\n{}", self.server.text());
        }
        Ok(())
    }
}

fn free_port() -> Result<u16> {
    let probe = TcpListener::bind(("127.0.0.1", 0)).context("finding a free port")?;
    Ok(probe.local_addr().context("reading the free port")?.port())
}

fn wait_until_ready(server: &mut Running) -> Result<Ready> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(ready) = Ready::parse(&server.text()) {
            return Ok(ready);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match server.listen(left) {
            Heard::More => {}
            Heard::Silence => {
                bail!("the server was not ready in {} s:\n{}", PATIENCE.as_secs(), server.text())
            }
            Heard::End => bail!("the server ended before it was ready:\n{}", server.text()),
        }
    }
}

impl Ready {
    /// `None` until all three lines are there.
    fn parse(printed: &str) -> Option<Self> {
        // A line that is still being written is not read.
        let (complete, _) = printed.rsplit_once('\n')?;
        let after = |start: &str| complete.lines().find_map(|line| line.strip_prefix(start));
        // The last of the three; the walk makes a user of its own.
        after("Create the first admin: ")?;
        Some(Self {
            url: after("Gatehouse ")?.split_once(" is ready on ")?.1.to_owned(),
            pin: after("CA pin: ")?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_ready_when_it_has_said_all_three_lines() {
        let said = "log\nGatehouse 0.1.0 is ready on https://localhost:3080\nCA pin: sha256:ab\nCreate the first admin: https://x/y";
        assert_eq!(Ready::parse(said), None);
        let ready = Ready::parse(&format!("{said}z\n")).unwrap();
        assert_eq!(ready.url, "https://localhost:3080");
        assert_eq!(ready.pin, "sha256:ab");
    }
}
