use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_model::ErrorKind;
use gatehouse_proto::MAX_MESSAGE_BYTES;
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
use gatehouse_proto::gatehouse::v1::status_service_client::StatusServiceClient;
use gatehouse_proto::gatehouse::v1::user_service_client::UserServiceClient;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use crate::address::ProxyAddress;
use crate::error::{ClientError, Result};
use crate::home::Identity;
use crate::pin::Pin;
use crate::tls::{ALPN_H2, SeenPin, ServerTrust, explain, not_grpc, tls};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For an answer to begin; a ceremony that stalls is ended by the server after 60 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// An open connection to a server; clones share it.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
    seen: Option<Arc<SeenPin>>,
}

impl Connection {
    /// Connects over TLS, with the certificate of a login or as a stranger.
    ///
    /// # Errors
    /// The server does not answer, or is not the right one.
    pub async fn tls(
        address: &ProxyAddress,
        trust: ServerTrust,
        identity: Option<&Identity>,
    ) -> Result<Self> {
        let tls = tls(trust, identity)?;
        let seen = tls.seen.clone();
        let connector = TlsConnector::from(tls.config);
        let target = address.clone();
        let channel = connect(&address.url(), move || open_tls(target.clone(), connector.clone())).await?;
        Ok(Self { channel, seen: Some(seen) })
    }

    /// Connects to the admin socket of a server on this machine.
    ///
    /// # Errors
    /// Nothing listens, or this user may not.
    pub async fn unix(path: &Path) -> Result<Self> {
        let target = path.to_owned();
        let channel = connect("http://localhost", move || open_unix(target.clone())).await?;
        Ok(Self { channel, seen: None })
    }

    /// Pin of the server's key, where one was expected or taken on first use.
    #[must_use]
    pub fn server_pin(&self) -> Option<Pin> {
        self.seen.as_ref()?.pin()
    }
}

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident: $client:ident),+ $(,)?) => {
        impl Connection {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name(&self) -> $client<Channel> {
                $client::new(self.channel.clone())
                    .max_decoding_message_size(MAX_MESSAGE_BYTES)
                    .max_encoding_message_size(MAX_MESSAGE_BYTES)
            }
        )+}
    };
}

services! {
    /// Ping, signup, login: for strangers.
    auth: AuthServiceClient,
    account: AccountServiceClient,
    devices: DeviceTrustServiceClient,
    /// Authentication for callers without a certificate.
    devices_public: PublicDeviceTrustServiceClient,
    device_admin: DeviceAdminServiceClient,
    device_evidence: DeviceEvidenceServiceClient,
    device_web: DeviceWebServiceClient,
    resources: ResourceServiceClient,
    users: UserServiceClient,
    sessions: SessionServiceClient,
    ship_ahead: ShipAheadServiceClient,
    audit: AuditServiceClient,
    reviews: ReviewServiceClient,
    ek_cas: EkCaServiceClient,
    status: StatusServiceClient,
}

/// Opens an HTTP/2 channel over what `open` makes.
async fn connect<F, Fut, S>(origin: &str, open: F) -> Result<Channel>
where
    F: Fn() -> Fut + Send + 'static,
    Fut: Future<Output = Result<TokioIo<S>>> + Send + 'static,
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let internal = |error: &dyn std::fmt::Display| {
        ClientError::new(ErrorKind::Internal, "connect", format!("cannot connect: {error}"))
    };
    let origin: http::Uri = origin.parse().map_err(|error: http::uri::InvalidUri| internal(&error))?;
    // The connector brings TLS of its own, so the endpoint's scheme is plain; what the server sees is the origin.
    let endpoint = Endpoint::from_static("http://localhost")
        .origin(origin)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .user_agent(concat!("gatehouse/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| internal(&error))?;
    let connector = tower::service_fn(move |_: http::Uri| open());
    endpoint.connect_with_connector(connector).await.map_err(|error| find_client_error(&error))
}

/// The connector's own error, dug out of what tonic wrapped around it.
fn find_client_error(error: &(dyn std::error::Error + 'static)) -> ClientError {
    let mut current = Some(error);
    let mut last = error.to_string();
    while let Some(error) = current {
        if let Some(ours) = error.downcast_ref::<ClientError>() {
            return ours.clone();
        }
        last = error.to_string();
        current = error.source();
    }
    ClientError::new(
        ErrorKind::Unavailable,
        "server_unreachable",
        format!("cannot connect to the server: {last}"),
    )
    .with_hint("check that the address is that of a Gatehouse server and that it runs")
}

async fn open_tls(target: ProxyAddress, connector: TlsConnector) -> Result<TokioIo<TlsStream<TcpStream>>> {
    let server = target.to_string();
    let unreachable = |why: String| {
        ClientError::new(
            ErrorKind::Unavailable,
            "server_unreachable",
            format!("cannot connect to {server}: {why}"),
        )
        .with_hint("check that the server runs and that the address is right (--proxy=host:port)")
    };
    let tcp = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect((target.host(), target.port())))
        .await
        .map_err(|_| unreachable("no answer within 10 seconds".to_owned()))?
        .map_err(|error| unreachable(error.to_string()))?;
    tcp.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
    let name = target.server_name().map_err(unreachable)?;
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, connector.connect(name, tcp))
        .await
        .map_err(|_| unreachable("no TLS handshake within 10 seconds".to_owned()))?
        .map_err(|error| explain(&server, &error))?;
    if stream.get_ref().1.alpn_protocol() != Some(ALPN_H2) {
        return Err(not_grpc(&server));
    }
    Ok(TokioIo::new(stream))
}

async fn open_unix(path: std::path::PathBuf) -> Result<TokioIo<UnixStream>> {
    let stream = UnixStream::connect(&path).await.map_err(|error| {
        let message = format!("cannot connect to the server at {}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                ClientError::new(ErrorKind::PermissionDenied, "socket_denied", message)
                    .with_hint("run tctl as root or as the user that the server runs as")
            }
            _ => ClientError::new(ErrorKind::Unavailable, "server_unreachable", message).with_hint(
                "check that the server runs on this machine with this data directory, or log in with `tsh login`",
            ),
        }
    })?;
    Ok(TokioIo::new(stream))
}
