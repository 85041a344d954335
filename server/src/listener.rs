//! The one port and the admin's Unix socket: accepts connections, tells browsers from gRPC clients, serves HTTP.

mod activity;
mod addresses;
mod admin_socket;
mod connection;
mod limits;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::data_dir::DataDir;
use crate::tls::ServerConfigs;
use addresses::Addresses;
use admin_socket::AdminSocket;

/// How long requests in flight may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}")]
    Tcp { address: SocketAddr, source: io::Error },
    #[error("cannot listen on the Unix socket {}", path.display())]
    Unix { path: PathBuf, source: io::Error },
}

impl ListenError {
    /// The way out, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tcp { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => {
                    Some("another program listens there: stop it, or choose another address with --listen")
                }
                io::ErrorKind::PermissionDenied => Some("ports below 1024 need root: choose a higher one"),
                _ => None,
            },
            Self::Unix { source, .. } if source.kind() == io::ErrorKind::InvalidInput => Some(
                "the path of a Unix socket has at most 107 bytes: choose a data directory with a shorter path",
            ),
            Self::Unix { .. } => None,
        }
    }
}

/// What is served: one router for browsers, one for gRPC (also on the Unix socket).
#[derive(Clone)]
pub struct Services {
    pub browser: Router,
    pub grpc: Router,
}

/// Bound, but not accepting yet; clients that connect now wait.
pub struct Listener {
    tcp: TcpListener,
    tls: ServerConfigs,
    admin: AdminSocket,
    slots: Arc<Semaphore>,
}

impl Listener {
    /// Binds the port and the Unix socket of the data directory.
    ///
    /// # Errors
    /// An address in use or out of reach.
    pub async fn bind(
        address: SocketAddr,
        tls: ServerConfigs,
        data_dir: &DataDir,
    ) -> Result<Self, ListenError> {
        let tcp = TcpListener::bind(address).await.map_err(|source| ListenError::Tcp { address, source })?;
        let path = data_dir.admin_socket();
        let admin = AdminSocket::bind(&path).map_err(|source| ListenError::Unix { path, source })?;
        let slots = Arc::new(Semaphore::new(limits::max_connections()));
        Ok(Self { tcp, tls, admin, slots })
    }

    /// The address that is listened on; tells the port if any was asked for.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until `stop`, then finishes what is in flight, for at most ten seconds.
    pub async fn serve(self, services: Services, stop: CancellationToken) {
        let kill = CancellationToken::new();
        let context = Context { services, stop: stop.clone(), kill: kill.clone() };
        let tasks = TaskTracker::new();
        let accept_tls = accept_tls(&self.tcp, &self.tls, &self.slots, &context, &tasks);
        let accept_admin = self.admin.accept(&context, &tasks);
        tokio::select! {
            () = stop.cancelled() => {}
            () = async { tokio::join!(accept_tls, accept_admin); } => {}
        }
        // New clients are refused from here on.
        drop((self.tcp, self.admin));
        tasks.close();
        if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "requests are cut off: they took too long to finish");
            kill.cancel();
            tasks.wait().await;
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Context {
    services: Services,
    /// No new requests.
    stop: CancellationToken,
    /// No requests at all.
    kill: CancellationToken,
}

async fn accept_tls(
    listener: &TcpListener,
    tls: &ServerConfigs,
    slots: &Arc<Semaphore>,
    context: &Context,
    tasks: &TaskTracker,
) {
    let addresses = Addresses::default();
    loop {
        // At the cap, clients wait in the backlog.
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else { return };
        let (stream, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let Some(place) = addresses.take(remote.ip().to_canonical()) else {
            tracing::debug!(%remote, "refused a connection: the address has too many");
            continue;
        };
        let (tls, context) = (tls.clone(), context.clone());
        tasks.spawn(async move {
            connection::serve_tls(stream, remote, &tls, &context).await;
            drop((slot, place));
        });
    }
}

/// A client that is gone before it is accepted is nothing; anything else, such as too many open files, must not
/// become a busy loop.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        tracing::warn!(%error, "cannot accept a connection");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
