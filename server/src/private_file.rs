//! Files that only the server may read, written whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Creates the file with mode 0600 and its content durable; a reader never sees half of it.
///
/// # Errors
/// `AlreadyExists` if there is one, which is left alone; what the file system says.
pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, content)?;
    // A hard link, unlike a rename, does not replace.
    let linked = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary)?;
    linked?;
    sync_folder(path)
}

/// As [`create`], but replaces an existing file.
///
/// # Errors
/// What the file system says.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, content)?;
    std::fs::rename(&temporary, path)?;
    sync_folder(path)
}

/// Reads a file of at most `limit` bytes, together with its permission bits.
///
/// # Errors
/// What the file system says; `FileTooLarge`.
pub(crate) fn read(path: &Path, limit: usize) -> io::Result<(Zeroizing<Vec<u8>>, u32)> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    // Looked at first: opening a pipe waits for whoever writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(not_regular());
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_regular());
    }
    // One allocation that never moves, so that no copy of a secret stays behind.
    let mut content = Zeroizing::new(Vec::with_capacity(limit + 1));
    file.take(limit as u64 + 1).read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")));
    }
    Ok((content, metadata.mode() & 0o777))
}

fn write_beside(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(temporary)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creation_never_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let (content, mode) = read(&path, 3).unwrap();
        assert_eq!((content.as_slice(), mode), (&b"one"[..], 0o600));
        replace(&path, b"three").unwrap();
        assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn attack_a_pipe_that_nobody_writes_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(read(&path, 9).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
