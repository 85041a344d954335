//! Against a server of the test's own: the way to it is the test's, not one that the product has.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Every name leads to one address; the judgement of addresses is the real one, or that of the test.
struct Local {
    address: SocketAddr,
    real_rules: bool,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Roads for Local {
    async fn resolve(&self, host: &str, _port: u16) -> std::io::Result<Vec<SocketAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        Ok(vec![self.address])
    }

    fn may_go(&self, address: IpAddr) -> bool {
        !self.real_rules || is_public(address)
    }
}

/// A server that gives every caller this answer, and keeps what it was asked.
async fn serve(answer: Vec<u8>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            requests.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, seen)
}

fn fetcher(address: SocketAddr, real_rules: bool) -> (IssuerFetcher, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let roads = Local { address, real_rules, asked: Arc::clone(&asked) };
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
        "https://pki.example/ca.cer",
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
    assert_eq!(fetcher.try_fetch("http://pki.example/ca.cer").await, Err(NotFetched::NotPublic));
    assert_eq!(
        (asked.lock().unwrap().len(), seen.lock().unwrap().len()),
        (1, 0),
        "resolved, and not connected to"
    );
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
    assert!(fetcher.hosts.contains("pki.infineon.com") && fetcher.hosts.contains("ftpm.amd.com"));
    assert!(fetcher.admit("http://pki.infineon.com/OptigaRsaMfrCA036/OptigaRsaMfrCA036.crt").is_ok());
}
