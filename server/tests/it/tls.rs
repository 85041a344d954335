use std::sync::Arc;

use gatehouse_domain::ports::{Clock as _, Random};
use gatehouse_server::ca::{self, UserCa};
use gatehouse_server::environment::{SystemClock, SystemRandom};
use gatehouse_server::secrets::{KeyFile, KeyFileSealer};
use rustls::HandshakeKind;
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::{config, get, request};
use crate::harness::{start, user_certificate};

#[tokio::test]
async fn the_offered_alpn_tells_browsers_from_grpc() {
    let server = start().await;
    let browser = "browser router, browser channel, nobody";
    let cases = [
        (&["h2"][..], "grpc router, grpc channel, nobody", Some("h2")),
        (&["h2", "http/1.1"], browser, Some("h2")),
        (&["http/1.1"], browser, Some("http/1.1")),
        (&[], browser, None),
    ];
    for (alpn, expected, protocol) in cases {
        let answer = get(server.address, &config(&server.certificate, alpn, None), "/probe").await.unwrap();
        assert_eq!(answer.body, expected, "{alpn:?}");
        assert_eq!(answer.protocol.as_deref(), protocol.map(str::as_bytes));
    }
}

#[tokio::test]
async fn what_was_not_negotiated_is_not_spoken() {
    let server = start().await;
    for alpn in [&["http/1.1"][..], &[], &["h2", "http/1.1"]] {
        let client = config(&server.certificate, alpn, None);
        let stream = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(client).connect(name, stream).await.unwrap();
        let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2".as_slice());
        let answer = request(stream, !is_h2, "/probe").await;
        assert!(answer.is_err(), "{alpn:?}: {answer:?}");
    }
}

#[tokio::test]
async fn only_grpc_clients_are_asked_for_a_certificate() {
    let server = start().await;
    let identity = || Some(user_certificate(&server.user_ca, 3600));
    let grpc = config(&server.certificate, &["h2"], identity());
    let answer = get(server.address, &grpc, "/probe").await.unwrap();
    assert_eq!(answer.body, "grpc router, grpc channel, alice");
    let browser = config(&server.certificate, &["h2", "http/1.1"], identity());
    let answer = get(server.address, &browser, "/probe").await.unwrap();
    assert_eq!(answer.body, "browser router, browser channel, nobody");
}

#[tokio::test]
async fn a_foreign_cas_certificate_is_refused() {
    let server = start().await;
    let folder = tempfile::tempdir().unwrap();
    let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
    let file = KeyFile::open(&folder.path().join("key"), None, &*random).unwrap();
    let sealer = KeyFileSealer::new(&file, Arc::clone(&random));
    // Same names, another key.
    let [x509, ssh] = ca::generate(&sealer, &*random, "1", "localhost", SystemClock.now()).unwrap();
    let foreign = UserCa::from_sealed(&sealer, random, &x509, &ssh).unwrap();
    let client = config(&server.certificate, &["h2"], Some(user_certificate(&foreign, 3600)));
    get(server.address, &client, "/probe").await.unwrap_err();
    // The server lives on.
    let client = config(&server.certificate, &["h2"], Some(user_certificate(&server.user_ca, 3600)));
    get(server.address, &client, "/probe").await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let server = start().await;
    let client = config(&server.certificate, &["h2"], Some(user_certificate(&server.user_ca, -1)));
    get(server.address, &client, "/probe").await.unwrap_err();
}

#[tokio::test]
async fn nothing_is_resumed_where_a_certificate_may_be_presented() {
    let server = start().await;
    let browser = config(&server.certificate, &["http/1.1"], None);
    let grpc = config(&server.certificate, &["h2"], Some(user_certificate(&server.user_ca, 3600)));
    let handshake = async |client| get(server.address, client, "/probe").await.unwrap().handshake;
    assert_eq!(handshake(&browser).await, Some(HandshakeKind::Full));
    // The answer came after the tickets, so the client has them.
    assert_eq!(handshake(&browser).await, Some(HandshakeKind::Resumed));
    for _ in 0..3 {
        assert_eq!(handshake(&grpc).await, Some(HandshakeKind::Full));
    }
}

#[tokio::test]
async fn a_session_of_a_browser_is_not_resumed_as_grpc() {
    let server = start().await;
    let browser = config(&server.certificate, &["http/1.1"], None);
    get(server.address, &browser, "/probe").await.unwrap();
    let mut grpc = (*browser).clone();
    grpc.alpn_protocols = vec![b"h2".to_vec()];
    let answer = get(server.address, &Arc::new(grpc), "/probe").await.unwrap();
    assert_eq!(answer.handshake, Some(HandshakeKind::Full));
    assert_eq!(answer.body, "grpc router, grpc channel, nobody");
}

#[tokio::test]
async fn what_is_not_tls_gets_nothing_and_harms_nobody() {
    let server = start().await;
    for rubbish in
        [&b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff], &[0; 70_000]]
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(rubbish).await;
        let _ = stream.shutdown().await;
    }
    let client = config(&server.certificate, &["h2"], None);
    get(server.address, &client, "/probe").await.unwrap();
}

#[tokio::test]
async fn an_unknown_protocol_is_refused() {
    let server = start().await;
    get(server.address, &config(&server.certificate, &["spdy/1"], None), "/probe").await.unwrap_err();
}
