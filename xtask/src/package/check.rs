//! The packages, tried: built twice, installed into a root of their own, looked at and removed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::stage::{CONFIGURATION, PROGRAMS, Stage};
use super::{Made, NAME, Profile, make, rpm, version, write};
use crate::process::{self, on_path};
use crate::workspace::Workspace;

/// Worst exposure of the unit that is borne, in tenths, as `systemd-analyze security` counts it.
const EXPOSURE: &str = "15";
/// Units that every system has.
const TARGETS: [&str; 5] = ["sysinit", "basic", "shutdown", "network-online", "multi-user"];

/// # Errors
/// Says what the packages lack.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let first = make(workspace, Profile::Debug)?;
    let before = [fs::read(&first.deb)?, fs::read(&first.rpm)?];
    let made = make(workspace, Profile::Debug)?;
    for (before, file) in before.iter().zip([&made.deb, &made.rpm]) {
        ensure!(*before == fs::read(file)?, "{} differs from one build to the next", file.display());
    }
    rpm_holds(&made)?;
    rpm_installs(workspace, &made)?;
    let root = Root::make(workspace.target().join("package/debug/root"))?;
    root.dpkg(&["--install"], &made.deb)?;
    root.is_sound(&made.stage)?;
    root.survives_an_upgrade(&made)?;
    root.is_left_clean(&made.stage)
}

fn rpm_holds(made: &Made) -> Result<()> {
    let ask =
        |arguments: &[&str]| process::read(Command::new("rpm").arg("-qp").args(arguments).arg(&made.rpm));
    let fields = ask(&["--queryformat", "%{NAME} %{VERSION} %{LICENSE} %{BUILDHOST}"])?;
    ensure!(
        fields == format!("{NAME} {} Apache-2.0 localhost", version()),
        "the .rpm says of itself: {fields}"
    );
    let listed = ask(&["--list"])?;
    let listed: Vec<&str> = listed.lines().collect();
    for (path, is_folder) in made.stage.installed()? {
        let path = rpm::place(&path);
        ensure!(is_folder || listed.contains(&path.as_str()), "the .rpm lacks {path}");
    }
    let configuration = ask(&["--configfiles"])?;
    ensure!(configuration.trim() == CONFIGURATION, "the .rpm's configuration files: {configuration}");
    let owners = ask(&["--queryformat", "[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]"])?;
    ensure!(owners.lines().all(|owner| owner == "root:root"), "the .rpm has files of others than root");
    let requires = ask(&["--requires"])?;
    ensure!(requires.contains("libssl.so"), "the .rpm does not ask for OpenSSL: {requires}");
    Ok(())
}

/// rpm's own hand puts it into a folder of its own, and takes it away again. Its scripts would need a system around them.
fn rpm_installs(workspace: &Workspace, made: &Made) -> Result<()> {
    let folder = workspace.target().join("package/debug/rpm-root");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let root = Root { folder };
    let rpm = |arguments: &[&str], what: &Path| {
        let mut rpm = root.as_root("rpm");
        rpm.arg("--root").arg(&root.folder).args(["--nodeps", "--noscripts", "--nosignature"]);
        process::run(rpm.args(arguments).arg(what))
    };
    rpm(&["--install"], &made.rpm)?;
    for (path, is_folder) in made.stage.installed()? {
        let installed = root.path(&rpm::place(&path));
        let found = fs::metadata(&installed).with_context(|| format!("the .rpm does not install {path}"))?;
        let is_same = is_folder || fs::read(&installed)? == fs::read(made.stage.path(&path))?;
        ensure!(found.is_dir() == is_folder && is_same, "the .rpm installs another {path}");
    }
    for name in PROGRAMS {
        let program = root.path(&format!("/usr/bin/{name}"));
        let said = process::read(Command::new(program).env("HOME", "/").arg("--version"))?;
        ensure!(said.trim() == format!("{name} {}", version()), "the .rpm's {name} --version says {said}");
    }
    rpm(&["--erase"], Path::new(NAME))?;
    ensure!(!root.path("/usr/bin/tsh").exists(), "rpm leaves programs behind");
    fs::remove_dir_all(&root.folder).context("removing rpm's folder")
}

/// A folder that packages are installed into.
struct Root {
    folder: PathBuf,
}

impl Root {
    fn make(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
        write(&folder.join("var/lib/dpkg/status"), "")?;
        for name in ["info", "updates", "triggers"] {
            fs::create_dir_all(folder.join("var/lib/dpkg").join(name)).context("making dpkg's folders")?;
        }
        Ok(Self { folder })
    }

    fn path(&self, installed: &str) -> PathBuf {
        self.folder.join(installed.trim_start_matches('/'))
    }

    /// Runs dpkg on this root. What the package depends on is not installed here; its scripts run outside, and are told
    /// of the root by `DPKG_ROOT`.
    fn dpkg(&self, action: &[&str], argument: impl AsRef<Path>) -> Result<()> {
        let mut dpkg = self.as_root("dpkg");
        dpkg.arg(format!("--root={}", self.folder.display()))
            .args(["--force-depends", "--force-script-chrootless", "--force-confold", "--log=/dev/null"])
            .args(action)
            .arg(argument.as_ref());
        process::run(dpkg.env("DEBIAN_FRONTEND", "noninteractive"))
    }

    /// Others than root act in a user namespace, where they are it.
    fn as_root(&self, program: &str) -> Command {
        if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            return Command::new(program);
        }
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--", program]);
        command
    }

    fn is_sound(&self, stage: &Stage) -> Result<()> {
        for (path, is_folder) in stage.installed()? {
            let installed = self.path(&path);
            let mode = fs::metadata(&installed)
                .with_context(|| format!("the .deb lacks {path}"))?
                .permissions()
                .mode();
            ensure!(mode & 0o7022 == 0, "{path} has mode {mode:o}");
            ensure!(is_folder || fs::read(&installed)? == fs::read(stage.path(&path))?, "{path} was changed");
        }
        for name in PROGRAMS {
            let said = process::read(
                Command::new(self.path(&format!("/usr/bin/{name}"))).env("HOME", "/").arg("--version"),
            )?;
            ensure!(said.trim() == format!("{name} {}", version()), "{name} --version says {said}");
        }
        self.configuration_is_valid()?;
        self.handler_asks()?;
        self.unit_is_hardened()?;
        self.user_exists()
    }

    fn configuration_is_valid(&self) -> Result<()> {
        let mut check = Command::new(self.path("/usr/bin/gatehouse"));
        process::run(check.args(["config", "check", "--config"]).arg(self.path(CONFIGURATION)))
    }

    fn handler_asks(&self) -> Result<()> {
        let path = "/usr/share/applications/gatehouse-tsh.desktop";
        let entry = fs::read_to_string(self.path(path))?;
        for line in ["MimeType=x-scheme-handler/gatehouse;", "Exec=/usr/bin/tsh open-link -- %u"] {
            ensure!(entry.lines().any(|found| found == line), "{path} lacks {line}");
        }
        ensure!(!entry.contains("--yes"), "{path} would authorize sessions unasked");
        if on_path("desktop-file-validate").is_some() {
            process::run(Command::new("desktop-file-validate").arg(self.path(path)))?;
        }
        // What the handler starts knows the command, and refuses what is no link.
        let refused = Command::new(self.path("/usr/bin/tsh"))
            .args(["open-link", "--", "--yes"])
            .env_clear()
            .env("HOME", &self.folder)
            .output()
            .context("starting tsh")?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(
            refused.status.code() == Some(1) && said.contains("code: link_malformed"),
            "tsh open-link said: {said}"
        );
        Ok(())
    }

    fn unit_is_hardened(&self) -> Result<()> {
        ensure!(!self.path("/etc/systemd/system").exists(), "the package enables something");
        if on_path("systemd-analyze").is_none() {
            return Ok(());
        }
        // A root of its own lacks what every unit hangs on.
        let stubs = self.path("/etc/systemd/system");
        for name in TARGETS {
            write(&stubs.join(format!("{name}.target")), "[Unit]\nDescription=stands for the real one\n")?;
        }
        let analyze = |arguments: &[&str]| {
            let mut command = Command::new("systemd-analyze");
            command.args(arguments).arg(format!("--root={}", self.folder.display())).arg("gatehouse.service");
            command
        };
        let verified = analyze(&["verify", "--man=no"]).output().context("starting systemd-analyze")?;
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        ensure!(verified.status.success() && said.trim().is_empty(), "the unit: {said}");
        process::read(&mut analyze(&["security", "--offline=true", "--threshold", EXPOSURE]))?;
        fs::remove_dir_all(self.path("/etc/systemd")).context("removing the stubs")
    }

    fn user_exists(&self) -> Result<()> {
        if on_path("systemd-sysusers").is_none() {
            return Ok(());
        }
        let (users, groups) =
            (fs::read_to_string(self.path("/etc/passwd"))?, fs::read_to_string(self.path("/etc/group"))?);
        let user =
            users.lines().find(|line| line.starts_with("gatehouse:")).context("the user was not made")?;
        ensure!(user.ends_with("nologin"), "the server's user may log in: {user}");
        ensure!(groups.lines().any(|line| line.starts_with("tss:")), "the group of the TPM was not made");
        Ok(())
    }

    /// The administrator's configuration stays.
    fn survives_an_upgrade(&self, made: &Made) -> Result<()> {
        let path = self.path(CONFIGURATION);
        let mine = format!("{}# mine\n", fs::read_to_string(&path)?);
        fs::write(&path, &mine)?;
        self.dpkg(&["--install"], &made.deb)?;
        ensure!(fs::read_to_string(&path)? == mine, "an upgrade overwrote the configuration");
        Ok(())
    }

    fn is_left_clean(&self, stage: &Stage) -> Result<()> {
        self.dpkg(&["--remove"], NAME)?;
        ensure!(self.path(CONFIGURATION).exists(), "removing the package removed the configuration");
        self.dpkg(&["--purge"], NAME)?;
        let left: Vec<String> = stage
            .installed()?
            .into_iter()
            .filter(|(path, is_folder)| !is_folder && self.path(path).exists())
            .map(|(path, _)| path)
            .collect();
        if !left.is_empty() {
            bail!("purging the package left {}", left.join(", "));
        }
        Ok(())
    }
}
