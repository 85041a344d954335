//! A PostgreSQL cluster per test process and a database per test: as an unprivileged user, on a Unix socket in a temporary
//! folder, without durability.

#![expect(clippy::panic, reason = "test equipment: what cannot be set up ends the test with a message")]

mod account;

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use account::Account;

/// How long a cluster may take to come up; it usually takes a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes and starts the cluster, then waits until its own standard input ends. The test process holds the other end, so the
/// cluster is stopped and its folder removed whichever way the test process goes, by a kill as well. QUIT makes a running
/// server stop at once, but one that only just started still ignores it, as shells start background programs so; TERM ends
/// that. Arguments: the programs' folder, the cluster's, the superuser, the settings.
const KEEPER: &str = r#"
# Who may reach the socket is decided by the permissions of its folder.
if "$1/initdb" --pgdata="$2/data" --username="$3" --auth=trust --encoding=UTF8 --locale=C --no-sync --no-instructions \
    >"$2/log" 2>&1 </dev/null
then
    printf '%s' "$4" >>"$2/data/postgresql.conf"
    "$1/postgres" -D "$2/data" -k "$2" >>"$2/log" 2>&1 </dev/null &
    server=$!
else
    touch "$2/failed"
fi
read -r _
if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null
    kill -QUIT "$server" 2>/dev/null
    wait "$server"
fi
rm -rf "$2"
"#;

/// Tests need speed and many connections; nothing has to outlive them.
const SETTINGS: &str = "
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 32MB
timezone = 'UTC'
";

/// A running PostgreSQL cluster; it ends, and its files are deleted, when this is dropped or the process ends.
#[derive(Debug)]
pub struct Postgres {
    keeper: Child,
    folder: PathBuf,
    programs: PathBuf,
    account: Account,
    databases: AtomicU64,
}

impl Postgres {
    /// The cluster of this test process, started by the first test that asks.
    ///
    /// # Panics
    /// If PostgreSQL is missing (the message names the package) or does not come up.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A cluster of its own, for tests that stop it.
    ///
    /// # Panics
    /// As [`Postgres::shared`].
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same, with lines of `postgresql.conf` beside or instead of those of tests.
    ///
    /// # Panics
    /// As [`Postgres::shared`].
    #[must_use]
    pub fn start_with(settings: &str) -> Self {
        let Some(programs) = programs() else {
            panic!("PostgreSQL's `initdb` is missing; install it with `apt-get install postgresql`");
        };
        Self::launch(programs, settings).unwrap_or_else(|error| panic!("PostgreSQL did not come up: {error}"))
    }

    fn launch(programs: PathBuf, settings: &str) -> io::Result<Self> {
        let account = Account::for_server()?;
        let folder = tempfile::Builder::new()
            .prefix("gatehouse-pg-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()?;
        chown(folder.path(), Some(account.uid), Some(account.gid))?;

        let mut keeper = Command::new("/bin/sh");
        keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(&programs)
            .arg(folder.path())
            .args([&account.name, &format!("{SETTINGS}{settings}")]);
        // Its own process group: Ctrl-C at the terminal ends the tests, and thereby the keeper's input.
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        account.assume(&mut keeper);
        let keeper = keeper.current_dir("/").spawn()?;
        // From here on the keeper removes the folder.
        let folder = folder.keep();
        let postgres = Self { keeper, folder, programs, account, databases: AtomicU64::new(0) };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    fn wait_until_ready(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.client("pg_isready").arg("--quiet").status()?.success() {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("it does not answer; its log says: {log}"),
                ));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// One of PostgreSQL's client programs, aimed at this cluster.
    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.arg("--host").arg(&self.folder).args(["--username", &self.account.name]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// If the cluster refuses.
    #[must_use]
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        // No `--strategy`: PostgreSQL 15 and later copy small templates through the log, which is fast and needs no
        // checkpoint, and earlier versions do not know the option.
        let made =
            self.client("createdb").args(["--template=template0", &name]).stderr(Stdio::piped()).output();
        match made {
            Ok(out) if out.status.success() => self.url(&name),
            Ok(out) => panic!("createdb failed: {}", String::from_utf8_lossy(&out.stderr).trim()),
            Err(error) => panic!("createdb did not start: {error}"),
        }
    }

    /// Does at once, for a database of [`Postgres::fresh_database`], what a cluster that lives longer does by itself.
    ///
    /// # Errors
    /// The cluster refuses.
    pub fn vacuum(&self, url: &str) -> io::Result<()> {
        let database = url.trim_start_matches("postgres:///").split('?').next().unwrap_or_default();
        let mut client = self.client("psql");
        client.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", database]);
        let status = client.args(["--command=vacuum analyze", "--command=checkpoint"]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("psql failed")) }
    }

    /// The URL of a database of this cluster, as sqlx and libpq read it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={}", self.folder.display(), self.account.name)
    }

    /// The folder of the cluster's socket, data and log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The end of its input is the keeper's signal.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The newest installed version's programs: Debian keeps them off `PATH`.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}

#[cfg(test)]
mod tests;
