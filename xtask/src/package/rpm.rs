//! The RPM package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::stage::{CONFIGURATION, Stage};
use super::{DESCRIPTION, HOMEPAGE, MAINTAINER, NAME, Profile, SUMMARY, architecture, version, write};
use crate::process;

const RELEASE: &str = "1";
/// Where the two kinds of system differ.
const ZSH_OF_DEBIAN: &str = "/usr/share/zsh/vendor-completions";
const ZSH: &str = "/usr/share/zsh/site-functions";

pub(super) fn build(stage: &Stage, profile: Profile, folder: &Path) -> Result<PathBuf> {
    let (_, architecture) = architecture()?;
    let top = folder.join("rpm");
    if top.exists() {
        fs::remove_dir_all(&top).with_context(|| format!("emptying {}", top.display()))?;
    }
    let spec = top.join("gatehouse.spec");
    write(&spec, text(stage, profile)?)?;
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild
        .env("SOURCE_DATE_EPOCH", stage.epoch.to_string())
        .args(["-bb", "--quiet", "--target", architecture])
        .arg("--define")
        .arg(format!("_topdir {}", top.display()))
        .arg("--define")
        .arg(format!("_dbpath {}", top.join("db").display()))
        .arg(&spec);
    process::run(&mut rpmbuild)?;
    let name = format!("{NAME}-{}-{RELEASE}.{architecture}.rpm", version());
    let made = top.join("RPMS").join(architecture).join(&name);
    ensure!(made.is_file(), "rpmbuild made no {}", made.display());
    let file = folder.join(name);
    fs::rename(&made, &file).with_context(|| format!("moving {}", made.display()))?;
    Ok(file)
}

/// The path that a file of the tree has in this package.
pub(super) fn place(path: &str) -> String {
    path.replacen(ZSH_OF_DEBIAN, ZSH, 1)
}

fn text(stage: &Stage, profile: Profile) -> Result<String> {
    // Seconds in place of minutes.
    let payload = if profile == Profile::Debug { "w1.zstdio" } else { "w19.zstdio" };
    let scripts = &stage.scripts;
    Ok(format!(
        "%global debug_package %{{nil}}\n\
         %global __os_install_post %{{nil}}\n\
         %global _build_id_links none\n\
         %global _binary_payload {payload}\n\
         %global _buildhost localhost\n\
         %global use_source_date_epoch_as_buildtime 1\n\
         %global clamp_mtime_to_source_date_epoch 1\n\
         Name: {NAME}\nVersion: {}\nRelease: {RELEASE}\nSummary: {SUMMARY}\nLicense: Apache-2.0\nURL: {HOMEPAGE}\n\
         Packager: {MAINTAINER}\nRecommends: ca-certificates\nRecommends: xdg-utils\nRecommends: (zenity or kdialog)\nSuggests: postgresql-server\n\
         \n%description\n{DESCRIPTION}\n\
         \n%install\nmkdir -p %{{buildroot}}\ncp -a {}/. %{{buildroot}}/\n\
         mv %{{buildroot}}{ZSH_OF_DEBIAN} %{{buildroot}}{ZSH}\n\
         \n%post\nupgraded=no\nif [ \"$1\" -gt 1 ]; then upgraded=yes; fi\n{}\
         \n%preun\nif [ \"$1\" -ne 0 ]; then exit 0; fi\n{}\
         \n%postun\n{}\
         \n%files\n{}",
        version(),
        stage.root.display(),
        scripts.after_install,
        scripts.before_remove,
        scripts.after_remove,
        files(stage)?,
    ))
}

/// Every file, and the folders that are nobody else's.
fn files(stage: &Stage) -> Result<String> {
    let mut lines = String::new();
    for (path, is_folder) in stage.installed()? {
        let path = place(&path);
        let own = path.split('/').any(|part| part == NAME);
        let line = match (is_folder, path.as_str()) {
            (true, _) if own => format!("%dir %attr(0755, root, root) {path}"),
            (true, _) => continue,
            (false, CONFIGURATION) => format!("%config(noreplace) %attr(0644, root, root) {path}"),
            (false, path) if path.starts_with("/usr/bin/") => format!("%attr(0755, root, root) {path}"),
            (false, path) => format!("%attr(0644, root, root) {path}"),
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}
