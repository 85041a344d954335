//! Files that only this user may read, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::NativeError;

/// Tells apart temporary files of one process.
static SERIAL: AtomicU32 = AtomicU32::new(0);

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> NativeError + 'a {
    move |source| NativeError::State { action, path: path.to_path_buf(), source }
}

/// The folder, 0700; one that others may look into is closed to them.
pub(crate) fn prepare_folder(folder: &Path) -> Result<(), NativeError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(failed("create", folder))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder).map_err(failed("read", folder))?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
                .map_err(failed("protect", folder))?;
        }
    }
    Ok(())
}

/// The whole file; `None` if there is none, an error if it is longer than `cap` bytes.
pub(crate) fn read(path: &Path, cap: u64) -> Result<Option<Vec<u8>>, NativeError> {
    match read_capped(path, cap) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Reads any file, never more than `cap` bytes of it: longer files are an error.
pub(crate) fn read_capped(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(cap.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > cap {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {cap} bytes")));
    }
    Ok(bytes)
}

/// Replaces the file by one with mode 0600: a reader, or a machine that loses power, sees the old bytes or the new ones.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), NativeError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    prepare_folder(folder)?;
    let temporary = temporary_beside(path);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(failed("write", path))?;
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write", folder))?;
    Ok(())
}

fn temporary_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}.{serial}", std::process::id()))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Held while the attestation key is made, so that two programs of one user do not make two.
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

/// Waits for the lock of the folder.
pub(crate) fn lock(folder: &Path) -> Result<Lock, NativeError> {
    prepare_folder(folder)?;
    let path = folder.join("lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(failed("open", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(Lock(file))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_and_folders_are_for_their_owner_alone() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("a/b");
        write(&folder.join("f"), b"one").unwrap();
        write(&folder.join("f"), b"two").unwrap();
        assert_eq!((mode(&folder), mode(&folder.join("f"))), (0o700, 0o600));
        assert_eq!(read(&folder.join("f"), 3).unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn an_open_folder_is_closed() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        prepare_folder(base.path()).unwrap();
        assert_eq!(mode(base.path()), 0o700);
    }

    #[test]
    fn missing_is_none_and_too_long_is_an_error() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("f");
        assert!(read(&path, 10).unwrap().is_none());
        fs::write(&path, [0; 11]).unwrap();
        assert!(read(&path, 10).is_err());
    }
}
