use std::io;
use std::path::{Path, PathBuf};

/// The server's TLS certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot use {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {reason}", path.display())]
    Unusable { path: PathBuf, reason: String },
    #[error("the TLS certificate cannot be made: {0}")]
    Making(String),
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    #[error("the CA for clients' certificates cannot be used: {0}")]
    ClientCa(String),
}

impl CertificateError {
    /// The way out, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } => Some("make it readable for the server's user"),
            Self::Unusable { .. } => Some(
                "give the PEM files of a certificate chain and of its key as `proxy_service.https_cert_file` and \
                 `https_key_file`; a certificate that Gatehouse made may be removed and is made anew",
            ),
            Self::Making(_) | Self::Tls(_) | Self::ClientCa(_) => None,
        }
    }

    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn unusable(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.into() }
    }
}
