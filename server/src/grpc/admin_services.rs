use gatehouse_domain::Failure;
use gatehouse_domain::account::{NewLink, NewUser, SessionPage};
use gatehouse_domain::authz::Principal;
use gatehouse_domain::device::{TokenPage, TokenTerms};
use gatehouse_domain::entity::{AuditFilter, Device, EnrollToken, MAX_CHALLENGES, Session, TokenCursor};
use gatehouse_model::resource::{UserKind, UserSpec};
use gatehouse_model::{AttestationTier, ConfirmedBy, Timestamp};
use gatehouse_proto::convert::{read_timestamp, timestamp};
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::{Request, Response, Status};
use wire::audit_service_server::AuditService;
use wire::device_admin_service_server::DeviceAdminService;
use wire::session_service_server::SessionService;
use wire::status_service_server::StatusService;
use wire::user_service_server::UserService;

use super::caller::Caller;
use super::{Gateway, VERSION, paging, status};

type Answer<T> = Result<Response<T>, Status>;

/// Text that is absent if it is empty.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[tonic::async_trait]
impl UserService for Gateway {
    async fn invite_user(&self, request: Request<wire::InviteUserRequest>) -> Answer<wire::UserLink> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let kind = match message.kind.as_str() {
                "" | "human" => UserKind::Human,
                "bot" => UserKind::Bot,
                _ => return Err(status::invalid("invalid_user_kind", "a user is of kind human or bot")),
            };
            let new = NewUser {
                name: message.name,
                spec: UserSpec { kind, roles: message.roles, logins: message.logins },
            };
            let ttl = Some(message.ttl_seconds).filter(|secs| *secs > 0);
            let (user, link) = self.services.accounts.create(&principal.grant()?, new, ttl).await?;
            Ok::<_, Failure>(match link {
                Some(link) => self.user_link(&link),
                None => wire::UserLink { user: user.name, url: String::new(), expires: None },
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn reset_user(&self, request: Request<wire::ResetUserRequest>) -> Answer<wire::UserLink> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let ttl = Some(message.ttl_seconds).filter(|secs| *secs > 0);
            let link = self.services.accounts.reset(&principal.grant()?, &message.name, ttl).await?;
            Ok::<_, Failure>(self.user_link(&link))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

impl Gateway {
    fn user_link(&self, link: &NewLink) -> wire::UserLink {
        wire::UserLink {
            user: link.user.clone(),
            url: self.facts.url(&format!("/web/signup/{}", link.token.reveal())),
            expires: Some(timestamp(link.expires)),
        }
    }
}

#[tonic::async_trait]
impl DeviceAdminService for Gateway {
    async fn list_enroll_tokens(
        &self,
        request: Request<wire::ListEnrollTokensRequest>,
    ) -> Answer<wire::ListEnrollTokensResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let before: Option<TokenCursor> = paging::read(&message.page_token)?;
            let (grant, size) = (principal.grant()?, paging::size(message.page_size));
            let tokens = &self.services.tokens;
            let device = given(&message.device_id);
            let (page, next): TokenPage =
                tokens.list(&grant, device, message.include_ended, before.as_ref(), size).await?;
            Ok::<_, Failure>(wire::ListEnrollTokensResponse {
                next_page_token: paging::token(next.as_ref()),
                tokens: page
                    .into_iter()
                    .map(|(token, device)| {
                        let state = tokens.state(&token).as_str();
                        token_info(token, device, state)
                    })
                    .collect(),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn create_enroll_token(
        &self,
        request: Request<wire::CreateEnrollTokenRequest>,
    ) -> Answer<wire::CreateEnrollTokenResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let expires = message.expires.as_ref().map(read_timestamp).transpose();
            let expires = expires.map_err(|error| status::malformed(&error))?;
            let terms = TokenTerms { expires, note: message.note };
            let token = self.services.tokens.create(&principal.grant()?, &message.device_id, terms).await?;
            Ok::<_, Failure>(wire::CreateEnrollTokenResponse {
                id: token.id,
                token: token.token.reveal().to_string(),
                expires: Some(timestamp(token.expires)),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn revoke_enroll_token(&self, request: Request<wire::RevokeEnrollTokenRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            Ok::<_, Failure>(
                self.services.tokens.revoke(&principal.grant()?, &request.into_inner().id).await?,
            )
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn accept_counters(&self, request: Request<wire::AcceptCountersRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let id = request.into_inner().device_id;
            Ok::<_, Failure>(self.services.devices.accept_counters(&principal.grant()?, &id).await?)
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

fn token_info(token: EnrollToken, device: Device, state: &str) -> wire::EnrollTokenInfo {
    wire::EnrollTokenInfo {
        id: token.id,
        device_id: token.device_id,
        asset_tag: device.asset_tag.to_string(),
        os_type: device.os_type.as_str().to_owned(),
        created_by: token.created_by,
        created: Some(timestamp(token.created)),
        expires: Some(timestamp(token.expires)),
        attempts: i32::try_from(token.challenges).unwrap_or(i32::MAX),
        max_attempts: i32::try_from(MAX_CHALLENGES).unwrap_or(i32::MAX),
        state: state.to_owned(),
        purpose: token.purpose.as_str().to_owned(),
        bound_user: token.bound_user.unwrap_or_default(),
        note: token.note,
    }
}

#[tonic::async_trait]
impl SessionService for Gateway {
    async fn list_sessions(
        &self,
        request: Request<wire::ListSessionsRequest>,
    ) -> Answer<wire::ListSessionsResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let before: Option<(Timestamp, String)> = paging::read(&message.page_token)?;
            let (user, size) = (given(&message.user), paging::size(message.page_size));
            let page = self.services.sessions.list(&principal.grant()?, user, before.as_ref(), size).await?;
            Ok::<_, Failure>(session_page(page, &principal))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn end_session(&self, request: Request<wire::EndSessionRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            Ok::<_, Failure>(self.services.sessions.end(&principal.grant()?, &request.into_inner().id).await?)
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

/// A page of sessions, of which the caller may be in one.
pub(super) fn session_page((sessions, next): SessionPage, caller: &Principal) -> wire::ListSessionsResponse {
    let own = caller.signed_in().map(|user| user.session_id.as_str());
    wire::ListSessionsResponse {
        next_page_token: paging::token(next.as_ref()),
        sessions: sessions.into_iter().map(|session| session_info(session, own)).collect(),
    }
}

fn session_info(session: Session, own: Option<&str>) -> wire::SessionInfo {
    let device_tier = session.device.as_ref().and_then(|device| device.tier);
    let confirmed_by = session.device.as_ref().and_then(|device| device.confirmed_by);
    let device_since = session.device.as_ref().map(|device| timestamp(device.since));
    let (device_id, asset_tag) =
        session.device.map(|device| (device.device_id, device.asset_tag)).unwrap_or_default();
    wire::SessionInfo {
        current: own == Some(&session.id),
        id: session.id,
        user: session.user,
        kind: session.kind.as_str().to_owned(),
        created: Some(timestamp(session.created)),
        last_seen: Some(timestamp(session.last_seen)),
        expires: Some(timestamp(session.expires)),
        device_id,
        asset_tag,
        remote_address: session.remote_address,
        user_agent: session.user_agent,
        device_tier: device_tier.map_or("", AttestationTier::as_str).to_owned(),
        device_since,
        device_confirmed_by: confirmed_by.map_or("", ConfirmedBy::as_str).to_owned(),
    }
}

#[tonic::async_trait]
impl AuditService for Gateway {
    async fn list_events(
        &self,
        request: Request<wire::ListEventsRequest>,
    ) -> Answer<wire::ListEventsResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let filter = AuditFilter {
                event: given(&message.event_type).map(str::to_owned),
                user: given(&message.user).map(str::to_owned),
                device_id: given(&message.device_id).map(str::to_owned),
                before: paging::read(&message.page_token)?,
                ..AuditFilter::default()
            };
            let size = paging::size(message.page_size);
            let events = self.services.audit.list(&principal.grant()?, &filter, size).await?;
            let full = i64::try_from(events.len()).is_ok_and(|len| len == size);
            let next = events.last().filter(|_| full).map(|last| last.sequence);
            let json = |stored: gatehouse_domain::entity::StoredEvent| serde_json::to_string(&stored.event);
            let events: Result<Vec<_>, _> = events.into_iter().map(json).collect();
            let events =
                events.map_err(|_| status::invalid("event_unreadable", "an event cannot be written"))?;
            Ok::<_, Failure>(wire::ListEventsResponse {
                events,
                next_page_token: paging::token(next.as_ref()),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

#[tonic::async_trait]
impl StatusService for Gateway {
    async fn get_status(&self, request: Request<()>) -> Answer<wire::GetStatusResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let outcome = async {
            let cluster = self.services.status.get(&principal.grant()?).await?;
            Ok::<_, Failure>(wire::GetStatusResponse {
                server_version: VERSION.to_owned(),
                cluster_name: cluster.cluster_name,
                cluster_id: cluster.cluster_id,
                storage_engine: cluster.engine.to_owned(),
                started: Some(timestamp(self.facts.started)),
                devices: cluster.devices,
                devices_enrolled: cluster.devices_enrolled,
                users: cluster.users,
                active_sessions: cluster.active_sessions,
                device_trust_mode: cluster.effective.mode.as_str().to_owned(),
                x509_user_ca_fingerprint: self.facts.x509_user_ca_fingerprint.clone(),
                ssh_user_ca_fingerprint: ssh_fingerprint(&cluster.ssh_user_ca),
                tls_pin: self.facts.tls_pin.clone(),
                tls_not_after: Some(timestamp(self.facts.tls_not_after)),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

/// `SHA256:` and the base64 of the key's digest, as OpenSSH prints it.
fn ssh_fingerprint(authorized_key: &str) -> String {
    ssh_key::PublicKey::from_openssh(authorized_key)
        .map(|key| key.fingerprint(ssh_key::HashAlg::Sha256).to_string())
        .unwrap_or_default()
}
