//! The file of an SQLite database: made so that only its owner can read it.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Creates the file (0600) and the folders above it (0700) where they are missing, and takes a file that others
/// can read away from them. SQLite gives its `-wal` and `-shm` files the permissions of the database.
///
/// # Errors
/// Of the file system.
pub(crate) fn prepare(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others could read the database; it is the owner's alone now");
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}
