//! Files that only their owner may read, written whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::{ClientError, Result};

/// Largest file that is read back, in bytes: profiles and certificates are a few kilobytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Makes a directory, and those above it, with mode 0700; one that is there is narrowed to 0700.
pub(crate) fn create_private_dir(path: &Path) -> Result<()> {
    let wrong = |error| ClientError::io("make the folder", path, &error);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(wrong)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(wrong)
}

/// Replaces a file with mode 0600: a temporary file beside it, synced, then renamed over it.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let wrong = |error| ClientError::io("write", path, &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let write = || {
        // Left behind by a process of the same number that died.
        match std::fs::remove_file(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        wrong(error)
    })
}

/// Reads a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>> {
    let wrong = |error| ClientError::io("read", path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
    };
    let mut text = String::new();
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(wrong)?;
    Ok(Some(text))
}

/// Removes a file or a folder with what is in it; it is fine if there is none.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ClientError::io("remove", path, &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        create_private_dir(&folder).unwrap();
        let path = folder.join("key");
        write_private(&path, b"one").unwrap();
        write_private(&path, b"two").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        remove(&folder).unwrap();
        remove(&folder).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }
}
