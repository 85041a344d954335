//! Fetching a small public file, through the proxy that the environment names (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`).

use std::time::Duration;

use gatehouse_model::{ErrorKind, clean_label};
use http::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::{ClientError, Result};
use crate::tls::{ServerTrust, tls};

/// Longest answer of a proxy to the wish for a tunnel.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// What `url` (http or https) answers, if it is at most `limit` bytes and comes before `patience` ends. Redirects are not
/// followed.
///
/// # Errors
/// If there is no such file, nobody answers, or the answer is too long.
pub async fn download(url: &str, limit: usize, patience: Duration) -> Result<Vec<u8>> {
    let fetched = tokio::time::timeout(patience, fetch(url, limit)).await;
    fetched.map_err(|_| failed(url, &"no answer in time"))?
}

async fn fetch(url: &str, limit: usize) -> Result<Vec<u8>> {
    let wrong = |why: &dyn std::fmt::Display| failed(url, why);
    let uri: Uri = url.parse().map_err(|error| wrong(&error))?;
    let secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong(&"only http and https are fetched")),
    };
    let (host, port) =
        authority(&uri, if secure { 443 } else { 80 }).ok_or_else(|| wrong(&"it names no host"))?;
    let proxy = Matcher::from_env().intercept(&uri);
    let (to, at) = match &proxy {
        Some(proxy) => authority(proxy.uri(), 80).ok_or_else(|| wrong(&"the proxy has no address"))?,
        None => (host, port),
    };
    let mut stream = TcpStream::connect((to, at)).await.map_err(|error| wrong(&error))?;
    if !secure {
        return ask(url, stream, request(&uri, host, port, proxy.as_ref()).map_err(|e| wrong(&e))?, limit)
            .await;
    }
    if let Some(proxy) = &proxy {
        tunnel(&mut stream, host, port, proxy).await.map_err(|why| wrong(&why))?;
    }
    let mut config = (*tls(ServerTrust::SystemRoots, None)?.config).clone();
    config.alpn_protocols.clear();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
    let stream = TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| wrong(&error))?;
    ask(url, stream, request(&uri, host, port, None).map_err(|e| wrong(&e))?, limit).await
}

/// Host and port, without the brackets of IPv6.
fn authority(uri: &Uri, default: u16) -> Option<(&str, u16)> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((host, uri.port_u16().unwrap_or(default)))
}

/// To a proxy the whole address is said (RFC 9112 section 3.2.2), to the server itself only the path.
fn request(
    uri: &Uri,
    host: &str,
    port: u16,
    proxy: Option<&Intercept>,
) -> std::result::Result<Request<Empty<Bytes>>, http::Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let target = if proxy.is_some() { uri.to_string() } else { path.to_owned() };
    let named = if uri.port().is_some() { format!("{host}:{port}") } else { host.to_owned() };
    let mut request = Request::get(target).header(HOST, named).header(USER_AGENT, "gatehouse");
    if let Some(secret) = proxy.and_then(Intercept::basic_auth) {
        request = request.header(PROXY_AUTHORIZATION, secret);
    }
    request.body(Empty::new())
}

async fn ask<S>(url: &str, stream: S, request: Request<Empty<Bytes>>, limit: usize) -> Result<Vec<u8>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let wrong = |why: &dyn std::fmt::Display| failed(url, why);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| wrong(&error))?;
    // Ends with the sender; what goes wrong in it comes out there.
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| wrong(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(wrong(&format!("the answer was {}", answer.status())));
    }
    let body = Limited::new(answer.into_body(), limit).collect().await.map_err(|error| wrong(&error))?;
    connection.abort();
    Ok(body.to_bytes().to_vec())
}

/// A tunnel through a proxy (RFC 9110 section 9.3.6).
async fn tunnel(
    stream: &mut TcpStream,
    host: &str,
    port: u16,
    proxy: &Intercept,
) -> std::result::Result<(), String> {
    let secret = match proxy.basic_auth().map(HeaderValue::to_str) {
        Some(Ok(secret)) => format!("Proxy-Authorization: {secret}\r\n"),
        _ => String::new(),
    };
    let wish = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{secret}\r\n");
    stream.write_all(wish.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    // Byte by byte: what comes after the empty line is the server's.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= MAX_PROXY_ANSWER {
            return Err("the proxy does not come to an end".to_owned());
        }
        answer.push(stream.read_u8().await.map_err(|error| error.to_string())?);
    }
    let head = String::from_utf8_lossy(&answer);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status == "200" { Ok(()) } else { Err(format!("the proxy answered {}", clean_label(status))) }
}

fn failed(url: &str, why: &dyn std::fmt::Display) -> ClientError {
    let message = format!("cannot fetch {}: {}", clean_label(url), clean_label(&why.to_string()));
    ClientError::new(ErrorKind::Unavailable, "download", message)
}
