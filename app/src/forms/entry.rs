//! Signing in and out, and redeeming one-time links: open to people who are not signed in.

use serde::Deserialize;

use crate::api::{SignupAnswers, log_in, log_out, redeem};
use crate::{Answer, ConsoleContext, CookieChange, Posted, safe_next};
use gatehouse_domain::account::LoginRequest;

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

pub(super) async fn sign_in(console: ConsoleContext, posted: Posted) -> Answer {
    const KEEP: &[&str] = &["user", "next"];
    let SignIn { user, password, code, next } = match posted.read() {
        Ok(fields) => fields,
        Err(error) => return posted.again(error, KEEP),
    };
    let login = LoginRequest { user, password, code: without_spaces(&code) };
    match log_in(&console, &login).await {
        Ok(cookie) => Answer::go(safe_next(next.as_deref())).with_cookie(CookieChange::Set(cookie)),
        Err(error) => posted.again(error, KEEP),
    }
}

pub(super) async fn sign_out(console: ConsoleContext, posted: Posted) -> Answer {
    // Without a session there is nothing to end, but still a cookie to forget.
    if console.principal.signed_in().is_some()
        && let Err(error) = log_out(&console).await
    {
        return posted.again(error, &[]);
    }
    Answer::go("/web/login?done=signed-out").with_cookie(CookieChange::Clear)
}

pub(super) async fn sign_up(console: ConsoleContext, posted: Posted) -> Answer {
    let SignUp { user, password, password_again, code } = match posted.read() {
        Ok(fields) => fields,
        Err(error) => return posted.again(error, &["user"]),
    };
    let answers = SignupAnswers { user, password, password_again, code: without_spaces(&code) };
    match redeem(&console, posted.param("token"), &answers).await {
        Ok(_) => Answer::go("/web/login?done=signed-up"),
        Err(error) => posted.again(error, &["user"]),
    }
}

/// Many apps show their codes in two groups.
fn without_spaces(code: &str) -> String {
    code.split_whitespace().collect()
}
