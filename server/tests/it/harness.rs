use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::routing::get;
use gatehouse_domain::ports::{CertificateAuthority as _, CertificateRequest, Clock as _};
use gatehouse_server::ca::UserCa;
use gatehouse_server::config::Config;
use gatehouse_server::connection_info::ConnectionInfo;
use gatehouse_server::environment::SystemClock;
use gatehouse_server::foundation::Foundation;
use gatehouse_server::{compose, listener, request_id};
use rcgen::PublicKeyData as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server in this process, with a data directory of its own.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) user_ca: Arc<UserCa>,
    /// The certificate by which clients know it.
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) stop: CancellationToken,
    /// Lets `/held` answer.
    pub(crate) release: Arc<Notify>,
    /// Tells that `/held` was asked.
    pub(crate) asked: Arc<Notify>,
    pub(crate) task: JoinHandle<()>,
}

pub(crate) async fn start() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { listen_addr: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
    let mut foundation = Foundation::lay(config, Some(folder.path().join("data"))).await.unwrap();
    let pem = std::fs::read(foundation.data_dir.tls().join("cert.pem")).unwrap();
    let certificate = CertificateDer::from_pem_slice(&pem).unwrap();
    let user_ca = Arc::clone(&foundation.user_ca);

    let (release, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let probe = |channel: &'static str| {
        move |Extension(info): Extension<ConnectionInfo>| async move {
            let peer = info.peer.map_or("nobody".to_owned(), |peer| peer.user.clone());
            format!("{channel} router, {} channel, {peer}", info.channel.as_str())
        }
    };
    let held = {
        let (release, asked) = (Arc::clone(&release), Arc::clone(&asked));
        move || async move {
            asked.notify_one();
            release.notified().await;
            "released"
        }
    };
    let browser = axum::Router::new()
        .route("/probe", get(probe("browser")))
        .route("/signup/{token}", get(|| async { "" }))
        .route("/held", get(held));
    let listener = foundation.bind().await.unwrap();
    let address = listener.local_addr().unwrap();
    let composed = compose::compose(&foundation).await.unwrap();
    let services = listener::Services {
        browser: request_id::assign(browser, Arc::clone(&foundation.clock), Arc::clone(&foundation.random)),
        grpc: composed.routers.grpc.route("/probe", get(probe("grpc"))),
    };
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        listener.serve(services, stopped).await;
        drop(foundation);
    });
    Server { address, folder, user_ca, certificate, stop, release, asked, task }
}

/// A certificate of alice's and its key; `ends_in` seconds from now.
pub(crate) fn user_certificate(
    ca: &UserCa,
    ends_in: i64,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let now = SystemClock.now();
    let issued = ca
        .issue(&CertificateRequest {
            user: "alice".into(),
            roles: vec!["access".into()],
            logins: vec![],
            session_id: "s".into(),
            tls_public_key_der: key.subject_public_key_info(),
            ssh_public_key: None,
            not_before: now.plus_secs(ends_in - 3600),
            not_after: now.plus_secs(ends_in),
            device: None,
        })
        .unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    (CertificateDer::from(issued.x509_der), key)
}
