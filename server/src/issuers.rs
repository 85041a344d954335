//! Certificates of CAs from where TPM makers publish them: the only thing that a server fetches, and only if the policy lets
//! it (`device_trust.ekcert_fetch_cas`).
//!
//! URLs stand in certificates that anybody can make. So only hosts that the list of known CAs names are asked, at their
//! usual ports; no redirect is followed; names are resolved first, and the connection goes to an address that was looked at
//! and is public; 64 KiB and five seconds are the end.

mod addresses;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gatehouse_attestation::KnownCas;
use gatehouse_domain::ports::Issuers;
use gatehouse_model::clean_label;
use http::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use addresses::is_public;

/// Most bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024;
/// For all of it: name, connection, answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Fetches at once; who comes later goes without.
const AT_ONCE: usize = 8;

/// The way to a host: its addresses, and which of them may be connected to.
#[async_trait]
trait Roads: Send + Sync {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>>;
    fn may_go(&self, address: IpAddr) -> bool;
}

/// What the system resolves, as far as it is public.
struct Internet;

#[async_trait]
impl Roads for Internet {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }

    fn may_go(&self, address: IpAddr) -> bool {
        is_public(address)
    }
}

/// Fetches the certificates of known TPM makers' CAs.
pub struct IssuerFetcher {
    hosts: BTreeSet<String>,
    roads: Arc<dyn Roads>,
    slots: Semaphore,
}

/// Why nothing was fetched; for the log of the server's admin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotFetched {
    #[error("it is not a URL of a known TPM maker, at the usual port")]
    NotAsked,
    #[error("too many are under way")]
    Busy,
    #[error("the name cannot be resolved")]
    NoAddress,
    #[error("the name leads to an address that is not public")]
    NotPublic,
    #[error("no answer in time")]
    TimedOut,
    #[error("the answer has status {0}")]
    Status(u16),
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    #[error("{0}")]
    Broken(String),
}

impl IssuerFetcher {
    /// Asks the hosts that the known CAs of this release are published at.
    #[must_use]
    pub fn of_known_makers() -> Self {
        let urls = KnownCas::of_this_release().iter().filter_map(|known| known.url);
        let host = |url: &str| url.parse::<Uri>().ok()?.host().map(str::to_ascii_lowercase);
        Self::with(urls.filter_map(host).collect(), Arc::new(Internet))
    }

    fn with(hosts: BTreeSet<String>, roads: Arc<dyn Roads>) -> Self {
        Self { hosts, roads, slots: Semaphore::new(AT_ONCE) }
    }

    async fn try_fetch(&self, url: &str) -> Result<Vec<u8>, NotFetched> {
        let (uri, host) = self.admit(url)?;
        let _slot = self.slots.try_acquire().map_err(|_| NotFetched::Busy)?;
        let fetched = tokio::time::timeout(PATIENCE, self.ask(&uri, &host)).await;
        fetched.map_err(|_| NotFetched::TimedOut)?
    }

    /// Only plain HTTP: what is fetched proves itself, and makers publish it so.
    fn admit(&self, url: &str) -> Result<(Uri, String), NotFetched> {
        let uri: Uri = url.parse().map_err(|_| NotFetched::NotAsked)?;
        let host = uri.host().map(str::to_ascii_lowercase).ok_or(NotFetched::NotAsked)?;
        let plain_authority = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        let usual_port = uri.port_u16().is_none_or(|port| port == 80);
        let asked =
            uri.scheme_str() == Some("http") && plain_authority && usual_port && self.hosts.contains(&host);
        if asked { Ok((uri, host)) } else { Err(NotFetched::NotAsked) }
    }

    async fn ask(&self, uri: &Uri, host: &str) -> Result<Vec<u8>, NotFetched> {
        let addresses = self.roads.resolve(host, 80).await.map_err(|_| NotFetched::NoAddress)?;
        // A name of which one address leads inside is not asked at its others either.
        if !addresses.iter().all(|address| self.roads.may_go(address.ip())) {
            return Err(NotFetched::NotPublic);
        }
        let address = addresses.first().ok_or(NotFetched::NoAddress)?;
        let broken = |error: &dyn std::fmt::Display| NotFetched::Broken(clean_label(&error.to_string()));
        let stream = TcpStream::connect(address).await.map_err(|error| broken(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
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
            .map_err(|error| broken(&error))?;
        let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(NotFetched::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() { NotFetched::TooLong } else { broken(&error) }
        })?;
        drop(connection);
        Ok(body.to_bytes().to_vec())
    }
}

/// Ends a task with whoever waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[async_trait]
impl Issuers for IssuerFetcher {
    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        match self.try_fetch(url).await {
            Ok(bytes) => {
                tracing::info!(url = %clean_label(url), bytes = bytes.len(), "fetched a CA of EK certificates");
                Some(bytes)
            }
            Err(error) => {
                tracing::warn!(url = %clean_label(url), %error, "a CA of EK certificates is not fetched");
                None
            }
        }
    }
}
