use std::fs;
use std::io::{ErrorKind as IoErrorKind, Read};
use std::path::{Path, PathBuf};

use gatehouse_attestation::{BundleError, MAX_BUNDLE_BYTES, certificates_in};
use gatehouse_client::{ClientError, Result};
use gatehouse_model::{ErrorKind, clean_label};

/// How deep folders are searched, and how many files are read.
const MAX_DEPTH: usize = 8;
const MAX_FILES: usize = 20_000;

/// A certificate, and where it was found.
pub(super) struct Found {
    pub(super) der: Vec<u8>,
    pub(super) file: PathBuf,
}

/// The certificates in files and folders. A file that is named must hold one; in folders others are passed over.
pub(super) fn certificates(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        if path.is_dir() {
            for file in files_below(path)? {
                collect(&file, &read_file(&file)?, &mut found).ok();
            }
            if found.len() == before {
                return Err(wrong(path, "no file in it holds a certificate"));
            }
        } else {
            let bytes = read_file(path)?;
            collect(path, &bytes, &mut found).map_err(|error| wrong(path, error))?;
        }
    }
    Ok(found)
}

fn collect(file: &Path, bytes: &[u8], found: &mut Vec<Found>) -> std::result::Result<(), BundleError> {
    let ders = certificates_in(bytes)?;
    found.extend(ders.into_iter().map(|der| Found { der, file: file.to_path_buf() }));
    Ok(())
}

/// In an order that is always the same. Links to folders are not followed: they may lead in a circle.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| wrong(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| wrong(&folder, error))?;
            let kind = entry.file_type().map_err(|error| wrong(&folder, error))?;
            if kind.is_dir() && depth < MAX_DEPTH {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() || kind.is_symlink() && entry.path().is_file() {
                files.push(entry.path());
            }
            if files.len() > MAX_FILES {
                return Err(wrong(&folder, format!("more than {MAX_FILES} files")));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// At most one byte more than any bundle may have: that it is too long is for whoever reads it to say.
fn read_file(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_BUNDLE_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| wrong(path, error))?;
    Ok(bytes)
}

/// A file, or standard input if it is `-`, up to one byte more than `limit`.
pub(crate) fn read_input(path: &Path, limit: usize) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        let mut bytes = Vec::new();
        let limit = limit as u64 + 1;
        fs::File::open(path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|error| wrong(path, error))?;
        return Ok(bytes);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(Path::new("standard input"), error))?;
    Ok(bytes)
}

/// Why a path gives nothing. What only the system knows words for is said without its number.
pub(super) fn wrong(path: &Path, why: impl Into<Why>) -> ClientError {
    let Why(why) = why.into();
    let path = clean_label(&path.display().to_string());
    ClientError::new(ErrorKind::InvalidInput, "file", format!("cannot read {path}: {why}"))
}

pub(super) struct Why(String);

impl From<std::io::Error> for Why {
    fn from(error: std::io::Error) -> Self {
        Self(match error.kind() {
            IoErrorKind::NotFound => "there is no such file".to_owned(),
            IoErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl From<BundleError> for Why {
    fn from(error: BundleError) -> Self {
        Self(error.to_string())
    }
}

impl From<&str> for Why {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Why {
    fn from(text: String) -> Self {
        Self(text)
    }
}
