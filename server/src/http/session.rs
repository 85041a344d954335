//! From a request to whoever makes it: asked anew for every request, so that locks and ended sessions count at once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gatehouse_app::{ConsoleContext, Refusal, SESSION_COOKIE};
use gatehouse_domain::identity::{IdentityError, RequestFacts};
use http::HeaderMap;
use http::header::COOKIE;

use super::{Console, api, pages};
use crate::connection_info::ConnectionInfo;
use crate::request_id::RequestId;

pub(super) async fn layer(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let facts = facts(&request);
    let identity = &console.services.identity;
    let found = match cookie(request.headers()) {
        Some(cookie) => identity.by_cookie(cookie, facts.clone()).await,
        None => Ok(identity.anonymous(facts.clone())),
    };
    let context = |principal| ConsoleContext {
        services: Arc::clone(&console.services),
        principal,
        facts: facts.clone(),
        public_address: Arc::clone(&console.public_address),
    };
    let path = request.uri().path();
    let principal = match found {
        Ok(principal) => principal,
        // Somebody whose session is locked can still sign out, or in as somebody else.
        Err(IdentityError::Locked(_)) if matches!(path, "/web/login" | "/web/logout") => {
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
    request.extensions_mut().insert(context(principal));
    next.run(request).await
}

fn facts(request: &Request) -> RequestFacts {
    let extensions = request.extensions();
    let connection = extensions.get::<ConnectionInfo>();
    let remote = connection.and_then(|connection| connection.channel.remote());
    RequestFacts {
        request_id: extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        remote_address: remote.map(|remote| remote.to_string()).unwrap_or_default(),
    }
}

/// The session's cookie, if exactly one is sent: two would be somebody's attempt to slip in their own.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    named(headers, SESSION_COOKIE)
}

/// A cookie, if exactly one of this name is sent.
pub(super) fn named<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
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
