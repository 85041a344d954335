//! What the services stand on: data directory, database, keys, certificates. Laid in this order, so that nothing is
//! touched before the data directory is ours alone.

use std::path::PathBuf;
use std::sync::Arc;

use gatehouse_domain::ports::{Clock, Issuers, Random, Store};
use gatehouse_store::Location;

use crate::config::{Config, ConfigError, StorageConfig};
use crate::data_dir::{self, DataDir, DataDirError};
use crate::environment::{SystemClock, SystemRandom};
use crate::issuers::IssuerFetcher;
use crate::listener::{ListenError, Listener};
use crate::secrets::KeyFileSealer;
use crate::tls::{CertificateError, ServerCertificate, ServerConfigs};
use crate::user_ca::{self, OpenCaError};

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Database(#[from] gatehouse_store::OpenError),
    #[error(transparent)]
    UserCa(#[from] OpenCaError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Compose(#[from] crate::compose::ComposeError),
    #[error("{what}")]
    System { what: &'static str, source: std::io::Error },
}

impl StartError {
    /// The way out, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::DataDir(error) => error.hint(),
            Self::UserCa(error) => error.hint().or_else(|| database_hint(error)),
            Self::Certificate(error) => error.hint().map(str::to_owned),
            Self::Listen(error) => error.hint().map(str::to_owned),
            Self::Database(error) => database_hint(error),
            Self::Compose(error) => database_hint(error),
            Self::Config(_) | Self::System { .. } => None,
        }
    }
}

fn database_hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    gatehouse_store::way_out(error).map(str::to_owned)
}

/// Everything that the services need of the world.
pub struct Foundation {
    pub config: Config,
    pub data_dir: DataDir,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Where missing CAs of EK certificates are fetched, if the policy lets them be.
    pub issuers: Arc<dyn Issuers>,
    pub sealer: Arc<KeyFileSealer>,
    pub user_ca: Arc<crate::ca::UserCa>,
    pub certificate: ServerCertificate,
}

impl Foundation {
    /// Opens or makes what the configuration names. `data_dir` is the command line's word on it.
    ///
    /// # Errors
    /// [`StartError`]; nothing that exists is ever replaced by something new of its kind.
    pub async fn lay(config: Config, data_dir: Option<PathBuf>) -> Result<Self, StartError> {
        let path = data_dir::locate(data_dir, config.data_dir.as_deref(), data_dir::path_variable)?;
        let data_dir = DataDir::open(&path)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let location = match &config.storage {
            StorageConfig::Sqlite { path } => {
                Location::Sqlite(path.clone().unwrap_or_else(|| data_dir.database()))
            }
            StorageConfig::Postgres { url } => Location::Postgres(url.reveal().to_owned()),
        };
        let store = gatehouse_store::open(&location).await?;
        let key_file = config.key_file.clone().unwrap_or_else(|| data_dir.key_file());
        let (user_ca, sealer) =
            user_ca::open(&*store, &key_file, &config.cluster_name(), &*clock, &random).await?;
        let certificate = match &config.tls_files {
            Some(files) => ServerCertificate::load(files)?,
            None => {
                let host = config.public_address().host;
                ServerCertificate::load_or_make(&data_dir.tls(), &host, clock.now(), &*random)?
            }
        };
        if certificate.not_after() <= clock.now() {
            tracing::warn!(not_after = %certificate.not_after(), "the TLS certificate has expired");
        }
        Ok(Self {
            config,
            data_dir,
            store,
            clock,
            random,
            issuers: Arc::new(IssuerFetcher::of_known_makers()),
            sealer: Arc::new(sealer),
            user_ca: Arc::new(user_ca),
            certificate,
        })
    }

    /// Binds the port and the admin's Unix socket. If port 0 was asked for, the configuration then has the real one.
    ///
    /// # Errors
    /// An address in use or out of reach.
    pub async fn bind(&mut self) -> Result<Listener, StartError> {
        let tls = ServerConfigs::new(&self.certificate, self.user_ca.x509_certificate())?;
        let listener = Listener::bind(self.config.listen_addr, tls, &self.data_dir).await?;
        let what = "cannot tell the address that is listened on";
        self.config.listen_addr =
            listener.local_addr().map_err(|source| StartError::System { what, source })?;
        Ok(listener)
    }
}
