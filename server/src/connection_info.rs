use std::net::SocketAddr;
use std::sync::Arc;

use crate::peer_certificate::PeerCertificate;
use crate::tls;

/// How a request came in; an extension of every request.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    pub channel: Channel,
    /// The certificate that a gRPC client presented; its chain and validity held when it connected.
    pub peer: Option<Arc<PeerCertificate>>,
}

/// By which way a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Browser {
        remote: SocketAddr,
    },
    Grpc {
        remote: SocketAddr,
    },
    /// The Unix socket of the host's admin, with the user id of the process at its other end.
    AdminSocket {
        uid: u32,
    },
}

impl Channel {
    pub(crate) fn of_tls(channel: tls::Channel, remote: SocketAddr) -> Self {
        match channel {
            tls::Channel::Browser => Self::Browser { remote },
            tls::Channel::Grpc => Self::Grpc { remote },
        }
    }

    /// `browser`, `grpc` or `admin-socket`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser { .. } => "browser",
            Self::Grpc { .. } => "grpc",
            Self::AdminSocket { .. } => "admin-socket",
        }
    }

    /// The client's address; none on the Unix socket.
    #[must_use]
    pub const fn remote(self) -> Option<SocketAddr> {
        match self {
            Self::Browser { remote } | Self::Grpc { remote } => Some(remote),
            Self::AdminSocket { .. } => None,
        }
    }
}
