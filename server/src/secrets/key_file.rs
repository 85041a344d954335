use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::{constant_time, digest};
use gatehouse_domain::ports::Random;
use zeroize::Zeroizing;

use crate::private_file;

/// Bytes of the key.
const KEY_LEN: usize = 32;
/// Larger than any key file.
const MAX_FILE: usize = 4096;

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("the database holds secrets sealed with key {key_id}, but the key file {} does not exist", path.display())]
    Missing { path: PathBuf, key_id: String },
    #[error("the database holds secrets sealed with key {expected}, but the key file {} holds key {found}", path.display())]
    OtherKey { path: PathBuf, expected: String, found: String },
    #[error("the key file {} can be read by others (mode {mode:03o})", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the key file {} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: &'static str },
    #[error("cannot use the key file {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl KeyFileError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { .. } | Self::OtherKey { .. } | Self::Damaged { .. } => {
                "restore the key file from its backup, or name its place with `gatehouse.key_file`; \
                 without it the CA keys in this database cannot be used"
                    .to_owned()
            }
            Self::Exposed { path, .. } => format!("chmod 600 {}", path.display()),
            Self::Io { .. } => "make it readable for the server's user".to_owned(),
        }
    }
}

/// The key under which secrets of the database are sealed, and its id. Text of two lines, `key-id: …` and `key: …`,
/// both in hexadecimal; the id is the beginning of a hash of the key, so that a damaged key is noticed.
pub struct KeyFile {
    id: String,
    key: Zeroizing<[u8; KEY_LEN]>,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile").field("id", &self.id).finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Opens the key file. `sealed_with` is the key that the database's secrets are sealed with, if it holds any:
    /// then the file must exist and hold that key. Only for a database without secrets is a missing file created.
    ///
    /// # Errors
    /// A missing or other key, where one is needed; a damaged file, one that others may read; the file system's.
    pub fn open(path: &Path, sealed_with: Option<&str>, random: &dyn Random) -> Result<Self, KeyFileError> {
        let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
        match (Self::load(path)?, sealed_with) {
            (Some(file), Some(key_id)) if file.id != key_id => Err(KeyFileError::OtherKey {
                path: path.to_owned(),
                expected: gatehouse_model::clean_label(key_id),
                found: file.id.clone(),
            }),
            (Some(file), _) => Ok(file),
            (None, Some(key_id)) => Err(KeyFileError::Missing {
                path: path.to_owned(),
                key_id: gatehouse_model::clean_label(key_id),
            }),
            (None, None) => {
                let file = Self::generate(random);
                private_file::create(path, file.encode().as_bytes()).map_err(failed)?;
                Ok(file)
            }
        }
    }

    fn load(path: &Path) -> Result<Option<Self>, KeyFileError> {
        let (content, mode) = match private_file::read(path, MAX_FILE) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyFileError::Io { path: path.to_owned(), source }),
        };
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
        }
        let damaged = |reason| KeyFileError::Damaged { path: path.to_owned(), reason };
        let text = std::str::from_utf8(&content).map_err(|_| damaged("it is not text"))?;
        Self::decode(text).map(Some).map_err(damaged)
    }

    fn generate(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        random.fill(key.as_mut_slice());
        Self { id: key_id(&key), key }
    }

    fn decode(text: &str) -> Result<Self, &'static str> {
        let value = |name: &str| {
            let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
            values.next().map(str::trim).filter(|_| values.next().is_none())
        };
        let id = value("key-id:").ok_or("it has no key-id line, or two")?;
        let hex_key = value("key:").ok_or("it has no key line, or two")?;
        let mut key = Zeroizing::new([0; KEY_LEN]);
        hex::decode_to_slice(hex_key, key.as_mut_slice())
            .map_err(|_| "the key is not 32 bytes in hexadecimal")?;
        let expected = key_id(&key);
        constant_time::verify_slices_are_equal(expected.as_bytes(), id.as_bytes())
            .map_err(|_| "key-id and key do not belong together")?;
        Ok(Self { id: expected, key })
    }

    fn encode(&self) -> Zeroizing<String> {
        let hex_key = Zeroizing::new(hex::encode(self.key.as_slice()));
        Zeroizing::new(format!(
            "# Seals the CA keys and one-time-code secrets in Gatehouse's database. Back it up apart from the database.\n\
             key-id: {}\nkey: {}\n",
            self.id,
            hex_key.as_str()
        ))
    }

    /// Names the key without telling it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn key(&self) -> &[u8] {
        self.key.as_slice()
    }
}

fn key_id(key: &[u8; KEY_LEN]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"gatehouse key id\0");
    context.update(key);
    hex::encode(context.finish().as_ref().get(..8).unwrap_or_default())
}
