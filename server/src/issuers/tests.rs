//! Against a server of the test's own: the way to it is the test's, not one that the product has.

use std::sync::Mutex;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Every name leads to one address; the judgement of addresses is the real one, or that of the test.
struct Local {
    address: SocketAddr,
    real_rules: bool,
    roots: RootCertStore,
    /// Names, with the port that they were resolved for.
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Roads for Local {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        self.asked.lock().unwrap().push(format!("{host}:{port}"));
        Ok(vec![self.address])
    }

    fn may_go(&self, address: IpAddr) -> bool {
        !self.real_rules || is_public(address)
    }

    fn roots(&self) -> RootCertStore {
        self.roots.clone()
    }
}

/// A server that gives every caller this answer, and keeps what it was asked.
async fn serve(answer: Vec<u8>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer_with(stream, &answer, &requests).await;
        }
    });
    (address, seen)
}

async fn answer_with<S>(mut stream: S, answer: &[u8], requests: &Mutex<Vec<String>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = vec![0; 4096];
    let read = stream.read(&mut request).await.unwrap_or_default();
    requests.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

/// As [`serve`], by HTTPS, with a certificate for this name; and whom to trust for it.
async fn serve_securely(name: &str, answer: Vec<u8>) -> (SocketAddr, RootCertStore) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer_with(stream, &answer, &Mutex::default()).await;
            }
        }
    });
    (address, roots)
}

fn fetcher(address: SocketAddr, real_rules: bool) -> (IssuerFetcher, Arc<Mutex<Vec<String>>>) {
    trusting(RootCertStore::empty(), address, real_rules)
}

fn trusting(
    roots: RootCertStore,
    address: SocketAddr,
    real_rules: bool,
) -> (IssuerFetcher, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let roads = Local { address, real_rules, roots, asked: Arc::clone(&asked) };
    (IssuerFetcher::with(BTreeSet::from(["pki.example".to_owned()]), Arc::new(roads)), asked)
}

fn ok(body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

#[tokio::test]
async fn a_certificate_is_fetched_from_a_known_host() {
    let (address, seen) = serve(ok(b"certificate")).await;
    let (fetcher, _) = fetcher(address, false);
    assert_eq!(fetcher.fetch("http://PKI.example/ca/1.cer?x=y").await, Some(b"certificate".to_vec()));
    let request = seen.lock().unwrap()[0].clone();
    assert!(request.starts_with("GET /ca/1.cer?x=y HTTP/1.1\r\nhost: pki.example\r\n"), "{request}");
}

#[tokio::test]
async fn nothing_but_known_hosts_at_their_usual_port_is_asked() {
    let (address, seen) = serve(ok(b"certificate")).await;
    let (fetcher, asked) = fetcher(address, false);
    for url in [
        "http://other.example/ca.cer",
        "http://pki.example.other.example/ca.cer",
        "http://pki.example@other.example/ca.cer",
        "http://other.example@pki.example/ca.cer",
        "http://pki.example:22/ca.cer",
        "http://127.0.0.1/ca.cer",
        "http://[::1]/ca.cer",
        "https://other.example/ca.cer",
        "https://pki.example:80/ca.cer",
        "http://pki.example:443/ca.cer",
        "ldap://pki.example/ca.cer",
        "file:///etc/passwd",
        "/ca.cer",
        "",
    ] {
        assert_eq!(fetcher.try_fetch(url).await, Err(NotFetched::NotAsked), "{url}");
    }
    assert!(asked.lock().unwrap().is_empty() && seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_known_name_that_leads_inside_is_not_followed() {
    let (address, seen) = serve(ok(b"certificate")).await;
    let (fetcher, asked) = fetcher(address, true);
    for url in ["http://pki.example/ca.cer", "https://pki.example/ca.cer"] {
        assert_eq!(fetcher.try_fetch(url).await, Err(NotFetched::NotPublic), "{url}");
    }
    assert_eq!(*asked.lock().unwrap(), ["pki.example:80", "pki.example:443"]);
    assert!(seen.lock().unwrap().is_empty(), "resolved, and not connected to");
}

#[tokio::test]
async fn a_maker_that_publishes_by_https_alone_is_asked_so() {
    let (address, roots) = serve_securely("pki.example", ok(b"certificate")).await;
    let (known, asked) = trusting(roots, address, false);
    assert_eq!(known.fetch("https://pki.example/ca.cer").await, Some(b"certificate".to_vec()));
    assert_eq!(*asked.lock().unwrap(), ["pki.example:443"]);

    let (stranger, _) = trusting(serve_securely("pki.example", Vec::new()).await.1, address, false);
    let refused = stranger.try_fetch("https://pki.example/ca.cer").await;
    assert!(matches!(refused, Err(NotFetched::Broken(_))), "nobody vouches for it: {refused:?}");
    let (nobody, _) = fetcher(address, false);
    assert_eq!(nobody.try_fetch("https://pki.example/ca.cer").await, Err(NotFetched::NoRoots));

    let (address, roots) = serve_securely("other.example", ok(b"certificate")).await;
    let refused = trusting(roots, address, false).0.try_fetch("https://pki.example/ca.cer").await;
    assert!(matches!(refused, Err(NotFetched::Broken(_))), "another host's certificate: {refused:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let answer =
        b"HTTP/1.1 302 Found\r\nLocation: http://pki.example/other\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (address, seen) = serve(answer).await;
    let (fetcher, _) = fetcher(address, false);
    assert_eq!(fetcher.try_fetch("http://pki.example/ca.cer").await, Err(NotFetched::Status(302)));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn answers_end_at_64_kib_whatever_they_say() {
    let long = vec![b'x'; MAX_ANSWER + 1];
    let mut unsized_answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    unsized_answer.extend_from_slice(&long);
    for answer in [ok(&long), unsized_answer] {
        let (address, _) = serve(answer).await;
        let (fetcher, _) = fetcher(address, false);
        assert_eq!(fetcher.try_fetch("http://pki.example/ca.cer").await, Err(NotFetched::TooLong));
    }
    let (address, _) = serve(ok(&vec![b'x'; MAX_ANSWER])).await;
    assert_eq!(
        fetcher(address, false).0.fetch("http://pki.example/ca.cer").await.map(|body| body.len()),
        Some(MAX_ANSWER)
    );
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_left_after_five_seconds() {
    // It takes connections and says nothing.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (fetcher, _) = fetcher(listener.local_addr().unwrap(), false);
    let started = tokio::time::Instant::now();
    assert_eq!(fetcher.try_fetch("http://pki.example/ca.cer").await, Err(NotFetched::TimedOut));
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[test]
fn the_known_makers_are_asked() {
    let fetcher = IssuerFetcher::of_known_makers();
    for url in [
        "http://pki.infineon.com/OptigaRsaMfrCA036/OptigaRsaMfrCA036.crt",
        "https://www.nuvoton.com/security/NTC-TPM-EK-Cert/Nuvoton%20TPM%20Root%20CA%201111.cer",
        "http://ftpm.amd.com/pki/aia/CA",
    ] {
        assert!(Place::of(url).is_some_and(|place| fetcher.hosts.contains(&place.host)), "{url}");
    }
}
