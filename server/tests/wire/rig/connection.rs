//! gRPC clients of the tests' own: the generated stubs over rustls or a Unix socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use gatehouse_proto::devicetrust::device_trust_service_client::DeviceTrustServiceClient;
use gatehouse_proto::devicetrust_public::device_trust_service_client::DeviceTrustServiceClient as PublicDeviceTrustServiceClient;
use gatehouse_proto::gatehouse::v1::account_service_client::AccountServiceClient;
use gatehouse_proto::gatehouse::v1::audit_service_client::AuditServiceClient;
use gatehouse_proto::gatehouse::v1::auth_service_client::AuthServiceClient;
use gatehouse_proto::gatehouse::v1::device_admin_service_client::DeviceAdminServiceClient;
use gatehouse_proto::gatehouse::v1::device_evidence_service_client::DeviceEvidenceServiceClient;
use gatehouse_proto::gatehouse::v1::device_web_service_client::DeviceWebServiceClient;
use gatehouse_proto::gatehouse::v1::ek_ca_service_client::EkCaServiceClient;
use gatehouse_proto::gatehouse::v1::resource_service_client::ResourceServiceClient;
use gatehouse_proto::gatehouse::v1::review_service_client::ReviewServiceClient;
use gatehouse_proto::gatehouse::v1::session_service_client::SessionServiceClient;
use gatehouse_proto::gatehouse::v1::ship_ahead_service_client::ShipAheadServiceClient;
use gatehouse_proto::gatehouse::v1::user_service_client::UserServiceClient;
use hyper_util::rt::TokioIo;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Error};
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

/// Where the server is, and the certificate by which it is known.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: CertificateDer<'static>,
}

/// A client's certificate and its PKCS #8 key.
pub(crate) type Identity = (Vec<u8>, Vec<u8>);

/// An open connection; clones share it.
#[derive(Clone)]
pub(crate) struct Connection(Channel);

impl Connection {
    pub(crate) async fn tls(target: &Target, identity: Option<Identity>) -> Result<Self, Error> {
        let config = client_config(target, identity);
        let address = target.address;
        let connector = tower::service_fn(move |_| open(address, Arc::clone(&config)));
        Endpoint::from_static("http://localhost").connect_with_connector(connector).await.map(Self)
    }

    /// The bare channel, for calls that no stub knows.
    pub(crate) fn channel(&self) -> Channel {
        self.0.clone()
    }

    pub(crate) async fn unix(path: &Path) -> Self {
        let path = path.to_owned();
        let connector = tower::service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        let endpoint = Endpoint::from_static("http://localhost");
        Self(endpoint.connect_with_connector(connector).await.unwrap())
    }
}

macro_rules! services {
    ($($name:ident: $client:ident),+ $(,)?) => {
        impl Connection {$(
            pub(crate) fn $name(&self) -> $client<Channel> {
                $client::new(self.0.clone())
            }
        )+}
    };
}

services! {
    auth: AuthServiceClient,
    account: AccountServiceClient,
    devices: DeviceTrustServiceClient,
    device_admin: DeviceAdminServiceClient,
    device_evidence: DeviceEvidenceServiceClient,
    device_web: DeviceWebServiceClient,
    ship_ahead: ShipAheadServiceClient,
    public_devices: PublicDeviceTrustServiceClient,
    resources: ResourceServiceClient,
    users: UserServiceClient,
    sessions: SessionServiceClient,
    audit: AuditServiceClient,
    reviews: ReviewServiceClient,
    ek_cas: EkCaServiceClient,
    health: HealthClient,
    reflection: ServerReflectionClient,
}

/// TLS that trusts the server's certificate alone and speaks HTTP/2 alone.
fn client_config(target: &Target, identity: Option<Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(target.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some((certificate, key)) => {
            let key = provider.key_provider.load_private_key(PrivateKeyDer::Pkcs8(key.into())).unwrap();
            // Unlike `with_client_auth_cert`, this asks not whether the two belong together: thieves do not either.
            let certified = CertifiedKey::new(vec![CertificateDer::from(certificate)], key);
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

async fn open(
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> std::io::Result<TokioIo<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(config).connect(name, stream).await.map(TokioIo::new)
}

/// A bare HTTP/2 connection, for what no gRPC client would send.
pub(crate) async fn plain_h2<B>(
    target: &Target,
    identity: Option<Identity>,
) -> hyper::client::conn::http2::SendRequest<B>
where
    B: hyper::body::Body + Unpin + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = open(target.address, client_config(target, identity)).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    tokio::spawn(connection);
    sender
}
