//! From a request to whoever makes it: asked anew for every request, so that locks and ended sessions count at once.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gatehouse_app::{ApiError, ConsoleContext, PENDING_COOKIE, Refusal, Refusals, SESSION_COOKIE};
use gatehouse_domain::audit::RefusedRequest;
use gatehouse_domain::authz::Attribution;
use gatehouse_domain::identity::{IdentityError, RequestFacts};
use http::HeaderMap;
use http::header::{COOKIE, HeaderName, USER_AGENT};
use tower_sessions::Session;

use super::{Console, api, pages, visit};
use crate::connection_info::ConnectionInfo;
use crate::request_id::RequestId;

/// Set by the console's own script on what it fetches by itself.
const UNATTENDED: HeaderName = HeaderName::from_static("gatehouse-unattended");

pub(super) async fn layer(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let facts = facts(&request);
    let identity = &console.services.identity;
    let is_unattended = is_unattended(&request);
    let found = match cookie(request.headers()) {
        Some(cookie) if is_unattended => identity.by_cookie(cookie, facts.clone()).await,
        Some(cookie) => identity.visit(cookie, facts.clone()).await,
        None => Ok(identity.anonymous(facts.clone())),
    };
    let refusals = Refusals::default();
    let pending: Arc<str> = named(request.headers(), PENDING_COOKIE).unwrap_or_default().into();
    let context = |principal| ConsoleContext {
        services: Arc::clone(&console.services),
        principal,
        facts: facts.clone(),
        public_address: Arc::clone(&console.public_address),
        tls_pin: Arc::clone(&console.tls_pin),
        refusals: refusals.clone(),
        pending_sign_in: Arc::clone(&pending),
        is_unattended,
    };
    let path = request.uri().path();
    let principal = match found {
        Ok(principal) => principal,
        // Somebody whose session is locked can still sign out, or in as somebody else.
        Err(IdentityError::Locked(_) | IdentityError::SessionRenewed)
            if path == "/web/logout" || path.starts_with("/web/login") =>
        {
            identity.anonymous(facts.clone())
        }
        Err(error) => {
            let context = context(identity.anonymous(facts.clone()));
            let error = context.refuse(error);
            if path.starts_with("/api/") {
                return api::refused(&error).into_response();
            }
            let (parts, _) = request.into_parts();
            return pages::refused(&console, context, parts, Refusal(error)).await;
        }
    };
    let (by, asked) = (principal.attribution(), asked(&request));
    let session = request.extensions().get::<Session>().cloned();
    request.extensions_mut().insert(context(principal.clone()));
    let mut response = next.run(request).await;
    if let Some(error) = refusals.first() {
        note(&console, &by, &asked, error).await;
    }
    match (identity.renewed_cookie(&principal).await, session) {
        (Ok(Some(cookie)), Some(session)) => visit::hand_out(&session, &cookie, &mut response).await,
        (Ok(_), _) => {}
        (Err(error), _) => tracing::error!(%error, "a session's new cookie cannot be handed out"),
    }
    response
}

/// Asked for by a page that lies open, not by the person in front of it: it keeps no session from lying idle.
fn is_unattended(request: &Request) -> bool {
    request.uri().path() == "/web/events" || request.headers().contains_key(UNATTENDED)
}

/// Method and pattern of the address, never the address itself: it may hold a token.
fn asked(request: &Request) -> String {
    let pattern = request.extensions().get::<MatchedPath>().map_or("no page", MatchedPath::as_str);
    format!("{} {pattern}", request.method())
}

/// The id that somebody is shown with an error is found in the audit log.
async fn note(console: &Console, by: &Attribution, asked: &str, error: &ApiError) {
    let refused = RefusedRequest {
        request: asked.to_owned(),
        kind: error.kind,
        code: error.code.clone(),
        message: error.message.clone(),
    };
    let noted = console.services.audit.note_refused(by, &refused).await;
    if let Err(error) = noted {
        tracing::error!(%error, request_id = by.request_id, "a refusal could not be noted");
    }
}

fn facts(request: &Request) -> RequestFacts {
    let extensions = request.extensions();
    let connection = extensions.get::<ConnectionInfo>();
    let remote = connection.and_then(|connection| connection.channel.remote());
    RequestFacts {
        request_id: extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        remote_address: remote.map(|remote| remote.to_string()).unwrap_or_default(),
        user_agent: request
            .headers()
            .get(USER_AGENT)
            .and_then(|name| name.to_str().ok())
            .map(str::to_owned)
            .unwrap_or_default(),
    }
}

/// The session's cookie, if exactly one is sent: two would be somebody's attempt to slip in their own.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    named(headers, SESSION_COOKIE)
}

/// A cookie, if exactly one of this name is sent.
fn named<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let mut values = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(headers: &[&'static str]) -> Option<String> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(COOKIE, HeaderValue::from_static(header));
        }
        cookie(&map).map(str::to_owned)
    }

    #[test]
    fn exactly_one_cookie_counts() {
        assert_eq!(read(&["a=b; __Host-gatehouse_session=xyz; c=d"]).as_deref(), Some("xyz"));
        assert_eq!(read(&["a=b", "__Host-gatehouse_session=xyz"]).as_deref(), Some("xyz"));
        assert_eq!(read(&["gatehouse_session=xyz"]), None);
        assert_eq!(read(&["__Host-gatehouse_session=x; __Host-gatehouse_session=y"]), None);
        assert_eq!(read(&[]), None);
    }
}
