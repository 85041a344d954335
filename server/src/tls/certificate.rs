use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use gatehouse_domain::ports::Random;
use gatehouse_model::Timestamp;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{CertificateError, self_made};
use crate::config::TlsFiles;
use crate::private_file;

/// Largest PEM file, in bytes.
const MAX_FILE: usize = 1024 * 1024;

/// The certificate chain and key by which clients know the server.
#[derive(Clone)]
pub struct ServerCertificate {
    pub(super) certified: Arc<CertifiedKey>,
    pin: String,
    not_after: Timestamp,
}

impl std::fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerCertificate").field("pin", &self.pin).finish_non_exhaustive()
    }
}

impl ServerCertificate {
    /// Loads the administrator's certificate.
    ///
    /// # Errors
    /// Files that cannot be read, or hold no certificate, no key, or a key of another certificate.
    pub fn load(files: &TlsFiles) -> Result<Self, CertificateError> {
        let (chain, _) = private_file::read(&files.certificate, MAX_FILE)
            .map_err(CertificateError::io(&files.certificate))?;
        let (key, mode) =
            private_file::read(&files.key, MAX_FILE).map_err(CertificateError::io(&files.key))?;
        if mode & 0o007 != 0 {
            let reason = format!("everybody on this host may read the key (mode {mode:03o}): chmod 600 it");
            return Err(CertificateError::unusable(&files.key, reason));
        }
        Self::from_pem(&files.certificate, &chain, &files.key, &key)
    }

    /// Loads the certificate of the server's own making from `folder`, or makes it: for `host`, `localhost` and the
    /// loopback addresses. One that soon expires, or is for another host, is made anew with the same key, so that
    /// the pins of clients stay good.
    ///
    /// # Errors
    /// The file system's; files that somebody else changed.
    pub fn load_or_make(
        folder: &Path,
        host: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Self, CertificateError> {
        let (certificate, key) = self_made::load_or_make(folder, host, now, random)?;
        let path = folder.join(self_made::CERTIFICATE);
        Self::from_pem(&path, &certificate, &folder.join(self_made::KEY), &key)
    }

    fn from_pem(
        chain_path: &Path,
        chain: &[u8],
        key_path: &Path,
        key: &[u8],
    ) -> Result<Self, CertificateError> {
        let unusable = |reason: String| CertificateError::unusable(chain_path, reason);
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unusable(format!("malformed PEM: {error}")))?;
        let leaf = chain.first().ok_or_else(|| unusable("it holds no PEM certificate".to_owned()))?;
        let (_, parsed) = X509Certificate::from_der(leaf)
            .map_err(|_| unusable("the first certificate is not an X.509 certificate".to_owned()))?;
        let hash = digest::digest(&digest::SHA256, parsed.public_key().raw);
        let pin = format!("sha256:{}", hex::encode(hash));
        let not_after = Timestamp::from_secs(parsed.validity().not_after.timestamp());
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| CertificateError::unusable(key_path, "it holds no PEM private key"))?;
        let certified =
            CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => CertificateError::unusable(
                    key_path,
                    format!("the key does not belong to the certificate {}", chain_path.display()),
                ),
                error => CertificateError::unusable(key_path, error.to_string()),
            })?;
        Ok(Self { certified: Arc::new(certified), pin, not_after })
    }

    /// What clients may pin: `sha256:` and the hash of the certificate's SubjectPublicKeyInfo in hexadecimal.
    #[must_use]
    pub fn pin(&self) -> &str {
        &self.pin
    }

    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}
