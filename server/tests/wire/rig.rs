//! A real server in this process: TLS, Unix socket, SQLite, and a clock that the test sets.

mod browser;
mod clock;
mod connection;
mod inventory;
mod mac;
mod machine;
mod people;
mod refusal;
mod streams;
mod web;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatehouse_domain::ports::{Clock as _, Issuers, Store};
use gatehouse_model::resource::{DeviceTrustSpec, PreferenceSpec};
use gatehouse_model::{DeviceTrustMode, SecondFactor, Timestamp};
use gatehouse_server::ca::UserCa;
use gatehouse_server::config::Config;
use gatehouse_server::environment::SystemClock;
use gatehouse_server::foundation::Foundation;
use gatehouse_server::grpc::{self, Gateway, ServerFacts, StreamLimits};
use gatehouse_server::{compose, listener, request_id};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use browser::{Browser, FIREFOX, Link, Page, confirm_path};
pub(crate) use clock::FakeClock;
pub(crate) use connection::{Connection, Target, plain_h2};
pub(crate) use inventory::device;
pub(crate) use mac::Mac;
pub(crate) use machine::Machine;
pub(crate) use people::{PASSWORD, Person, ssh_line};
pub(crate) use refusal::{hint_of, refused};
pub(crate) use streams::{Authenticating, Enrolling};

/// How far behind the real clock the server's begins, so that a test can move it and certificates issued later
/// still hold in TLS, which knows the real clock alone.
const BEHIND_SECS: i64 = 6 * 3600;

pub(crate) struct Rig {
    pub(crate) target: Target,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) services: Arc<gatehouse_domain::Services>,
    pub(crate) user_ca: Arc<UserCa>,
    /// The host's admin, on the Unix socket.
    pub(crate) admin: Connection,
    pub(crate) first_admin_url: Option<String>,
    pub(crate) data: PathBuf,
    _stop: DropGuard,
    _folder: tempfile::TempDir,
}

/// A preference without second factor.
pub(crate) fn mode(mode: DeviceTrustMode) -> PreferenceSpec {
    PreferenceSpec {
        second_factor: Some(SecondFactor::Off),
        device_trust: DeviceTrustSpec { mode: Some(mode), ..DeviceTrustSpec::default() },
    }
}

impl Rig {
    /// Mode `optional`, passwords alone.
    pub(crate) async fn start() -> Self {
        Self::with(mode(DeviceTrustMode::Optional)).await
    }

    pub(crate) async fn with(preference: PreferenceSpec) -> Self {
        Self::with_limits(preference, StreamLimits::default()).await
    }

    pub(crate) async fn with_limits(preference: PreferenceSpec, limits: StreamLimits) -> Self {
        Self::whole(preference, limits, None).await
    }

    /// Missing CAs are fetched from what the test holds.
    pub(crate) async fn with_issuers(issuers: Arc<dyn Issuers>) -> Self {
        Self::whole(mode(DeviceTrustMode::Optional), StreamLimits::default(), Some(issuers)).await
    }

    async fn whole(
        preference: PreferenceSpec,
        limits: StreamLimits,
        issuers: Option<Arc<dyn Issuers>>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let listen_addr: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let config = Config { listen_addr, preference, ..Config::default() };
        let mut foundation = Foundation::lay(config, Some(data.clone())).await.unwrap();
        let clock = Arc::new(FakeClock::at(SystemClock.now().plus_secs(-BEHIND_SECS)));
        foundation.clock = clock.clone();
        if let Some(issuers) = issuers {
            foundation.issuers = issuers;
        }
        let listener = foundation.bind().await.unwrap();
        let address = listener.local_addr().unwrap();
        let composed = compose::compose(&foundation).await.unwrap();
        let services_of_domain = Arc::clone(&composed.services);
        let gateway = Gateway { services: composed.services, facts: Arc::new(facts(&foundation)), limits };
        let router = grpc::router(&gateway).await.unwrap();
        let services = listener::Services {
            browser: composed.routers.browser,
            grpc: request_id::assign(router, Arc::clone(&foundation.clock), Arc::clone(&foundation.random)),
        };
        let stop = CancellationToken::new();
        let (store, user_ca) = (Arc::clone(&foundation.store), Arc::clone(&foundation.user_ca));
        let stopped = stop.clone();
        tokio::spawn(async move {
            listener.serve(services, stopped).await;
            drop(foundation);
        });
        Self {
            target: Target { address, certificate: server_certificate(&data) },
            clock,
            store,
            services: services_of_domain,
            user_ca,
            admin: Connection::unix(&data.join("admin.sock")).await,
            first_admin_url: composed.first_admin_url,
            data,
            _stop: stop.drop_guard(),
            _folder: folder,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Somebody without certificate.
    pub(crate) async fn stranger(&self) -> Connection {
        Connection::tls(&self.target, None).await.unwrap()
    }

    /// Replaces the dynamic preference: `spec` as JSON.
    pub(crate) async fn prefer(&self, spec: serde_json::Value) {
        let document = serde_json::json!({
            "kind": "cluster_auth_preference",
            "version": "v2",
            "metadata": {"name": "cluster-auth-preference"},
            "spec": spec,
        });
        self.create("cluster_auth_preference", &document).await;
    }
}

/// The certificate by which clients know the server.
pub(crate) fn server_certificate(data: &Path) -> CertificateDer<'static> {
    let pem = std::fs::read(data.join("tls/cert.pem")).unwrap();
    CertificateDer::from_pem_slice(&pem).unwrap()
}

fn facts(foundation: &Foundation) -> ServerFacts {
    ServerFacts {
        public_address: foundation.config.public_address().to_string(),
        started: foundation.clock.now(),
        tls_pin: foundation.certificate.pin().to_owned(),
        tls_not_after: foundation.certificate.not_after(),
        x509_user_ca_fingerprint: String::new(),
    }
}
