//! The Debian package (deb(5), deb-control(5), Debian Policy chapters 5 and 6).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::stage::{CONFIGURATION, PROGRAMS, Stage};
use super::{DESCRIPTION, HOMEPAGE, MAINTAINER, NAME, Profile, SUMMARY, architecture, version, write};
use crate::process;

/// Longest line of a description.
const WIDTH: usize = 78;

pub(super) fn build(stage: &Stage, profile: Profile, folder: &Path) -> Result<PathBuf> {
    let (architecture, _) = architecture()?;
    let depends = depends(stage, &folder.join("shlibs"))?;
    let size: u64 = stage
        .installed()?
        .iter()
        .filter_map(|(path, _)| stage.path(path).metadata().ok())
        .map(|m| m.len())
        .sum();
    let control = stage.root.join("DEBIAN");
    write(&control.join("control"), fields(architecture, &depends, size.div_ceil(1024)))?;
    write(&control.join("conffiles"), format!("{CONFIGURATION}\n"))?;
    let scripts = &stage.scripts;
    for (name, text) in [
        // After an upgrade, the old version is the second argument (Policy 6.5).
        (
            "postinst",
            guarded(
                "configure",
                &format!("upgraded=no\nif [ -n \"$2\" ]; then upgraded=yes; fi\n{}", scripts.after_install),
            ),
        ),
        ("prerm", guarded("remove", &scripts.before_remove)),
        ("postrm", guarded("remove", &scripts.after_remove)),
    ] {
        let path = control.join(name);
        write(&path, text)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755)).context("making a script executable")?;
    }
    stage.settle(&control)?;
    stage.settle_root()?;

    let file = folder.join(format!("{NAME}_{}_{architecture}.deb", version()));
    let mut dpkg_deb = Command::new("dpkg-deb");
    dpkg_deb.env("SOURCE_DATE_EPOCH", stage.epoch.to_string()).args(["--root-owner-group", "--build"]);
    match profile {
        Profile::Release => dpkg_deb.arg("-Zxz"),
        // Seconds in place of minutes, in the same format.
        Profile::Debug => dpkg_deb.args(["-Zxz", "-z0"]),
    };
    let built = process::run(dpkg_deb.arg(&stage.root).arg(&file));
    fs::remove_dir_all(&control).with_context(|| format!("removing {}", control.display()))?;
    built.map(|()| file)
}

fn fields(architecture: &str, depends: &str, kib: u64) -> String {
    let description = wrapped(DESCRIPTION).iter().map(|line| format!(" {line}\n")).collect::<String>();
    format!(
        "Package: {NAME}\nVersion: {}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\nInstalled-Size: {kib}\n\
         Depends: {depends}\nRecommends: ca-certificates, xdg-utils, zenity | kdialog\nSuggests: postgresql\nSection: net\n\
         Priority: optional\nHomepage: {HOMEPAGE}\nDescription: {SUMMARY}\n{description}",
        version()
    )
}

/// A maintainer script that does something for one action only.
fn guarded(action: &str, body: &str) -> String {
    format!("#!/bin/sh\nset -e\nif [ \"$1\" != {action} ]; then exit 0; fi\n{body}")
}

/// The libraries that the programs load, as the packages of this system name them.
fn depends(stage: &Stage, folder: &Path) -> Result<String> {
    // The tool looks for the source package that it stands in.
    write(&folder.join("debian/control"), format!("Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n"))?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps.current_dir(folder).arg("-O");
    for name in PROGRAMS {
        shlibdeps.arg(format!("-e{}", stage.path(&format!("/usr/bin/{name}")).display()));
    }
    let printed = process::read(&mut shlibdeps)?;
    let depends = printed.trim().strip_prefix("shlibs:Depends=");
    depends.map(str::to_owned).with_context(|| format!("dpkg-shlibdeps printed `{printed}`"))
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
            lines.push(word.to_owned());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_folded() {
        let lines = wrapped(DESCRIPTION);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= WIDTH), "{lines:?}");
        assert_eq!(lines.join(" ").split_whitespace().count(), DESCRIPTION.split_whitespace().count());
    }

    #[test]
    fn scripts_act_for_one_action() {
        let script = guarded("configure", "echo done\n");
        let says = |action: &str| {
            let out = Command::new("sh").args(["-c", &script, "postinst", action]).output().unwrap();
            (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
        };
        assert_eq!(says("configure"), (Some(0), "done\n".to_owned()));
        assert_eq!(says("abort-upgrade"), (Some(0), String::new()));
    }
}
