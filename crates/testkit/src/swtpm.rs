//! A software TPM per test: `swtpm` in a temporary folder, with EK certificates of a CA that the test holds.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "test equipment: what cannot be set up ends the test with a message"
)]

mod ca;
mod der;
mod keys;
mod sysfs;
mod wire;

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use ca::EkCa;
pub use keys::EkKindName;
pub use sysfs::FakeSysfs;

/// How long a software TPM may take to come up; it usually takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running software TPM of its own; it ends, and its state is deleted, when this is dropped.
pub struct Swtpm {
    process: Option<Child>,
    folder: TempDir,
    channel: Channel,
}

#[derive(Clone, Copy)]
enum Channel {
    Unix,
    /// Data on this port, control on the next one.
    Tcp(u16),
}

/// The TPM's whole persistent state at one moment.
pub struct Snapshot(Vec<(PathBuf, Vec<u8>)>);

impl Swtpm {
    /// Starts a factory-new TPM on a Unix socket.
    ///
    /// # Panics
    /// If `swtpm` is missing (the message names the package) or does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::launch(Channel::Unix).unwrap_or_else(|error| panic!("swtpm did not come up: {error}"))
    }

    /// Starts a factory-new TPM on two neighbouring TCP ports of the loopback interface, for stacks that cannot use Unix
    /// sockets.
    ///
    /// # Panics
    /// As [`Swtpm::start`].
    #[must_use]
    pub fn start_tcp() -> Self {
        for _ in 0..20 {
            let probe = TcpListener::bind(("127.0.0.1", 0)).expect("a free TCP port");
            let port = probe.local_addr().expect("the port").port();
            let Some(next) = port.checked_add(1) else { continue };
            let neighbour_is_free = TcpListener::bind(("127.0.0.1", next)).is_ok();
            drop(probe);
            if neighbour_is_free && let Ok(tpm) = Self::launch(Channel::Tcp(port)) {
                return tpm;
            }
        }
        panic!("found no two neighbouring free TCP ports for swtpm");
    }

    fn launch(channel: Channel) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("gatehouse-swtpm-").tempdir()?;
        fs::create_dir(folder.path().join("state"))?;
        let mut tpm = Self { process: None, folder, channel };
        tpm.run()?;
        Ok(tpm)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn run(&mut self) -> io::Result<()> {
        let (server, control) = match self.channel {
            Channel::Unix => {
                let socket = self.socket();
                (
                    format!("type=unixio,path={}", socket.display()),
                    format!("type=unixio,path={}.ctrl", socket.display()),
                )
            }
            Channel::Tcp(port) => (
                format!("type=tcp,port={port},bindaddr=127.0.0.1"),
                format!("type=tcp,port={},bindaddr=127.0.0.1", u32::from(port) + 1),
            ),
        };
        let log = self.folder.path().join("log");
        let process = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"])
            .arg(format!("dir={}", self.state().display()))
            .args(["--server", &server, "--ctrl", &control, "--log"])
            .arg(format!("file={},level=1", log.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = match process {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                panic!("`swtpm` is missing; install it with `apt-get install swtpm`")
            }
            other => other?,
        };
        let deadline = Instant::now() + PATIENCE;
        while !self.answers() {
            if let Some(status) = process.try_wait()? {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(io::Error::other(format!("swtpm ended with {status}: {log}")));
            }
            if Instant::now() > deadline {
                let _ = process.kill();
                let _ = process.wait();
                return Err(io::Error::new(io::ErrorKind::TimedOut, "swtpm did not answer in time"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Whether a connection gets an answer to a harmless command.
    fn answers(&self) -> bool {
        wire::Wire::try_connect(self).is_some_and(|mut wire| wire.is_alive())
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = fs::remove_file(self.socket());
        let _ = fs::remove_file(self.folder.path().join("s.ctrl"));
    }

    /// The address for `--tpm`: `swtpm:path=…` or `swtpm:host=…,port=…`.
    #[must_use]
    pub fn address(&self) -> String {
        match self.channel {
            Channel::Unix => format!("swtpm:path={}", self.socket().display()),
            Channel::Tcp(port) => format!("swtpm:host=127.0.0.1,port={port}"),
        }
    }

    /// A TPM reset, as by switching the machine off and on: the reset counter grows, PCRs and loaded keys are gone,
    /// persistent state stays. Connections must be closed before, and are made anew after.
    ///
    /// # Panics
    /// If it does not come up again.
    pub fn restart(&mut self) {
        wire::Wire::connect(self).shutdown();
        self.stop();
        self.run().unwrap_or_else(|error| panic!("swtpm did not come up again: {error}"));
    }

    /// Copies the persistent state, as a snapshot of a virtual machine would.
    ///
    /// # Panics
    /// If the files cannot be read.
    #[must_use]
    pub fn snapshot(&mut self) -> Snapshot {
        wire::Wire::connect(self).shutdown();
        self.stop();
        let files = fs::read_dir(self.state()).expect("the TPM's state folder").map(|entry| {
            let path = entry.expect("an entry of the state folder").path();
            let bytes = fs::read(&path).expect("a state file");
            (path, bytes)
        });
        let snapshot = Snapshot(files.collect());
        self.run().unwrap_or_else(|error| panic!("swtpm did not come up again: {error}"));
        snapshot
    }

    /// Rolls the TPM back to the snapshot and starts it.
    ///
    /// # Panics
    /// If the files cannot be written or the TPM does not come up.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.stop();
        for entry in fs::read_dir(self.state()).expect("the TPM's state folder") {
            fs::remove_file(entry.expect("an entry").path()).expect("removing a state file");
        }
        for (path, bytes) in &snapshot.0 {
            fs::write(path, bytes).expect("writing a state file");
        }
        self.run().unwrap_or_else(|error| panic!("swtpm did not come up again: {error}"));
    }

    /// Puts EK certificates of `ca` into the TPM's NV memory, as its maker would.
    ///
    /// # Panics
    /// If the TPM refuses.
    pub fn manufacture(&mut self, kinds: &[EkKindName], ca: &EkCa) {
        let mut wire = wire::Wire::connect(self);
        for kind in kinds {
            let (handle, public) = wire.create_ek(*kind);
            wire.flush(handle);
            wire.write_nv(kind.certificate_index(), &ca.issue(&keys::EkKey::from_public(&public)));
        }
    }

    /// The EK certificate of a CA that nobody lists, for the EK of this kind: what a maker's file about the TPM holds.
    ///
    /// # Panics
    /// If the TPM refuses.
    #[must_use]
    pub fn ek_certificate(&self, kind: EkKindName) -> Vec<u8> {
        let mut wire = wire::Wire::connect(self);
        let (handle, public) = wire.create_ek(kind);
        wire.flush(handle);
        EkCa::new().issue(&keys::EkKey::from_public(&public))
    }

    /// Puts any bytes into an NV index, for certificates with odd framing or of other keys.
    ///
    /// # Panics
    /// If the TPM refuses.
    pub fn write_nv(&mut self, index: u32, bytes: &[u8]) {
        wire::Wire::connect(self).write_nv(index, bytes);
    }

    /// Makes the EK and keeps it at its usual persistent handle, as many makers do.
    ///
    /// # Panics
    /// If the TPM refuses.
    pub fn persist_ek(&mut self, kind: EkKindName) {
        let mut wire = wire::Wire::connect(self);
        let (handle, _) = wire.create_ek(kind);
        wire.evict(handle, kind.persistent_handle());
        wire.flush(handle);
    }

    /// Extends PCR `index` of the SHA-256 bank, as the firmware does.
    ///
    /// # Panics
    /// If the TPM refuses.
    pub fn extend_pcr(&mut self, index: u32, digest: [u8; 32]) {
        wire::Wire::connect(self).extend_pcr(index, digest);
    }

    /// How many transient objects and sessions are loaded; 0 if every client cleaned up.
    ///
    /// # Panics
    /// If the TPM refuses.
    #[must_use]
    pub fn loaded_handles(&self) -> usize {
        wire::Wire::connect(self).loaded_handles()
    }

    fn open(&self) -> io::Result<wire::Stream> {
        match self.channel {
            Channel::Unix => Ok(wire::Stream::Unix(UnixStream::connect(self.socket())?)),
            Channel::Tcp(port) => Ok(wire::Stream::Tcp(TcpStream::connect(("127.0.0.1", port))?)),
        }
    }

    /// The folder with the TPM's socket and state.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        self.stop();
    }
}
