//! Pages: rendered whole before the first byte leaves, so that the shield is right on it.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use gatehouse_app::{ConsoleContext, FormOutcome, HOME, Refusal, Said, safe_next, shell};
use gatehouse_domain::authz::{AuthzError, ListDevices};
use gatehouse_model::percent;
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;
use tower_sessions::Session;

use super::Console;
use super::headers::PageNonce;
use super::visit;

const ACCOUNT: &str = "/web/account";
const LOGIN: &str = "/web/login";
const SECOND_FACTOR: &str = "/web/login/second-factor";
/// An address that no page has.
const NOWHERE: &str = "/web/~nowhere";
/// Below it, the link itself says who somebody is.
const SIGNUP: &str = "/web/signup/";

/// A page that has a route.
pub(super) async fn page(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    let is_signed_in = context.principal.signed_in().is_some();
    let path = request.uri().path();
    let is_login = path == LOGIN || path == SECOND_FACTOR;
    if is_login && is_signed_in {
        // Somebody may have signed in elsewhere in this browser, or come here while the session was being renewed.
        let next = request.uri().query().and_then(next_of);
        return Redirect::to(safe_next(next.as_deref())).into_response();
    }
    if path == SECOND_FACTOR && context.pending_sign_in.is_empty() {
        return Redirect::to(LOGIN).into_response();
    }
    if !is_signed_in && !is_login && !path.starts_with(SIGNUP) {
        return to_login(request.uri());
    }
    if path == HOME && request.uri().query().is_none() && has_no_inventory(&context) {
        return Redirect::to(ACCOUNT).into_response();
    }
    let (parts, _) = request.into_parts();
    show(&console, context, parts, FormOutcome::default(), None).await
}

/// The first page after signing in is not to be a refusal: people whose roles open no inventory begin at their account.
fn has_no_inventory(context: &ConsoleContext) -> bool {
    matches!(context.principal.grant::<ListDevices>(), Err(AuthzError::NotAllowed { .. }))
}

/// To the sign-in page, and from there back to this address.
pub(super) fn to_login(uri: &Uri) -> Response {
    let here = uri.path_and_query().map(http::uri::PathAndQuery::as_str);
    Redirect::to(&format!("{LOGIN}?next={}", percent::encode_path(safe_next(here)))).into_response()
}

/// To the sign-in page, which says that a form came without a session and was not saved.
pub(super) fn to_login_unsaved(uri: &Uri) -> Response {
    let page = percent::encode_path(safe_next(Some(uri.path())));
    Redirect::to(&format!("{LOGIN}?next={page}&done=not-saved")).into_response()
}

/// To the page that hands the session to a device, by way of signing in where that is needed.
pub(super) fn to_authorize(next: &str) -> Response {
    Redirect::to(&format!("/web/device/authorize?next={}", percent::encode_path(next))).into_response()
}

/// The way in.
pub(super) async fn home() -> Redirect {
    Redirect::to(HOME)
}

/// No route leads there.
pub(super) async fn elsewhere(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response();
    }
    let (mut parts, _) = request.into_parts();
    if let Some(page) = without_slash(&parts.uri) {
        return Redirect::permanent(&page).into_response();
    }
    // The pages' own router takes more for the address of a page than the server's does, such as `/web/./devices`: what
    // stands before a page would be gone around.
    parts.uri = Uri::from_static(NOWHERE);
    show(&console, context, parts, FormOutcome::default(), None).await
}

/// The address of a page to which a slash was added. Nothing outside of `/web/`: `//host/` would lead elsewhere.
fn without_slash(uri: &Uri) -> Option<String> {
    let page =
        uri.path().strip_suffix('/').filter(|page| page.starts_with("/web/") && !page.ends_with('/'))?;
    Some(uri.query().map_or_else(|| page.to_owned(), |query| format!("{page}?{query}")))
}

/// A form's page once more, saying why the form was not accepted.
pub(super) async fn again(
    console: &Console,
    context: ConsoleContext,
    parts: Parts,
    outcome: FormOutcome,
) -> Response {
    let status = outcome.error.as_ref().and_then(|error| StatusCode::from_u16(error.kind.http_status()).ok());
    let mut response = show(console, context, parts, outcome, None).await;
    if let Some(status) = status.filter(|_| response.status().is_success()) {
        *response.status_mut() = status;
    }
    response
}

/// Why no page is shown at all.
pub(super) async fn refused(
    console: &Console,
    context: ConsoleContext,
    parts: Parts,
    refusal: Refusal,
) -> Response {
    show(console, context, parts, FormOutcome::default(), Some(refusal)).await
}

async fn show(
    console: &Console,
    context: ConsoleContext,
    mut parts: Parts,
    outcome: FormOutcome,
    refusal: Option<Refusal>,
) -> Response {
    let nonce = parts.extensions.remove::<PageNonce>();
    let assets = Arc::clone(&console.assets);
    let said = match parts.extensions.get::<Session>() {
        Some(visit) => visit::said(visit).await,
        None => None,
    };
    let provide = move || {
        provide_context(context.clone());
        provide_context(outcome.clone());
        if let Some(text) = said.clone() {
            provide_context(Said(text));
        }
        if let Some(refusal) = refusal.clone() {
            provide_context(refusal);
        }
        if let Some(PageNonce(nonce)) = nonce.clone() {
            provide_context(Nonce::from_value(nonce));
        }
    };
    let render = leptos_axum::render_app_async_with_context(provide, move || shell(&assets));
    // Whatever the method was, this is the page at this address.
    parts.method = Method::GET;
    render(Request::from_parts(parts, Body::empty())).await
}

/// The page that was wanted before signing in.
fn next_of(query: &str) -> Option<String> {
    let fields: Vec<(String, String)> = serde_html_form::from_str(query).ok()?;
    fields.into_iter().find(|(name, _)| name == "next").map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many_leads_to_the_page_and_nowhere_else() {
        let page = |uri: &str| without_slash(&uri.parse().unwrap());
        assert_eq!(page("/web/devices/").as_deref(), Some("/web/devices"));
        assert_eq!(page("/web/devices/?q=a/").as_deref(), Some("/web/devices?q=a/"));
        for other in ["/web/devices", "/", "/web/", "//evil.example/", "/web//", "/web/devices//", "/x/"] {
            assert_eq!(page(other), None, "{other}");
        }
    }
}
