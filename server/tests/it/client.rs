use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(crate) type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// An answer, and how the connection came about.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) protocol: Option<Vec<u8>>,
    pub(crate) handshake: Option<HandshakeKind>,
}

pub(crate) fn config(
    server: &CertificateDer<'static>,
    alpn: &[&str],
    identity: Option<Identity>,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// One request over a connection of its own.
pub(crate) async fn get(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    path: &str,
) -> Result<Answer, Failure> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
    let (_, session) = stream.get_ref();
    let (protocol, handshake) = (session.alpn_protocol().map(<[u8]>::to_vec), session.handshake_kind());
    let is_h2 = protocol.as_deref() == Some(b"h2");
    let (headers, body) = request(stream, is_h2, path).await?;
    Ok(Answer { body, headers, protocol, handshake })
}

pub(crate) async fn request<I>(
    stream: I,
    is_h2: bool,
    path: &str,
) -> Result<(http::HeaderMap, String), Failure>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = http::Request::get(format!("https://localhost{path}"))
        .header("host", "localhost")
        .header("x-request-id", "of-the-clients-making")
        .body(Empty::<Bytes>::new())?;
    let io = TokioIo::new(stream);
    let response = if is_h2 {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    let headers = response.headers().clone();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((headers, String::from_utf8(body.to_vec())?))
}
