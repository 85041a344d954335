//! A folder of evidence on disk. What is in it may be anybody's work.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind as IoErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use gatehouse_client::{ClientError, Result};
use gatehouse_model::{ErrorKind, clean_label};

/// Makes the folder, which must not exist or be empty.
pub(super) fn make(folder: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => {
            let mut entries = fs::read_dir(folder).map_err(|error| wrong("write", folder, &error))?;
            if entries.next().is_some() {
                return Err(ClientError::new(
                    ErrorKind::InvalidInput,
                    "folder_not_empty",
                    format!("{} is not empty", clean_label(&folder.display().to_string())),
                )
                .with_hint("name a folder that does not exist yet"));
            }
            Ok(())
        }
        other => other.map_err(|error| wrong("make", folder, &error)),
    }
}

/// Writes a file that is not there yet.
pub(super) fn write(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|error| wrong("write", &path, &error))
}

/// Reads a plain file, of which at most one byte more than `limit`: neither what a link leads to nor what never ends.
pub(super) fn read(folder: &Path, name: &str, limit: usize) -> std::result::Result<Vec<u8>, String> {
    let path = folder.join(name);
    let read = || {
        let before = fs::symlink_metadata(&path)?;
        if before.is_symlink() {
            return Err(Error::other("it is a link"));
        }
        if !before.is_file() {
            return Err(Error::other("it is no plain file"));
        }
        let file = File::open(&path)?;
        let opened = file.metadata()?;
        if (opened.dev(), opened.ino()) != (before.dev(), before.ino()) {
            return Err(Error::other("it was replaced meanwhile"));
        }
        let mut content = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut content)?;
        Ok(content)
    };
    read().map_err(|error| match error.kind() {
        IoErrorKind::NotFound => "there is no such file".to_owned(),
        IoErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    })
}

fn wrong(what: &str, path: &Path, error: &Error) -> ClientError {
    let path = clean_label(&path.display().to_string());
    let why = match error.kind() {
        IoErrorKind::NotFound => "there is no such folder".to_owned(),
        IoErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    ClientError::new(ErrorKind::InvalidInput, "file", format!("cannot {what} {path}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_read_and_no_more_than_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("plain"), [7; 100]).unwrap();
        std::os::unix::fs::symlink(path.join("plain"), path.join("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path.join("endless")).unwrap();
        fs::create_dir(path.join("folder")).unwrap();
        assert_eq!(read(path, "plain", 100).unwrap().len(), 100);
        assert_eq!(read(path, "plain", 9).unwrap().len(), 10);
        for (name, why) in [
            ("link", "it is a link"),
            ("endless", "it is a link"),
            ("folder", "it is no plain file"),
            ("none", "there is no such file"),
        ] {
            assert_eq!(read(path, name, 9), Err(why.to_owned()), "{name}");
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        make(&path).unwrap();
        make(&path).unwrap();
        write(&path, "a", b"one").unwrap();
        assert!(write(&path, "a", b"two").is_err());
        assert_eq!(make(&path).unwrap_err().code, "folder_not_empty");
    }
}
