//! What plain HTML forms post. Accepted, they lead on to another page; refused, their own page comes again.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest as _, Path, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, body::Body};
use gatehouse_app::api::{SignupAnswers, log_in, log_out, redeem};
use gatehouse_app::{
    ApiError, ConsoleContext, FormOutcome, Refusal, clear_session_cookie, safe_next, session_cookie,
};
use gatehouse_domain::account::LoginRequest;
use gatehouse_model::clean_label;
use http::HeaderValue;
use http::header::SET_COOKIE;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Console, pages};

/// As the page's form names them. Never shown, also not for debugging.
#[derive(Deserialize)]
struct SignIn {
    user: String,
    password: String,
    #[serde(default)]
    code: String,
    next: Option<String>,
}

#[derive(Deserialize)]
struct SignUp {
    #[serde(default)]
    user: String,
    password: String,
    password_again: String,
    #[serde(default)]
    code: String,
}

pub(super) async fn sign_in(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    let (parts, fields) = match read::<SignIn>(request).await {
        Ok(read) => read,
        Err((parts, error)) => return refused(&console, context, parts, error).await,
    };
    let SignIn { user, password, code, next } = fields;
    let login = LoginRequest { user, password, code: without_spaces(&code) };
    match log_in(&context, &login).await {
        Ok(cookie) => with_cookie(Redirect::to(safe_next(next.as_deref())), &session_cookie(&cookie)),
        Err(error) => {
            let outcome = FormOutcome { error: Some(error), user: clean_label(&login.user), next };
            pages::again(&console, context, parts, outcome).await
        }
    }
}

pub(super) async fn sign_out(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    // Without a session there is nothing to end, but still a cookie to forget.
    if context.principal.signed_in().is_some()
        && let Err(error) = log_out(&context).await
    {
        let (parts, _) = request.into_parts();
        return pages::refused(&console, context, parts, Refusal(error)).await;
    }
    with_cookie(Redirect::to("/web/login?done=signed-out"), &clear_session_cookie())
}

pub(super) async fn sign_up(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (parts, fields) = match read::<SignUp>(request).await {
        Ok(read) => read,
        Err((parts, error)) => return refused(&console, context, parts, error).await,
    };
    let SignUp { user, password, password_again, code } = fields;
    let answers = SignupAnswers { user, password, password_again, code: without_spaces(&code) };
    match redeem(&context, &token, &answers).await {
        Ok(_) => Redirect::to("/web/login?done=signed-up").into_response(),
        Err(error) => {
            let outcome = FormOutcome {
                error: Some(error),
                user: clean_label(&answers.user),
                ..FormOutcome::default()
            };
            pages::again(&console, context, parts, outcome).await
        }
    }
}

/// The fields of a form, and the request's head for its page.
async fn read<T: DeserializeOwned>(request: Request) -> Result<(Parts, T), (Parts, ApiError)> {
    let (parts, body): (_, Body) = request.into_parts();
    match Form::<T>::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(Form(fields)) => Ok((parts, fields)),
        Err(rejection) => {
            let text = match rejection {
                FormRejection::InvalidFormContentType(_) => "this address takes only forms",
                FormRejection::BytesRejection(_) => "the form is too large or broke off",
                _ => "the form is incomplete or malformed",
            };
            Err((parts, ApiError::invalid("malformed_form", text)))
        }
    }
}

async fn refused(console: &Console, context: ConsoleContext, parts: Parts, error: ApiError) -> Response {
    let outcome = FormOutcome { error: Some(error), ..FormOutcome::default() };
    pages::again(console, context, parts, outcome).await
}

/// Many apps show their codes in two groups.
fn without_spaces(code: &str) -> String {
    code.split_whitespace().collect()
}

fn with_cookie(redirect: Redirect, cookie: &str) -> Response {
    let mut response = redirect.into_response();
    if let Ok(mut value) = HeaderValue::from_str(cookie) {
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}
