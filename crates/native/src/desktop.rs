//! The desktop of this machine: which program opens the links of a scheme, and how `tsh` becomes that program.
//!
//! The folders and files are those of the XDG Base Directory, Desktop Entry and MIME Applications specifications of
//! freedesktop.org.

mod associations;
mod entry;
mod error;
mod handler;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::state::read_capped;

pub(crate) use entry::flag;
pub use error::DesktopError;
pub(crate) use handler::{Found, default_entry, find};
pub use handler::{Installed, Registration, Removed, install, uninstall};

/// What a desktop is told by its environment.
#[derive(Clone, Debug, Default)]
pub struct Desktop {
    /// `$XDG_DATA_HOME`, else `~/.local/share`.
    data_home: PathBuf,
    /// `$XDG_DATA_DIRS`, most important first.
    data_dirs: Vec<PathBuf>,
    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    config_home: PathBuf,
    /// `$XDG_CONFIG_DIRS`, most important first.
    config_dirs: Vec<PathBuf>,
    /// `$XDG_CURRENT_DESKTOP` in lower case, most specific first.
    names: Vec<String>,
    /// `$PATH`.
    path: Vec<PathBuf>,
    /// Whether windows can be shown.
    pub has_display: bool,
    /// Whether the person sits at another machine.
    pub is_remote: bool,
    /// `$BROWSER`: programs to try, with colons between them.
    pub browser: Option<OsString>,
}

impl Desktop {
    /// The desktop that this process runs in.
    ///
    /// # Errors
    /// `HOME` is not set.
    pub fn from_env() -> Result<Self, DesktopError> {
        Self::of(|name| std::env::var_os(name))
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, DesktopError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        // Relative paths are to be ignored (XDG Base Directory Specification).
        let folder = |name: &str| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folders = |name: &str, default: &str| -> Vec<PathBuf> {
            let listed = set(name).unwrap_or_else(|| default.into());
            std::env::split_paths(&listed).filter(|path| path.is_absolute()).collect()
        };
        let home = folder("HOME").ok_or(DesktopError::NoHome)?;
        let names = set("XDG_CURRENT_DESKTOP").unwrap_or_default().to_string_lossy().to_lowercase();
        Ok(Self {
            data_home: folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")),
            data_dirs: folders("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
            config_home: folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            config_dirs: folders("XDG_CONFIG_DIRS", "/etc/xdg"),
            names: names.split(':').filter(|name| is_plain(name)).map(str::to_owned).collect(),
            path: folders("PATH", ""),
            has_display: set("DISPLAY").is_some() || set("WAYLAND_DISPLAY").is_some(),
            is_remote: set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some(),
            browser: set("BROWSER"),
        })
    }

    /// The first program of that name on `PATH`.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|folder| folder.join(name)).find(|program| is_program(program))
    }
}

/// Whether this process may read the terminal that it was started from. Whoever does so from the background is stopped by
/// the kernel (termios(3), SIGTTIN), and would wait for ever.
#[must_use]
pub fn is_in_foreground() -> bool {
    let read = read_capped(Path::new("/proc/self/stat"), 64 * 1024);
    read.is_ok_and(|stat| in_foreground(&String::from_utf8_lossy(&stat)))
}

/// Process group and the terminal's foreground group are the fifth and the eighth field of proc(5)'s `stat`. The second is
/// in parentheses and may hold anything.
fn in_foreground(stat: &str) -> bool {
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let fields: Vec<&str> = rest.split_whitespace().collect();
    matches!((fields.get(2), fields.get(5)), (Some(own), Some(foreground)) if own == foreground)
}

/// Part of a file's name, so nothing that leads elsewhere.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Whether it is a file that somebody may execute.
pub(crate) fn is_program(path: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(path) else { return false };
    #[cfg(unix)]
    let executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let executable = true;
    metadata.is_file() && executable
}

#[cfg(test)]
mod tests;
