use std::fmt;
use std::path::{Path, PathBuf};

use gatehouse_document::{Section, shown};

/// Where the server keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageConfig {
    /// A SQLite file; without a path it lies in the data directory.
    Sqlite {
        path: Option<PathBuf>,
    },
    Postgres {
        url: DatabaseUrl,
    },
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self::Sqlite { path: None }
    }
}

/// URL of a database; it may hold a password, so it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL with its password.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(..)")
    }
}

/// Reads `auth_service.storage`.
pub(super) fn read(mut section: Section<'_>, folder: &Path) -> StorageConfig {
    let engine = section.text("type");
    let path = section.text("path");
    let url = section.text("url");
    let is_postgres = match engine {
        Some((_, "sqlite")) => false,
        Some((_, "postgres" | "postgresql")) => true,
        Some((place, other)) => {
            let text =
                format!("unknown `auth_service.storage.type` \"{}\": use sqlite or postgres", shown(other));
            section.problem(place, text);
            url.is_some()
        }
        None => url.is_some(),
    };
    let storage = if is_postgres {
        if let Some((place, _)) = path {
            section.problem(place, "`auth_service.storage.path` is for sqlite: postgres takes `url`");
        }
        match url {
            Some((_, url)) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                StorageConfig::Postgres { url: DatabaseUrl(url.to_owned()) }
            }
            Some((place, _)) => {
                // The value may hold a password: it is not shown.
                section.problem(place, "`auth_service.storage.url` must begin with postgres://");
                StorageConfig::default()
            }
            None => {
                section.problem(
                    section.place(),
                    "storage in postgres needs `url`, as in postgres://host/gatehouse",
                );
                StorageConfig::default()
            }
        }
    } else {
        if let Some((place, _)) = url {
            section.problem(place, "`auth_service.storage.url` is for postgres: sqlite takes `path`");
        }
        StorageConfig::Sqlite { path: path.map(|(_, path)| folder.join(path)) }
    };
    section.finish();
    storage
}
