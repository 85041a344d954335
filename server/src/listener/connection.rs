use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service as _;

use super::Context;
use super::activity::Activity;
use super::limits::{MAX_HEADER_BYTES, MAX_HEADERS, MAX_STRANGER_STREAMS, MAX_STREAMS};
use crate::connection_info::{Channel, ConnectionInfo};
use crate::peer_certificate::PeerCertificate;
use crate::tls::{self, ServerConfigs};

/// For the whole handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// For the head of an HTTP/1 request, and between two.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// An HTTP/2 client that is silent for so long is asked whether it is there, …
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// … and has so long to answer.
const KEEPALIVE_TIME: Duration = Duration::from_secs(20);

/// Serves one TLS connection to its end.
pub(super) async fn serve_tls(stream: TcpStream, remote: SocketAddr, tls: &ServerConfigs, context: &Context) {
    // Ceremonies are small messages back and forth; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let handshake = tokio::select! {
        () = context.stop.cancelled() => return,
        handshake = tokio::time::timeout(HANDSHAKE_TIME, handshake(stream, tls)) => handshake,
    };
    let (channel, stream) = match handshake {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => return tracing::debug!(%remote, %error, "TLS handshake failed"),
        Err(_) => return tracing::debug!(%remote, "TLS handshake took too long"),
    };
    let peer = match peer_of(&stream) {
        Ok(peer) => peer,
        Err(error) => return tracing::warn!(%remote, %error, "refused a client certificate"),
    };
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2".as_slice());
    let info = ConnectionInfo { channel: Channel::of_tls(channel, remote), peer };
    serve_http(stream, is_h2, info, context).await;
}

/// Serves one connection on the admin's Unix socket to its end.
pub(super) async fn serve_unix(stream: UnixStream, uid: u32, context: &Context) {
    let info = ConnectionInfo { channel: Channel::AdminSocket { uid }, peer: None };
    serve_http(stream, true, info, context).await;
}

async fn handshake(
    stream: TcpStream,
    tls: &ServerConfigs,
) -> std::io::Result<(tls::Channel, TlsStream<TcpStream>)> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let (channel, config) = tls.choose(&start.client_hello());
    Ok((channel, start.into_stream(config).await?))
}

/// The certificate that the client presented; rustls has verified its chain.
fn peer_of(
    stream: &TlsStream<TcpStream>,
) -> Result<Option<Arc<PeerCertificate>>, crate::peer_certificate::PeerCertificateError> {
    let (_, session) = stream.get_ref();
    let leaf = session.peer_certificates().and_then(|chain| chain.first());
    leaf.map(|leaf| PeerCertificate::parse(leaf).map(Arc::new)).transpose()
}

/// Speaks HTTP/2 or HTTP/1.1, and only that.
async fn serve_http<I>(stream: I, is_h2: bool, info: ConnectionInfo, context: &Context)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let is_browser = matches!(info.channel, Channel::Browser { .. });
    let router: Router =
        if is_browser { context.services.browser.clone() } else { context.services.grpc.clone() };
    let (service_info, stop) = (info.clone(), context.stop.clone());
    let activity = Arc::new(Activity::new());
    let requests = Arc::clone(&activity);
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(service_info.clone());
        // Answers that would not end by themselves end with the server.
        request.extensions_mut().insert(stop.clone());
        let mut router = router.clone();
        let busy = requests.begin();
        async move {
            let response: Result<_, Infallible> = router.call(request.map(Body::new)).await;
            // Busy until the last of the answer is sent: it may be a stream.
            response.map(|response| {
                response.map(|body| {
                    Body::new(body.map_frame(move |frame| {
                        let _until_then = &busy;
                        frame
                    }))
                })
            })
        }
    });
    let is_stranger = info.peer.is_none() && matches!(info.channel, Channel::Grpc { .. });
    let builder = http(is_h2, if is_stranger { MAX_STRANGER_STREAMS } else { MAX_STREAMS });
    // Not `serve_connection_with_upgrades`, which speaks HTTP/1 even where HTTP/2 alone is asked for.
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = activity.idle() => {
            connection.as_mut().graceful_shutdown();
            // A client that has said nothing at all does not answer to that either.
            tokio::time::timeout(KEEPALIVE_TIME, connection.as_mut()).await.unwrap_or(Ok(()))
        }
        () = context.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = context.kill.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(channel = info.channel.as_str(), %error, "a connection broke");
    }
}

fn http(is_h2: bool, streams: u32) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIME)
        .max_concurrent_streams(streams)
        .max_header_list_size(MAX_HEADER_BYTES);
    if is_h2 { builder.http2_only() } else { builder.http1_only() }
}
