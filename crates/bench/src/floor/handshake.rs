//! TLS handshakes in memory: both halves in one thread, and the CPU time of the server's alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use gatehouse_client::UserKey;
use gatehouse_domain::ports::{CertificateAuthority as _, CertificateRequest};
use gatehouse_server::foundation::Foundation;
use gatehouse_server::tls::ServerConfigs;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{Acceptor, ServerConnection};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

use crate::cpu_clock;

/// Both ends of the handshakes, and what the user at the client's end has.
pub(super) struct Handshakes {
    server: ServerConfigs,
    client: Arc<ClientConfig>,
    name: ServerName<'static>,
    /// What the user had certified.
    pub(super) request: CertificateRequest,
    /// The user's SSH certificate.
    pub(super) ssh_line: String,
}

impl Handshakes {
    /// Makes a user with certificates of the foundation's CA.
    pub(super) fn new(foundation: &Foundation) -> Result<Self> {
        let key = UserKey::generate("user-0")?;
        let now = foundation.clock.now();
        let request = CertificateRequest {
            user: "user-0".to_owned(),
            roles: vec!["access".to_owned()],
            logins: vec!["user-0".to_owned()],
            session_id: gatehouse_domain::ports::uuid_v7(now, &*foundation.random),
            tls_public_key_der: key.public_spki_der(),
            ssh_public_key: Some(key.public_openssh()?),
            not_before: now,
            not_after: now.plus_secs(12 * 3600),
            device: None,
        };
        let issued = foundation.user_ca.issue(&request).context("issuing the user's certificates")?;

        let pem = foundation.data_dir.tls().join("cert.pem");
        let own =
            CertificateDer::from_pem_file(&pem).with_context(|| format!("reading {}", pem.display()))?;
        let mut roots = RootCertStore::empty();
        roots.add(own)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_pkcs8_der()?.to_vec()));
        let mut client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![CertificateDer::from(issued.x509_der)], private)?;
        client.alpn_protocols = vec![b"h2".to_vec()];
        client.resumption = rustls::client::Resumption::disabled();
        Ok(Self {
            server: ServerConfigs::new(&foundation.certificate, foundation.user_ca.x509_certificate())?,
            client: Arc::new(client),
            name: ServerName::try_from("localhost").context("naming the server")?,
            request,
            ssh_line: issued.ssh_authorized_key,
        })
    }

    /// One handshake; CPU time of the server's half.
    pub(super) fn server_cpu(&self) -> Result<Duration> {
        let mut client = ClientConnection::new(Arc::clone(&self.client), self.name.clone())?;
        let mut flight = Vec::new();
        client.write_tls(&mut flight)?;

        let begun = cpu_clock::thread();
        let mut server = self.accept(&flight)?;
        let mut answer = written(&mut server)?;
        let mut spent = cpu_clock::thread() - begun;
        while client.is_handshaking() || server.is_handshaking() {
            client.read_tls(&mut answer.as_slice())?;
            client.process_new_packets()?;
            flight.clear();
            while client.wants_write() {
                client.write_tls(&mut flight)?;
            }
            let begun = cpu_clock::thread();
            server.read_tls(&mut flight.as_slice())?;
            server.process_new_packets()?;
            answer = written(&mut server)?;
            spent += cpu_clock::thread() - begun;
        }
        if server.peer_certificates().is_none() {
            bail!("the client showed no certificate");
        }
        Ok(spent)
    }

    fn accept(&self, flight: &[u8]) -> Result<ServerConnection> {
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut &*flight)?;
        let accepted = acceptor
            .accept()
            .map_err(|(error, _)| anyhow!(error))?
            .context("the client's greeting is not whole")?;
        let (_, config) = self.server.choose(&accepted.client_hello());
        accepted.into_connection(config).map_err(|(error, _)| anyhow!(error))
    }
}

fn written(server: &mut ServerConnection) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut out)?;
    }
    Ok(out)
}
