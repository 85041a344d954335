//! One question and its answer, over a connection that is there.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{MAX_ANSWER, NotFetched};

/// Speaks TLS with a host for whose name these roots vouch.
pub(super) async fn secured(
    stream: TcpStream,
    host: &str,
    roots: RootCertStore,
) -> Result<TlsStream<TcpStream>, NotFetched> {
    if roots.is_empty() {
        return Err(NotFetched::NoRoots);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| NotFetched::broken(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| NotFetched::broken(&error))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    connected.map_err(|error| NotFetched::broken(&error))
}

/// What the host answers, if it is a file that is not too long.
pub(super) async fn get<S>(stream: S, host: &str, uri: &Uri) -> Result<Vec<u8>, NotFetched>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| NotFetched::broken(&error))?;
    let connection = AbortOnDrop(tokio::spawn(async move {
        // What goes wrong in it comes out at the sender.
        let _ = connection.await;
    }));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, "gatehouse")
        .header(ACCEPT, "application/pkix-cert, application/pkcs7-mime, */*")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| NotFetched::broken(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| NotFetched::broken(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(NotFetched::Status(answer.status().as_u16()));
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            NotFetched::TooLong
        } else {
            NotFetched::broken(&error)
        }
    })?;
    drop(connection);
    Ok(body.to_bytes().to_vec())
}

/// Ends a task with whoever waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
