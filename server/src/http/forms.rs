//! What plain HTML forms post. Accepted, they lead on to another page; refused, their own page comes again.

use std::convert::Infallible;

use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Form, FromRequest as _, Multipart, RawPathParams, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, post};
use axum::{Extension, body::Body};
use gatehouse_app::{
    Answer, ApiError, ConsoleContext, CookieChange, FormOutcome, KEY_FIELD, PostRoute, Posted, PostedFile,
    Reaction, clear_pending_cookie, pending_cookie,
};
use http::HeaderValue;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::request::Parts;
use tower_http::limit::RequestBodyLimitLayer;
use tower_sessions::Session;

use super::compression::HoldsSecret;
use super::{Console, pages, visit};

/// Fields and files of one form, at most.
const MAX_PARTS: usize = 2000;

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
    methods
        .layer::<_, Infallible>(DefaultBodyLimit::disable())
        .layer::<_, Infallible>(RequestBodyLimitLayer::new(route.max_body))
}

async fn submit(
    route: PostRoute,
    console: &Console,
    context: ConsoleContext,
    params: Vec<(String, String)>,
    request: Request,
) -> Response {
    if !route.open && context.principal.signed_in().is_none() {
        return pages::to_login(request.uri());
    }
    let (parts, posted) = match read(params, request).await {
        Ok(read) => read,
        Err((parts, error)) => return again(console, context, parts, error).await,
    };
    if !route.open
        && let Err(error) = console.services.form_keys.take(posted.field(KEY_FIELD)).await
    {
        let error = context.refuse(error);
        let Reaction::Again(outcome) = posted.again(error, &[]).reaction else {
            return pages::to_login(&parts.uri);
        };
        return pages::again(console, context, parts, outcome).await;
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

/// The form, and the request's head for its page.
async fn read(params: Vec<(String, String)>, request: Request) -> Result<(Parts, Posted), (Parts, ApiError)> {
    let (parts, body): (_, Body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let mut posted = Posted {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        params,
        ..Posted::default()
    };
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let done = if kind.is_empty() {
        // Nothing was filled in.
        Ok(())
    } else if kind.starts_with("multipart/form-data") {
        read_parts(request, &mut posted).await
    } else {
        Form::<Vec<(String, String)>>::from_request(request, &())
            .await
            .map(|Form(fields)| posted.fields = fields)
            .map_err(|rejection| match rejection.status().as_u16() {
                415 => ApiError::invalid("malformed_form", "this address takes only forms"),
                413 => too_large(),
                _ => ApiError::invalid("malformed_form", "the form is incomplete or malformed"),
            })
    };
    match done {
        Ok(()) => Ok((parts, posted)),
        Err(error) => Err((parts, error)),
    }
}

async fn read_parts(request: Request, posted: &mut Posted) -> Result<(), ApiError> {
    let broken = |error: MultipartError| match error.status().as_u16() {
        413 => too_large(),
        _ => ApiError::invalid("malformed_form", "the form is malformed or broke off"),
    };
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| ApiError::invalid("malformed_form", "the form is malformed"))?;
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        count += 1;
        if count > MAX_PARTS {
            return Err(too_large());
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

fn too_large() -> ApiError {
    ApiError::invalid("form_too_large", "the form is larger than this address takes")
}

async fn again(console: &Console, context: ConsoleContext, parts: Parts, error: ApiError) -> Response {
    pages::again(console, context, parts, FormOutcome::unread(error)).await
}
