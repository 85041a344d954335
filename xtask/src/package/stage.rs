//! The tree that both packages install.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};

use super::{Profile, epoch, source, write};
use crate::process;
use crate::workspace::Workspace;

pub(super) const PROGRAMS: [&str; 3] = ["gatehouse", "tctl", "tsh"];
/// What the administrator may change, and what an upgrade therefore leaves alone.
pub(super) const CONFIGURATION: &str = "/etc/gatehouse/gatehouse.yaml";

/// Files of `packaging/` and where they go.
const FILES: [(&str, &str); 5] = [
    ("gatehouse-tsh.desktop", "/usr/share/applications/gatehouse-tsh.desktop"),
    ("60-gatehouse-tpm.rules", "/usr/lib/udev/rules.d/60-gatehouse-tpm.rules"),
    ("gatehouse.service", "/usr/lib/systemd/system/gatehouse.service"),
    ("gatehouse.sysusers", "/usr/lib/sysusers.d/gatehouse.conf"),
    ("gatehouse.yaml", CONFIGURATION),
];
const DOCUMENTS: [&str; 4] = ["README.md", "SECURITY.md", "CHANGELOG.md", "ARCHITECTURE.md"];

/// A folder that stands for `/`.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) root: PathBuf,
    pub(super) scripts: Scripts,
    pub(super) epoch: u64,
}

/// What runs on the machine that the package is installed on, without the part that differs between the two.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) after_install: String,
    pub(super) before_remove: String,
    pub(super) after_remove: String,
}

impl Stage {
    /// Builds the tree anew.
    ///
    /// # Errors
    /// When a program or the site is not built, or the disk refuses.
    pub(super) fn set(workspace: &Workspace, profile: Profile, root: &Path) -> Result<Self> {
        if root.exists() {
            fs::remove_dir_all(root).with_context(|| format!("emptying {}", root.display()))?;
        }
        let scripts = Scripts {
            after_install: source(workspace, "postinst.sh")?,
            before_remove: source(workspace, "prerm.sh")?,
            after_remove: source(workspace, "postrm.sh")?,
        };
        let stage = Self { root: root.to_owned(), scripts, epoch: epoch(workspace) };
        for name in PROGRAMS {
            let built = workspace.target().join(profile.name()).join(name);
            ensure!(built.is_file(), "{} is not built", built.display());
            stage.program(name, &built)?;
        }
        for (name, to) in FILES {
            stage.add(to, source(workspace, name)?)?;
        }
        stage.site(&workspace.site())?;
        stage.documents(workspace)?;
        stage.completions()?;
        stage.settle(root)?;
        Ok(stage)
    }

    pub(super) fn path(&self, installed: &str) -> PathBuf {
        self.root.join(installed.trim_start_matches('/'))
    }

    fn add(&self, to: &str, content: impl AsRef<[u8]>) -> Result<()> {
        write(&self.path(to), content)
    }

    /// A program without what only a debugger reads.
    fn program(&self, name: &str, built: &Path) -> Result<()> {
        let to = self.path(&format!("/usr/bin/{name}"));
        write(&to, "")?;
        process::run(Command::new("strip").arg("--strip-all").arg("-o").arg(&to).arg(built))?;
        fs::set_permissions(&to, Permissions::from_mode(0o755)).context("making a program executable")
    }

    /// The console's islands, where the unit looks for them.
    fn site(&self, site: &Path) -> Result<()> {
        let to = "/usr/share/gatehouse/site";
        let read = |path: &Path| {
            fs::read(path).with_context(|| format!("{}: run `cargo xtask wasm`", path.display()))
        };
        self.add(&format!("{to}/manifest.json"), read(&site.join("manifest.json"))?)?;
        let package = site.join("pkg");
        for entry in fs::read_dir(&package).with_context(|| format!("listing {}", package.display()))? {
            let path = entry?.path();
            if path.is_file() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.add(&format!("{to}/pkg/{name}"), read(&path)?)?;
            }
        }
        Ok(())
    }

    fn documents(&self, workspace: &Workspace) -> Result<()> {
        let to = "/usr/share/doc/gatehouse";
        let read =
            |path: PathBuf| fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()));
        for name in DOCUMENTS {
            self.add(&format!("{to}/{name}"), read(workspace.path(name))?)?;
        }
        let folder = workspace.path("docs");
        for entry in fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.add(&format!("{to}/docs/{name}"), read(path)?)?;
            }
        }
        let licence = read(workspace.path("LICENSE"))?;
        self.add(&format!("{to}/copyright"), format!("Gatehouse, {}\n\n{licence}", super::HOMEPAGE))
    }

    fn completions(&self) -> Result<()> {
        for name in PROGRAMS {
            let program = self.path(&format!("/usr/bin/{name}"));
            for (shell, to) in [
                ("bash", format!("/usr/share/bash-completion/completions/{name}")),
                ("fish", format!("/usr/share/fish/vendor_completions.d/{name}.fish")),
                ("zsh", format!("/usr/share/zsh/vendor-completions/_{name}")),
            ] {
                let script = process::read(
                    Command::new(&program).env_clear().env("HOME", "/").args(["completions", shell]),
                )?;
                self.add(&to, script)?;
            }
        }
        Ok(())
    }

    /// Gives everything below the same date and the modes that do not depend on whoever builds.
    pub(super) fn settle(&self, folder: &Path) -> Result<()> {
        for path in tree(folder)? {
            let metadata = fs::metadata(&path).with_context(|| format!("reading {}", path.display()))?;
            let executable = metadata.is_dir() || metadata.permissions().mode() & 0o100 != 0;
            let mode = if executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, Permissions::from_mode(mode))
                .with_context(|| format!("opening {}", path.display()))?;
            self.date(&path)?;
        }
        Ok(())
    }

    /// Dates the root itself anew, after something was put into it.
    pub(super) fn settle_root(&self) -> Result<()> {
        self.date(&self.root)
    }

    fn date(&self, path: &Path) -> Result<()> {
        let date = UNIX_EPOCH + Duration::from_secs(self.epoch);
        File::open(path)
            .and_then(|file| file.set_modified(date))
            .with_context(|| format!("dating {}", path.display()))
    }

    /// What is installed: absolute paths in order, folders and files.
    pub(super) fn installed(&self) -> Result<Vec<(String, bool)>> {
        let mut installed = Vec::new();
        for path in tree(&self.root)? {
            let Ok(inner) = path.strip_prefix(&self.root) else { continue };
            if !inner.as_os_str().is_empty() {
                installed.push((format!("/{}", inner.display()), path.is_dir()));
            }
        }
        installed.sort();
        Ok(installed)
    }
}

/// A folder and everything below it; what is inside comes before what holds it, whose date it would change.
fn tree(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(tree(&path)?);
        } else {
            all.push(path);
        }
    }
    all.push(folder.to_owned());
    Ok(all)
}
