//! Finding the server: an explicit flag, else the admin socket of this machine, else the login of `tsh`.

use std::path::{Path, PathBuf};

use gatehouse_client::{ClientError, Connection, Home, Result, Session, now};
use gatehouse_model::{ErrorKind, clean_label};

use crate::cli::ServerArgs;

/// The admin socket inside a data directory.
const SOCKET: &str = "admin.sock";
/// Where packaged servers keep their data.
const SYSTEM_DATA_DIR: &str = "/var/lib/gatehouse";
/// Largest configuration file that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// Connects to the server that the flags and this machine point to.
pub(crate) async fn connect(args: &ServerArgs) -> Result<Connection> {
    if let Some(proxy) = &args.proxy {
        let home = Home::from_env()?;
        return Ok(Session::open_at(&home, proxy, now()).await?.connection);
    }
    if let Some(folder) = &args.data_dir {
        return Connection::unix(&folder.join(SOCKET)).await;
    }
    if let Some(config) = &args.config {
        return match configured_data_dir(config)? {
            Some(folder) => Connection::unix(&folder.join(SOCKET)).await,
            None => by_itself().await,
        };
    }
    by_itself().await
}

async fn by_itself() -> Result<Connection> {
    let mut refused = None;
    for folder in data_dirs(|name| std::env::var_os(name)) {
        let socket = folder.join(SOCKET);
        if !socket.exists() {
            continue;
        }
        match Connection::unix(&socket).await {
            Ok(connection) => return Ok(connection),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let home = Home::from_env()?;
    if home.profile(None)?.is_some() {
        return Ok(Session::open(&home, None, now()).await?.connection);
    }
    Err(refused.unwrap_or_else(|| {
        ClientError::new(
            ErrorKind::Unavailable,
            "no_server",
            "found no server on this machine, and tsh is not logged in to one",
        )
        .with_hint(
            "start the server, name its --data-dir, or run `tsh login --proxy=<host:port> --user=<name>`",
        )
    }))
}

/// The data directories that a server of this machine may have, likeliest first.
fn data_dirs(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Vec<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    [folder("GATEHOUSE_DATA_DIR"), own.map(|own| own.join("gatehouse")), Some(SYSTEM_DATA_DIR.into())]
        .into_iter()
        .flatten()
        .collect()
}

/// `gatehouse.data_dir` of a configuration file. The rest is the server's to judge.
fn configured_data_dir(path: &Path) -> Result<Option<PathBuf>> {
    let wrong = |why: String| {
        ClientError::new(
            ErrorKind::InvalidInput,
            "config",
            format!("cannot read {}: {}", path.display(), clean_label(&why)),
        )
    };
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > MAX_CONFIG_BYTES {
        return Err(wrong("it is larger than 1 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    // A relative path counts from the folder of the file, as it does for the server.
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(data_dir_of(&text).map_err(wrong)?.map(|data_dir| folder.join(data_dir)))
}

fn data_dir_of(text: &str) -> std::result::Result<Option<PathBuf>, String> {
    let config: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    match config.get("gatehouse").and_then(|section| section.get("data_dir")) {
        None | Some(serde_yaml_ng::Value::Null) => Ok(None),
        Some(serde_yaml_ng::Value::String(folder)) => Ok(Some(PathBuf::from(folder))),
        Some(_) => Err("gatehouse.data_dir is not a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_directory_comes_from_the_environment_first() {
        let of = |pairs: &'static [(&str, &str)]| {
            data_dirs(move |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| std::ffi::OsString::from(value))
            })
        };
        assert_eq!(
            of(&[("GATEHOUSE_DATA_DIR", "/d"), ("HOME", "/h")]),
            ["/d", "/h/.local/share/gatehouse", "/var/lib/gatehouse"].map(PathBuf::from)
        );
        assert_eq!(
            of(&[("XDG_DATA_HOME", "/x"), ("HOME", "/h")]),
            ["/x/gatehouse", "/var/lib/gatehouse"].map(PathBuf::from)
        );
    }

    #[test]
    fn the_data_directory_of_a_configuration() {
        assert_eq!(data_dir_of("gatehouse:\n  data_dir: /srv/g\n"), Ok(Some(PathBuf::from("/srv/g"))));
        assert_eq!(data_dir_of("auth_service: {}\n"), Ok(None));
        assert!(data_dir_of("gatehouse: {data_dir: [1]}").is_err());
        assert!(data_dir_of("a: [").is_err());
    }
}
