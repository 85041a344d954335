use std::sync::Arc;

use gatehouse_domain::authz::Principal;
use gatehouse_domain::identity::{PresentedCertificate, RequestFacts};
use gatehouse_domain::{Failure, Services};
use gatehouse_model::clean_label;
use tonic::{Request, Status};

use super::refusals::Refusals;
use super::status;
use crate::connection_info::{Channel, ConnectionInfo};
use crate::request_id::RequestId;

/// The method of a request, as its path names it.
#[derive(Clone, Debug)]
pub(super) struct Method(Arc<str>);

impl Method {
    pub(super) fn of_path(path: &str) -> Self {
        Self(clean_label(path.trim_start_matches('/')).into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a call came from; good for as many principals as a stream has messages.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    connection: ConnectionInfo,
    request_id: String,
    user_agent: String,
    method: String,
    refusals: Refusals,
}

impl Caller {
    /// Reads what the layers below have noted.
    pub(super) fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let user_agent = request.metadata().get("user-agent").and_then(|name| name.to_str().ok());
        Self::read(request.extensions(), user_agent)
            .ok_or_else(|| Status::internal("the connection is unknown"))
    }

    /// As [`Caller::of`], of a call that is not read yet; `None` where the connection is unknown.
    pub(super) fn read(extensions: &http::Extensions, user_agent: Option<&str>) -> Option<Self> {
        let connection = extensions.get::<ConnectionInfo>().cloned()?;
        let request_id = extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default();
        let method = extensions.get::<Method>().map(|method| method.0.to_string()).unwrap_or_default();
        let refusals = extensions.get::<Refusals>().cloned().unwrap_or_default();
        let user_agent = clean_label(user_agent.unwrap_or_default());
        Some(Self { connection, request_id, user_agent, method, refusals })
    }

    pub(super) fn facts(&self) -> RequestFacts {
        RequestFacts {
            request_id: self.request_id.clone(),
            remote_address: self
                .connection
                .channel
                .remote()
                .map(|remote| remote.to_string())
                .unwrap_or_default(),
            user_agent: self.user_agent.clone(),
        }
    }

    /// Who calls, at this moment: expiry, locks and ended sessions count from one message to the next.
    pub(super) async fn principal(&self, services: &Services) -> Result<Principal, Status> {
        let principal = self.find(services).await?;
        self.refusals.by(principal.attribution());
        Ok(principal)
    }

    async fn find(&self, services: &Services) -> Result<Principal, Status> {
        match (self.connection.channel, &self.connection.peer) {
            (Channel::AdminSocket { uid }, _) => {
                let principal = services.identity.host_admin(uid, self.facts());
                let noted = services.audit.note_host_admin(&principal.attribution(), &self.method).await;
                noted.map_err(|error| self.status(error))?;
                Ok(principal)
            }
            (Channel::Grpc { .. }, Some(peer)) => {
                let certificate = PresentedCertificate {
                    user: peer.user.clone(),
                    session_id: peer.session_id.clone(),
                    device: peer.device.clone(),
                    not_after: peer.not_after,
                    public_key_der: peer.spki_der.clone(),
                };
                let found = services.identity.by_certificate(&certificate, self.facts()).await;
                found.map_err(|error| self.status(error))
            }
            // No certificate is nobody, whatever cookies come along.
            (Channel::Grpc { .. } | Channel::Browser { .. }, _) => {
                Ok(services.identity.anonymous(self.facts()))
            }
        }
    }

    /// The wire's form of a failure, logged once where it is our fault.
    pub(super) fn status(&self, failure: impl Into<Failure>) -> Status {
        let failure = failure.into();
        self.refusals.add(&self.method, &failure);
        status::of(&failure, &self.request_id)
    }

    /// Whether something of the call was refused already.
    pub(super) fn has_refused(&self) -> bool {
        self.refusals.is_any()
    }

    /// Writes down what was refused: for streams, which go on after their method has answered.
    pub(super) async fn note_refused(&self, services: &Services) {
        self.refusals.write(services).await;
    }
}
