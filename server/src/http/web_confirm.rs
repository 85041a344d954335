//! The way back from the device: the browser that asked comes with the confirmation token and its own cookie. Opened by the
//! device's client, so a GET; that is why nothing is done for whatever is not a person's visit.

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use gatehouse_app::{ApiError, ConsoleContext, Refusal, handoff_state, parameters, safe_next};
use gatehouse_domain::device_web::{DeviceWebError, clean_redirect};
use http::header::HeaderName;
use http::{HeaderMap, Method, StatusCode};

use super::{Console, pages};

/// As the contract names it.
pub(super) const PATH: &str = "/webapi/devices/webconfirm";

/// Set by browsers, out of the reach of scripts (Fetch Metadata Request Headers): what a request is for.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
/// What older browsers say instead.
const PURPOSE: HeaderName = HeaderName::from_static("purpose");
const X_MOZ: HeaderName = HeaderName::from_static("x-moz");

pub(super) async fn confirm(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    if !is_visit(request.method(), request.headers()) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let (parts, _) = request.into_parts();
    let asked = match Asked::read(parts.uri.query().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(error) => {
            return with_status(
                pages::refused(&console, context, parts, Refusal(error.clone())).await,
                &error,
            );
        }
    };
    // Before anything is spent: an address that leads elsewhere is nobody's own.
    let cleaned = asked.redirect.as_deref().map(clean_redirect).transpose();
    let outcome = match cleaned {
        Ok(cleaned) => {
            let confirmed =
                console.services.device_web.confirm(&context.principal, &asked.id, &asked.token).await;
            confirmed.map(|place| cleaned.unwrap_or(place))
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(place) => Redirect::to(&place).into_response(),
        Err(error) => {
            let error = told(&context, error);
            let response = pages::refused(&console, context, parts, Refusal(error.clone())).await;
            with_status(response, &error)
        }
    }
}

/// A browser elsewhere takes up what was typed on the device and proven there: its page comes here by itself.
pub(super) async fn finish(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    if !is_visit(request.method(), request.headers()) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let (parts, _) = request.into_parts();
    let fields = parameters(parts.uri.query().unwrap_or_default());
    let id = fields.iter().find(|(known, _)| known == "attempt").map_or("", |(_, value)| value.as_str());
    match console.services.device_web.confirm_remote(&context.principal, id).await {
        Ok(place) => Redirect::to(&place).into_response(),
        Err(error) => {
            let error = told(&context, error);
            let response = pages::refused(&console, context, parts, Refusal(error.clone())).await;
            with_status(response, &error)
        }
    }
}

/// In the words of the console, with the reference by which the whole attempt is found.
fn told(context: &ConsoleContext, error: DeviceWebError) -> ApiError {
    let correlation_id = error.correlation_id().map(str::to_owned);
    let mut told = context.refuse(error);
    if let Some(id) = correlation_id {
        told.request_id = id;
    }
    told
}

fn with_status(mut response: Response, error: &ApiError) -> Response {
    if let Ok(status) = StatusCode::from_u16(error.kind.http_status()) {
        *response.status_mut() = status;
    }
    response
}

/// What the address holds, each once.
struct Asked {
    id: String,
    token: String,
    redirect: Option<String>,
}

impl Asked {
    fn read(query: &str) -> Result<Self, ApiError> {
        let fields = parameters(query);
        let one = |name: &str| {
            let mut found = fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone());
            let value = found.next().filter(|value| !value.is_empty());
            if found.next().is_some() {
                return Err(ApiError::invalid(
                    "parameter_repeated",
                    &format!("parameter {name} is repeated"),
                ));
            }
            Ok(value)
        };
        let missing =
            |name: &str| ApiError::invalid("parameter_required", &format!("parameter {name} required"));
        Ok(Self {
            id: one("id")?.ok_or_else(|| missing("id"))?,
            token: one("token")?.ok_or_else(|| missing("token"))?,
            redirect: one("redirect_uri")?,
        })
    }
}

/// A person's browser opens a page: no look ahead, no picture, no script, no probe.
fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    let says =
        |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_lowercase());
    let looks_ahead = [SEC_PURPOSE, PURPOSE, X_MOZ].iter().filter_map(says).any(|purpose| {
        purpose.contains("prefetch") || purpose.contains("prerender") || purpose.contains("preview")
    });
    *method == Method::GET
        && !looks_ahead
        && says(&SEC_FETCH_DEST).is_none_or(|dest| dest == "document")
        && says(&SEC_FETCH_MODE).is_none_or(|mode| mode == "navigate")
}

/// How far an attempt has come, for the page that waits for it.
pub(super) async fn state(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    let fields = parameters(request.uri().query().unwrap_or_default());
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let next = safe_next(field("next")).to_owned();
    if context.principal.signed_in().is_none() {
        return pages::to_authorize(&next);
    }
    let id = field("attempt").unwrap_or_default();
    match console.services.device_web.progress(&context.principal, id).await {
        Ok(progress) => Html(handoff_state(id, &next, &progress, field("remote").is_some())).into_response(),
        Err(error) => {
            let error = told(&context, error);
            with_status(format!("{error}\n").into_response(), &error)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn visits(method: &Method, headers: &[(&HeaderName, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert((*name).clone(), HeaderValue::from_static(value));
        }
        is_visit(method, &map)
    }

    #[test]
    fn only_a_page_that_a_person_opens_counts() {
        assert!(visits(&Method::GET, &[]), "browsers that say nothing");
        assert!(visits(&Method::GET, &[(&SEC_FETCH_DEST, "document"), (&SEC_FETCH_MODE, "navigate")]));
        assert!(!visits(&Method::HEAD, &[]));
        assert!(!visits(&Method::GET, &[(&SEC_PURPOSE, "prefetch;prerender")]));
        assert!(!visits(&Method::GET, &[(&PURPOSE, "prefetch")]));
        assert!(!visits(&Method::GET, &[(&X_MOZ, "prefetch")]));
        for dest in ["image", "empty", "iframe", "script", "serviceworker"] {
            assert!(!visits(&Method::GET, &[(&SEC_FETCH_DEST, dest)]), "{dest}");
        }
        assert!(!visits(&Method::GET, &[(&SEC_FETCH_DEST, "document"), (&SEC_FETCH_MODE, "no-cors")]));
    }
}
