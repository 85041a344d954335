//! The configuration file: typed, and every problem in it named with its place.

mod authentication;
mod certificates;
mod gatehouse;
mod load;
mod problem;
mod proxy;
mod storage;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use gatehouse_document::Problem;
use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::resource::PreferenceSpec;

pub use load::{load, parse};
pub use problem::ConfigError;
pub use storage::{DatabaseUrl, StorageConfig};

/// Where the server listens unless told otherwise: on this host alone.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3080);

/// What the configuration file says, defaults filled in. What only the environment can tell (the data directory,
/// if the file names none) stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file, if there is one.
    pub source: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    /// Key file outside the data directory.
    pub key_file: Option<PathBuf>,
    /// Name of the cluster, if the file gives one; see [`Config::cluster_name`].
    pub name: Option<String>,
    pub log: LogConfig,
    pub storage: StorageConfig,
    pub listen_addr: SocketAddr,
    /// Under which address clients reach the server, if the file says so; see [`Config::public_address`].
    pub public_addr: Option<PublicAddr>,
    /// Certificate and key of the administrator's; none for one of the server's own making.
    pub tls_files: Option<TlsFiles>,
    /// The static half of the `cluster_auth_preference`.
    pub preference: PreferenceSpec,
    /// The line of each static key of the preference.
    pub preference_lines: BTreeMap<PreferenceKey, usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            source: None,
            data_dir: None,
            key_file: None,
            name: None,
            log: LogConfig::default(),
            storage: StorageConfig::default(),
            listen_addr: DEFAULT_LISTEN,
            public_addr: None,
            tls_files: None,
            preference: PreferenceSpec::default(),
            preference_lines: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The address that clients use: as configured, else `localhost` and the port that is listened on.
    #[must_use]
    pub fn public_address(&self) -> PublicAddr {
        self.public_addr
            .clone()
            .unwrap_or_else(|| PublicAddr { host: "localhost".to_owned(), port: self.listen_addr.port() })
    }

    /// The name of the cluster: as configured, else the public host.
    #[must_use]
    pub fn cluster_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.public_address().host)
    }
}

/// Host and port under which clients reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAddr {
    /// A DNS name or an IP address, IPv6 without brackets.
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for PublicAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// PEM files of the TLS certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// How the server logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    pub level: LogLevel,
    pub format: LogFormat,
}

/// Least severe level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}
