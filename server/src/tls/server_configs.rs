use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::CertificateDer;

use super::{CertificateError, ServerCertificate};

const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// What kind of client a TLS connection is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A browser, curl and the like: never asked for a certificate.
    Browser,
    /// A gRPC client: may present a user's certificate.
    Grpc,
}

/// The two TLS configurations of the one port.
#[derive(Clone, Debug)]
pub struct ServerConfigs {
    browser: Arc<ServerConfig>,
    grpc: Arc<ServerConfig>,
}

impl ServerConfigs {
    /// Configurations for this certificate; clients' certificates must be issued by `user_ca`.
    ///
    /// # Errors
    /// A CA certificate that cannot be used.
    pub fn new(
        certificate: &ServerCertificate,
        user_ca: &CertificateDer<'static>,
    ) -> Result<Self, CertificateError> {
        let provider = Arc::new(default_provider());
        Ok(Self {
            browser: Arc::new(browser(&provider, certificate)?),
            grpc: Arc::new(grpc(&provider, certificate, user_ca)?),
        })
    }

    /// Who offers only `h2` is a gRPC client; everybody else counts as a browser.
    #[must_use]
    pub fn choose(&self, hello: &ClientHello<'_>) -> (Channel, Arc<ServerConfig>) {
        let mut offered = hello.alpn().into_iter().flatten().peekable();
        if offered.peek().is_some() && offered.all(|protocol| protocol == H2) {
            (Channel::Grpc, Arc::clone(&self.grpc))
        } else {
            (Channel::Browser, Arc::clone(&self.browser))
        }
    }
}

fn browser(
    provider: &Arc<CryptoProvider>,
    certificate: &ServerCertificate,
) -> Result<ServerConfig, CertificateError> {
    let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&certificate.certified)));
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
    Ok(config)
}

/// TLS 1.3 alone, which hides clients' certificates from onlookers. Nothing is resumed: a resumed session would
/// carry on with a certificate that was judged earlier.
fn grpc(
    provider: &Arc<CryptoProvider>,
    certificate: &ServerCertificate,
    user_ca: &CertificateDer<'static>,
) -> Result<ServerConfig, CertificateError> {
    let unusable = |error: &dyn std::fmt::Display| CertificateError::ClientCa(error.to_string());
    let mut roots = RootCertStore::empty();
    roots.add(user_ca.clone()).map_err(|error| unusable(&error))?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .allow_unauthenticated()
        .build()
        .map_err(|error| unusable(&error))?;
    let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&certificate.certified)));
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![H2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}
