//! The folder in which the server keeps what is its own, and the lock that keeps a second server out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The data directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("another server already uses the data directory {}", path.display())]
    InUse { path: PathBuf },
    #[error("everybody on this machine may change the data directory {} (mode {mode:03o})", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("cannot use the data directory {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("no data directory: name one with --data-dir, or set HOME")]
    Unknown,
}

impl DataDirError {
    /// The way out, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::InUse { .. } => {
                Some("stop the other server, or give this one its own --data-dir".to_owned())
            }
            Self::Exposed { path, .. } => Some(format!("chmod 700 {}", path.display())),
            Self::Io { .. } => Some("make it a folder that the server's user may write to".to_owned()),
            Self::Unknown => None,
        }
    }
}

/// The data directory, held exclusively while this lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// The lock goes with the open file, also when the process is killed.
    _lock: File,
}

impl DataDir {
    /// Creates the directory if need be (mode 0700) and locks it.
    ///
    /// # Errors
    /// Another server holds it; everybody may write to it, and so put other keys, another database or another socket in
    /// place of ours; what the file system says.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io { path: path.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let failed = |source| DataDirError::Io { path: path.clone(), source };
        let mode = path.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o002 != 0 {
            return Err(DataDirError::Exposed { path, mode });
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The SQLite database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        database_in(&self.path)
    }

    /// The key file, unless the configuration puts it elsewhere.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path.join("key")
    }

    /// The folder of the TLS certificate of the server's own making.
    #[must_use]
    pub fn tls(&self) -> PathBuf {
        self.path.join("tls")
    }

    /// The Unix socket of the host's admin.
    #[must_use]
    pub fn admin_socket(&self) -> PathBuf {
        self.path.join("admin.sock")
    }
}

/// Where the data directory lies: what the command line says, else the configuration, else
/// `$GATEHOUSE_DATA_DIR`, `$XDG_DATA_HOME/gatehouse`, `~/.local/share/gatehouse`.
///
/// # Errors
/// [`DataDirError::Unknown`] if nothing says.
pub fn locate(
    argument: Option<PathBuf>,
    configured: Option<&Path>,
    variable: impl Fn(&str) -> Option<PathBuf>,
) -> Result<PathBuf, DataDirError> {
    argument
        .or_else(|| configured.map(Path::to_owned))
        .or_else(|| variable("GATEHOUSE_DATA_DIR"))
        .or_else(|| {
            let folder = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
            folder.map(|path| path.join("gatehouse"))
        })
        .or_else(|| variable("HOME").map(|home| home.join(".local/share/gatehouse")))
        .ok_or(DataDirError::Unknown)
}

/// The SQLite database of a data directory that may not exist yet.
#[must_use]
pub fn database_in(folder: &Path) -> PathBuf {
    folder.join("gatehouse.db")
}

/// A path from the environment; an empty variable is none.
#[must_use]
pub fn path_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn attack_a_folder_that_everybody_may_write_to() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, is_refused) in
            [(0o777, true), (0o1777, true), (0o702, true), (0o770, false), (0o755, false)]
        {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let outcome = DataDir::open(folder.path());
            assert_eq!(
                matches!(outcome, Err(DataDirError::Exposed { .. })),
                is_refused,
                "{mode:o}: {outcome:?}"
            );
            let left = std::fs::read_dir(folder.path()).unwrap().count();
            assert!(!is_refused || left == 0, "{mode:o}: nothing is written there");
            let _ = std::fs::remove_file(folder.path().join("lock"));
        }
    }

    #[test]
    fn a_second_server_is_kept_out_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/data");
        let first = DataDir::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        let error = DataDir::open(&path).unwrap_err();
        assert!(matches!(error, DataDirError::InUse { .. }), "{error}");
        drop(first);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn a_file_in_its_place_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataDir::open(file.path()).unwrap_err();
        assert!(error.to_string().contains(&file.path().display().to_string()));
    }

    #[test]
    fn the_nearest_word_on_the_place_wins() {
        let variables = |name: &str| match name {
            "GATEHOUSE_DATA_DIR" => Some(PathBuf::from("/variable")),
            "XDG_DATA_HOME" => Some(PathBuf::from("/xdg")),
            "HOME" => Some(PathBuf::from("/home/a")),
            _ => None,
        };
        let only =
            |wanted: &'static str| move |name: &str| (name == wanted).then(|| PathBuf::from("/home/a"));
        let located = |argument: Option<&str>, configured: Option<&str>| {
            locate(argument.map(PathBuf::from), configured.map(Path::new), variables).unwrap()
        };
        assert_eq!(located(Some("/argument"), Some("/file")), Path::new("/argument"));
        assert_eq!(located(None, Some("/file")), Path::new("/file"));
        assert_eq!(located(None, None), Path::new("/variable"));
        assert_eq!(locate(None, None, only("XDG_DATA_HOME")).unwrap(), Path::new("/home/a/gatehouse"));
        assert_eq!(locate(None, None, only("HOME")).unwrap(), Path::new("/home/a/.local/share/gatehouse"));
        assert!(matches!(locate(None, None, |_| None), Err(DataDirError::Unknown)));
    }
}
