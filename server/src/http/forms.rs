//! What plain HTML forms post. Accepted, they lead on to another page; refused, their own page comes again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Form, FromRequest as _, Multipart, RawPathParams, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, post};
use axum::{Extension, body::Body};
use gatehouse_app::{
    Answer, ApiError, ConsoleContext, CookieChange, FormOutcome, KEY_FIELD, PostRoute, Posted, PostedFile,
    Reaction, clear_pending_cookie, pending_cookie,
};
use gatehouse_model::ErrorKind;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;
use tower_sessions::Session;

use super::compression::HoldsSecret;
use super::{Console, pages, visit};

/// Fields and files of one form, at most.
const MAX_PARTS: usize = 2000;
/// Large forms that are read and answered at once: each may take as much memory as its route allows, several times over.
pub(super) const MAX_LARGE: usize = 2;
/// For how long a large form waits for those before it.
const TURN_TIME: Duration = Duration::from_secs(2);
/// After how long it should be sent again, in seconds.
const COME_BACK_SECS: u16 = 30;
/// For all of a form to arrive.
const FORM_TIME: Duration = Duration::from_secs(120);
/// For what is left of a form that is answered unread, and how much of it is read on.
const DRAIN_TIME: Duration = Duration::from_secs(30);
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// Answers the forms of a page.
pub(super) fn answer(route: PostRoute) -> MethodRouter<Console> {
    let submit = move |State(console): State<Console>,
                       Extension(context): Extension<ConsoleContext>,
                       params: RawPathParams,
                       request: Request| async move {
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        submit(route, &console, context, params, request).await
    };
    let methods: MethodRouter<Console> = post(submit);
    // Each route has a limit of its own, see `read`.
    methods.layer::<_, Infallible>(DefaultBodyLimit::disable())
}

async fn submit(
    route: PostRoute,
    console: &Console,
    context: ConsoleContext,
    params: Vec<(String, String)>,
    request: Request,
) -> Response {
    if !route.open && context.principal.signed_in().is_none() {
        return pages::to_login_unsaved(request.uri());
    }
    let (parts, body) = request.into_parts();
    if let Some(Err(error)) = route.may.map(|may| may(&context.principal)) {
        let error = context.refuse(error);
        drain(body);
        return again(console, context, parts, error).await;
    }
    if declared_length(&parts.headers).is_some_and(|length| length > route.max_body) {
        // Strangers have no long forms.
        if context.principal.signed_in().is_some() {
            drain(body);
        }
        let mut response = again(console, context, parts, too_large(route.max_body)).await;
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    }
    // Held until the form is answered: for so long it is in memory.
    let _turn = match turn(route, console, &context.facts.request_id).await {
        Ok(turn) => turn,
        Err(error) => {
            drain(body);
            let mut response = again(console, context, parts, error).await;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(COME_BACK_SECS));
            return response;
        }
    };
    let posted = match timeout(FORM_TIME, read(params, &parts, body, route.max_body)).await {
        Ok(Ok(posted)) => posted,
        Ok(Err(error)) => return again(console, context, parts, error).await,
        Err(_) => {
            let error =
                ApiError::invalid("form_timeout", "the form took too long to arrive; nothing was done");
            return again(console, context, parts, error).await;
        }
    };
    let session = context.principal.signed_in().map_or("", |user| user.session_id.as_str());
    if !route.open
        && let Err(error) = console.services.form_keys.take(session, posted.field(KEY_FIELD)).await
    {
        let error = context.refuse(error);
        return pages::again(console, context, parts, posted.whole_again(error)).await;
    }
    let visit = parts.extensions.get::<Session>().cloned();
    let Answer { reaction, said, cookie } = (route.handler)(context.clone(), posted).await;
    if let (Some(CookieChange::Set(token)), Some(visit)) = (&cookie, &visit) {
        visit::carry(visit, token).await;
    }
    let mut response = match reaction {
        Reaction::Go(to) => Redirect::to(&to).into_response(),
        Reaction::Again(outcome) => pages::again(console, context, parts, outcome).await,
    };
    if matches!(cookie, Some(CookieChange::Set(_))) {
        response.extensions_mut().insert(visit::Begun);
    }
    // Whatever is answered to a form may show something once.
    response.extensions_mut().insert(HoldsSecret);
    let pending = match &cookie {
        Some(CookieChange::Set(_)) => Some(clear_pending_cookie()),
        Some(CookieChange::Pending(token)) => Some(pending_cookie(token)),
        Some(CookieChange::Clear) | None => None,
    };
    if let Some(mut value) = pending.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
    if let Some(visit) = &visit {
        if matches!(cookie, Some(CookieChange::Clear)) {
            visit::forget(visit, &mut response).await;
        }
        if let Some(text) = said {
            visit::say(visit, &text).await;
        }
    }
    response
}

/// Leave to be read, where only few are read at once.
async fn turn<'c>(
    route: PostRoute,
    console: &'c Console,
    request_id: &str,
) -> Result<Option<SemaphorePermit<'c>>, ApiError> {
    if !route.is_large() {
        return Ok(None);
    }
    match timeout(TURN_TIME, console.large_forms.acquire()).await {
        Ok(Ok(turn)) => Ok(Some(turn)),
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(request_id, path = route.path, "too many large forms at once");
            Err(ApiError {
                kind: ErrorKind::Unavailable,
                code: "uploads_busy".to_owned(),
                message: "other large files are being read at the moment, so this one was not looked at"
                    .to_owned(),
                hint: Some("send it again in half a minute".to_owned()),
                request_id: request_id.to_owned(),
            })
        }
    }
}

/// Reads on and forgets, or a browser that is still sending would be shown a broken connection for an answer.
fn drain(body: Body) {
    let mut body = Limited::new(body, MAX_DRAINED);
    let rest = async move { while let Some(Ok(_)) = body.frame().await {} };
    tokio::spawn(timeout(DRAIN_TIME, rest));
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The form, if all of it is one, and no longer than it may be.
async fn read(
    params: Vec<(String, String)>,
    parts: &Parts,
    body: Body,
    limit: usize,
) -> Result<Posted, ApiError> {
    let request = Request::from_parts(parts.clone(), Body::new(Limited::new(body, limit)));
    let mut posted = Posted {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        params,
        ..Posted::default()
    };
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.is_empty() {
        // Nothing was filled in.
        return Ok(posted);
    }
    if kind.starts_with("multipart/form-data") {
        read_parts(request, &mut posted, limit).await?;
        return Ok(posted);
    }
    let read = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let Form(fields) = read.map_err(|rejection| match rejection.status().as_u16() {
        415 => ApiError::invalid("malformed_form", "this address takes only forms"),
        413 => too_large(limit),
        _ => ApiError::invalid("malformed_form", "the form is incomplete or malformed"),
    })?;
    posted.fields = fields;
    Ok(posted)
}

async fn read_parts(request: Request, posted: &mut Posted, limit: usize) -> Result<(), ApiError> {
    let broken = |error: MultipartError| match error.status().as_u16() {
        413 => too_large(limit),
        _ => ApiError::invalid("malformed_form", "the form is malformed or broke off"),
    };
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| ApiError::invalid("malformed_form", "the form is malformed"))?;
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        count += 1;
        if count > MAX_PARTS {
            return Err(ApiError::invalid(
                "form_too_large",
                "the form has more fields than this address takes",
            ));
        }
        let field = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(name) => {
                posted.files.push(PostedFile { field, name, content: part.bytes().await.map_err(broken)? });
            }
            None => posted.fields.push((field, part.text().await.map_err(broken)?)),
        }
    }
    Ok(())
}

fn too_large(limit: usize) -> ApiError {
    ApiError {
        hint: Some(format!("send at most {} kB at once; nothing was done", limit / 1024)),
        ..ApiError::invalid("form_too_large", "the form is larger than this address takes")
    }
}

async fn again(console: &Console, context: ConsoleContext, parts: Parts, error: ApiError) -> Response {
    pages::again(console, context, parts, FormOutcome::unread(error)).await
}
