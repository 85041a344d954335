//! `gatehouse config check`: everything that is wrong with a file, and what in it has no effect.

use std::path::Path;

use gatehouse_domain::cluster::shadowed_keys;
use gatehouse_store::Location;

use crate::config::{self, Config, StorageConfig};
use crate::foundation::StartError;
use crate::{data_dir, grpc};

/// What a good file still deserves to be told.
#[derive(Debug)]
pub struct Checked {
    pub warnings: Vec<String>,
}

/// Checks a file, and against the database it names, if that is there, which of its keys dynamic values shadow. The
/// database is only looked at.
///
/// # Errors
/// Everything that is wrong with the file.
pub async fn check(path: &Path) -> Result<Checked, StartError> {
    let config = config::load(path)?;
    let warnings = match shadowed(&config).await {
        Ok(keys) => keys.into_iter().map(|key| shadow_warning(&config, key)).collect(),
        Err(error) => {
            vec![format!("whether dynamic values shadow keys of this file could not be checked: {error}")]
        }
    };
    Ok(Checked { warnings })
}

async fn shadowed(config: &Config) -> Result<Vec<&'static str>, Box<dyn std::error::Error>> {
    let Some(store) = gatehouse_store::open_as_is(&location(config)?).await? else {
        return Ok(Vec::new());
    };
    Ok(shadowed_keys(store.as_ref(), &config.preference).await?)
}

fn location(config: &Config) -> Result<Location, StartError> {
    Ok(match &config.storage {
        StorageConfig::Sqlite { path: Some(path) } => Location::Sqlite(path.clone()),
        StorageConfig::Sqlite { path: None } => {
            let folder = data_dir::locate(None, config.data_dir.as_deref(), data_dir::path_variable)?;
            Location::Sqlite(data_dir::database_in(&folder))
        }
        StorageConfig::Postgres { url } => Location::Postgres(url.reveal().to_owned()),
    })
}

/// A key of the file that does nothing, with its place.
pub(crate) fn shadow_warning(config: &Config, key: &str) -> String {
    let file = config.source.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let line = config.preference_lines.iter().find(|(known, _)| known.as_str() == key).map(|(_, line)| *line);
    format!("{file}:{}: {}", line.unwrap_or_default(), grpc::shadow_warning(key))
}
