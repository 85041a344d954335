use std::io::Read as _;
use std::path::Path;

use super::{Config, ConfigError, authentication, gatehouse, proxy, storage};
use gatehouse_document::{Problems, Section, yaml};

/// Largest configuration file, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Versions of the file that are understood; they differ in nothing that Gatehouse reads.
const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];

/// Reads a configuration file. Relative paths in it start at the file's folder.
///
/// # Errors
/// A file that cannot be read; everything in it that is wrong.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = read_limited(path, MAX_FILE).map_err(unreadable)?;
    let text = String::from_utf8(text).map_err(|_| {
        unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8 text"))
    })?;
    parse(path, &text)
}

/// Reads the text of a configuration file that lies at `path`.
///
/// # Errors
/// Everything in it that is wrong.
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let document = yaml::parse(text).map_err(|problem| ConfigError::invalid(path, vec![problem]))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let problems = Problems::default();
    let mut config = Config { source: Some(path.to_owned()), ..Config::default() };

    let mut root = Section::root(&document, &problems);
    if let Some((place, version)) = root.text("version")
        && !VERSIONS.contains(&version)
    {
        root.problem(place, format!("`version` must be one of {}", VERSIONS.join(", ")));
    }
    if let Some(section) = root.section("gatehouse") {
        gatehouse::read(section, folder, &mut config);
    }
    if let Some(mut section) = root.section("auth_service") {
        if let Some(authentication) = section.section("authentication") {
            authentication::read(authentication, folder, &mut config);
        }
        if let Some(storage) = section.section("storage") {
            config.storage = storage::read(storage, folder);
        }
        section.finish();
    }
    if let Some(section) = root.section("proxy_service") {
        proxy::read(section, folder, &mut config);
    }
    root.finish();

    match problems.into_vec() {
        none if none.is_empty() => Ok(config),
        problems => Err(ConfigError::invalid(path, problems)),
    }
}

/// Reads a file that may not be larger than `limit` bytes.
pub(super) fn read_limited(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let text = format!("it is larger than {limit} bytes");
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}
