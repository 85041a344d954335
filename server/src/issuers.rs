//! Certificates of CAs from where TPM makers publish them: the only thing that a server fetches, and only if the policy lets
//! it (`device_trust.ekcert_fetch_cas`).
//!
//! URLs stand in certificates that anybody can make. So only hosts that the list of known CAs names are asked, at their
//! usual ports; no redirect is followed; names are resolved first, and the connection goes to an address that was looked at
//! and is public; 64 KiB and five seconds are the end. What is fetched proves itself; where makers publish it by HTTPS alone,
//! the system's roots vouch for the host.

mod addresses;
mod exchange;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gatehouse_attestation::KnownCas;
use gatehouse_domain::ports::Issuers;
use gatehouse_model::clean_label;
use http::Uri;
use rustls::RootCertStore;
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
    /// Who vouches for hosts that are asked by HTTPS.
    fn roots(&self) -> RootCertStore;
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

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    }
}

/// Where a URL leads to.
struct Place {
    uri: Uri,
    host: String,
    port: u16,
    is_https: bool,
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
    #[error(
        "this machine has no list of trusted certificate authorities: install the package ca-certificates"
    )]
    NoRoots,
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
        let place = Place::of(url).filter(|place| self.hosts.contains(&place.host));
        let place = place.ok_or(NotFetched::NotAsked)?;
        let _slot = self.slots.try_acquire().map_err(|_| NotFetched::Busy)?;
        let fetched = tokio::time::timeout(PATIENCE, self.ask(&place)).await;
        fetched.map_err(|_| NotFetched::TimedOut)?
    }

    async fn ask(&self, place: &Place) -> Result<Vec<u8>, NotFetched> {
        let Place { uri, host, port, is_https } = place;
        let addresses = self.roads.resolve(host, *port).await.map_err(|_| NotFetched::NoAddress)?;
        // A name of which one address leads inside is not asked at its others either.
        if !addresses.iter().all(|address| self.roads.may_go(address.ip())) {
            return Err(NotFetched::NotPublic);
        }
        let address = addresses.first().ok_or(NotFetched::NoAddress)?;
        let stream = TcpStream::connect(address).await.map_err(|error| NotFetched::broken(&error))?;
        if *is_https {
            let stream = exchange::secured(stream, host, self.roads.roots()).await?;
            exchange::get(stream, host, uri).await
        } else {
            exchange::get(stream, host, uri).await
        }
    }
}

impl NotFetched {
    fn broken(error: &dyn std::fmt::Display) -> Self {
        Self::Broken(clean_label(&error.to_string()))
    }
}

impl Place {
    /// Of a URL without a user, at its scheme's own port.
    fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let (port, is_https) = match uri.scheme_str()? {
            "http" => (80, false),
            "https" => (443, true),
            _ => return None,
        };
        let host = uri.host()?.to_ascii_lowercase();
        let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        let is_usual = uri.port_u16().is_none_or(|named| named == port);
        (is_plain && is_usual).then_some(Self { uri, host, port, is_https })
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
