//! The server under test: a process of its own, so that its CPU time is its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use gatehouse_client::{Pin, ProxyAddress};
use rustix::process::{Pid, Signal, kill_process};

/// A running `gatehouse`, killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Kept open: the server may still print.
    stdout: BufReader<ChildStdout>,
    port: u16,
    pub(crate) pin: Pin,
    /// From the start of the process until it says that it is ready.
    pub(crate) ready_after: Duration,
    data: PathBuf,
}

/// How to start the server.
pub(crate) struct Installation {
    pub(crate) programs: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Installation {
    /// Empties the folder and writes the configuration.
    pub(crate) fn prepare(programs: &Path, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder.canonicalize().with_context(|| format!("finding {}", folder.display()))?;
        refuse_memory(&folder)?;
        let installation = Self { programs: programs.to_owned(), folder };
        fs::write(installation.config(), "auth_service:\n  authentication:\n    second_factor: off\n")
            .context("writing the server's configuration")?;
        Ok(installation)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("gatehouse.yaml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts the server; port 0 for any.
    pub(crate) fn start(&self, port: u16) -> Result<Server> {
        let log = self.folder.join("server.log");
        let log =
            fs::File::options().create(true).append(true).open(&log).context("opening the server's log")?;
        let mut command = Command::new(self.program("gatehouse"));
        command.arg("start").arg("--config").arg(self.config()).arg("--data-dir").arg(self.data());
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let begun = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("starting {}", self.program("gatehouse").display()))?;
        let stdout = child.stdout.take().context("the server has no stdout")?;
        let mut stdout = BufReader::new(stdout);
        let mut ready = None;
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).context("reading the server's output")? == 0 {
                let _ = child.kill();
                let _ = child.wait();
                bail!("the server did not start; its log is {}", self.folder.join("server.log").display());
            }
            if let Some((_, url)) = line.trim_end().split_once(" is ready on ") {
                let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
                ready = Some((begun.elapsed(), port.context("the server names no port")?));
            }
            if let (Some((ready_after, port)), Some(pin)) = (ready, line.trim_end().strip_prefix("CA pin: "))
            {
                let pin = pin.parse().map_err(|error: String| anyhow!(error))?;
                return Ok(Server { child, stdout, port, pin, ready_after, data: self.data() });
            }
        }
    }
}

/// A commit that is on no disk measures nothing.
fn refuse_memory(folder: &Path) -> Result<()> {
    const TMPFS_MAGIC: i64 = 0x0102_1994;
    let kind = rustix::fs::statfs(folder).with_context(|| format!("looking at {}", folder.display()))?.f_type;
    if kind == TMPFS_MAGIC {
        bail!("{} lies in memory (tmpfs): choose a folder on a disk with CARGO_TARGET_DIR", folder.display());
    }
    Ok(())
}

impl Server {
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// By address: the name would be looked up for each connection.
    pub(crate) fn address(&self) -> Result<ProxyAddress> {
        format!("127.0.0.1:{}", self.port).parse().map_err(|error: String| anyhow!(error))
    }

    pub(crate) fn admin_socket(&self) -> PathBuf {
        self.data.join("admin.sock")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// User and system time so far (proc(5), `/proc/pid/stat`, fields 14 and 15).
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .context("reading the server's CPU time")?;
        let ticks: u64 = stat
            .rsplit_once(')')
            .map(|(_, rest)| {
                rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum()
            })
            .context("the server's CPU time is not where it should be")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("reading the server's memory")?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.context("the server's memory is not where it should be")? / 1024.0)
    }

    /// Ends the server as a service manager does.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("stopping the server")?;
        let mut rest = String::new();
        while self.stdout.read_line(&mut rest).context("reading the server's output")? > 0 {}
        let status = self.child.wait().context("waiting for the server")?;
        if !status.success() {
            bail!("the server did not end cleanly ({status})");
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
