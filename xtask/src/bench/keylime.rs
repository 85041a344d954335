//! Keylime's registrar: installed below the target folder, driven by `crates/bench/peer/keylime/measure.py`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::output::say;
use crate::workspace::Workspace;
use crate::{packages, process, setup};

/// Debian's Python, which Debian's GnuPG binding is built for.
const PYTHON: &str = "/usr/bin/python3";
/// The binding: what PyPI has of it does not load beside Debian's library.
const GPG: &str = "/usr/lib/python3/dist-packages/gpg";
/// The wheel lacks the configuration templates; the source has them.
const SOURCE: &str = "keylime-7.14.3";

/// An installed registrar.
pub(super) struct Keylime {
    folder: PathBuf,
    driver: PathBuf,
}

impl Keylime {
    /// Installs what is missing.
    ///
    /// # Errors
    /// When a package cannot be installed.
    pub(super) fn prepare(workspace: &Workspace) -> Result<Self> {
        setup::ensure_packages(packages::KEYLIME)?;
        let keylime = Self {
            folder: workspace.target().join("peers/keylime"),
            driver: workspace.path("crates/bench/peer/keylime"),
        };
        let requirements = fs::read_to_string(keylime.driver.join("requirements.txt"))
            .context("reading what Keylime requires")?;
        let done = keylime.folder.join("installed.txt");
        if fs::read_to_string(&done).ok().as_ref() != Some(&requirements) {
            say(format!("Installing Keylime into {} …", keylime.folder.display()));
            keylime.install()?;
            fs::write(&done, requirements).context("noting that Keylime is installed")?;
        }
        Ok(keylime)
    }

    fn install(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).context("removing an earlier Keylime")?;
        }
        fs::create_dir_all(&self.folder).context("making Keylime's folder")?;
        process::run(Command::new(PYTHON).args(["-m", "venv"]).arg(self.folder.join("venv")))?;
        let requirements = self.driver.join("requirements.txt");
        self.pip(&["install".as_ref(), "--requirement".as_ref(), requirements.as_os_str()])?;
        let source = self.folder.join("source");
        self.pip(&[
            "download".as_ref(),
            format!("keylime=={}", SOURCE.trim_start_matches("keylime-")).as_ref(),
            "--no-deps".as_ref(),
            "--no-binary=:all:".as_ref(),
            "--dest".as_ref(),
            source.as_os_str(),
        ])?;
        let archive = source.join(format!("{SOURCE}.tar.gz"));
        process::run(Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(&source))?;

        let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let packages = process::read(Command::new(self.python()).args(["-c", ask]))?;
        std::os::unix::fs::symlink(GPG, Path::new(packages.trim()).join("gpg"))
            .context("linking Debian's GnuPG binding")
    }

    fn pip(&self, arguments: &[&OsStr]) -> Result<()> {
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]).args(arguments);
        process::run(&mut pip)
    }

    fn python(&self) -> PathBuf {
        self.folder.join("venv/bin/python")
    }

    /// Starts the registrar, enrols, stops it; where the figures are.
    ///
    /// # Errors
    /// When the registrar does not start or an enrolment fails.
    pub(super) fn measure(&self, clients: u64) -> Result<PathBuf> {
        let templates = self.folder.join("source").join(SOURCE).join("templates");
        if !templates.is_dir() {
            bail!("{} is missing: remove {} and try again", templates.display(), self.folder.display());
        }
        let report = self.folder.join("report.json");
        let mut driver = Command::new(self.python());
        driver.arg(self.driver.join("measure.py")).args(["--clients", &clients.to_string()]);
        driver.arg("--folder").arg(self.folder.join("run")).arg("--templates").arg(templates);
        process::run(driver.arg("--report").arg(&report))?;
        Ok(report)
    }
}
