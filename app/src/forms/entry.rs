//! Signing in and out, and redeeming one-time links: open to people who are not signed in.

use gatehouse_domain::account::{FactorAnswer, NewFactor, PasskeyAnswer, SignIn as Step, WebLogin};
use gatehouse_model::percent;
use serde::Deserialize;

use crate::api::device_web::after_sign_in;
use crate::api::{SignupAnswers, finish_log_in, log_in, log_in_by_passkey, log_out, redeem};
use crate::pages::Ready;
use crate::{Answer, ApiError, ConsoleContext, CookieChange, Posted, safe_next};

/// As the page's form names them. Never shown, also not for debugging.
#[derive(Deserialize)]
struct SignIn {
    user: String,
    password: String,
}

#[derive(Deserialize)]
struct SignUp {
    #[serde(default)]
    user: String,
    password: String,
    password_again: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey_name: String,
}

const SIGN_IN: &[&str] = &["user", "next"];

pub(super) async fn sign_in(console: ConsoleContext, posted: Posted) -> Answer {
    let next = safe_next(posted.field("next")).to_owned();
    if posted.action() == "passkey" {
        let signed_in = match passkey_answer(&posted) {
            Ok(answer) => log_in_by_passkey(&console, &answer).await,
            Err(error) => Err(error),
        };
        return entered(&console, &posted, next, signed_in).await;
    }
    let SignIn { user, password } = match posted.read() {
        Ok(fields) => fields,
        Err(error) => return posted.again(error, SIGN_IN),
    };
    match log_in(&console, &user, &password).await {
        Ok(Step::Done(login)) => entered(&console, &posted, next, Ok(*login)).await,
        Ok(Step::SecondFactor(pending)) => {
            let to = format!("/web/login/second-factor?next={}", percent::encode_path(&next));
            Answer::go(to).with_cookie(CookieChange::Pending(pending))
        }
        Err(error) => posted.again(error, SIGN_IN),
    }
}

pub(super) async fn second_factor(console: ConsoleContext, posted: Posted) -> Answer {
    let next = safe_next(posted.field("next")).to_owned();
    let signed_in = match factor_answer(&posted) {
        Ok(answer) => finish_log_in(&console, &answer).await,
        Err(error) => Err(error),
    };
    entered(&console, &posted, next, signed_in).await
}

async fn entered(
    console: &ConsoleContext,
    posted: &Posted,
    next: String,
    signed_in: Result<WebLogin, ApiError>,
) -> Answer {
    match signed_in {
        Ok(login) => {
            let to = after_sign_in(console, &login.session.user, next).await;
            Answer::go(to).with_cookie(CookieChange::Set(login.cookie))
        }
        Err(error) => posted.again(error, SIGN_IN),
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
    const KEEP: &[&str] = &["user", "passkey_name"];
    let SignUp { user, password, password_again, code, passkey_name } = match posted.read() {
        Ok(fields) => fields,
        Err(error) => return posted.again(error, KEEP),
    };
    let factor = match posted.action() {
        "passkey" => match passkey_answer(&posted) {
            Ok(answer) => NewFactor::Passkey { answer, name: passkey_name },
            Err(error) => return posted.again(error, KEEP),
        },
        "app" => NewFactor::Code(without_spaces(&code)),
        _ => NewFactor::None,
    };
    let answers = SignupAnswers { user, password, password_again, factor };
    match redeem(&console, posted.param("token"), &answers).await {
        Ok(done) if done.recovery_codes.is_empty() => Answer::go("/web/login?done=signed-up"),
        Ok(done) => posted.show(Ready { user: done.user.name, recovery_codes: done.recovery_codes }),
        Err(error) => posted.again(error, KEEP),
    }
}

/// How a second factor is proven: by whichever of the page's forms was sent.
pub(super) fn factor_answer(posted: &Posted) -> Result<FactorAnswer, ApiError> {
    let field = |name| posted.field(name).unwrap_or_default();
    Ok(match posted.action() {
        "passkey" => FactorAnswer::Passkey(passkey_answer(posted)?),
        "recovery" => FactorAnswer::Code(field("recovery_code").to_owned()),
        _ => FactorAnswer::Code(without_spaces(field("code"))),
    })
}

/// What the page's script put into the form.
pub(super) fn passkey_answer(posted: &Posted) -> Result<PasskeyAnswer, ApiError> {
    let field = |name| posted.field(name).unwrap_or_default().to_owned();
    let answer = PasskeyAnswer { ceremony: field("ceremony"), credential: field("credential") };
    if answer.credential.is_empty() {
        return Err(ApiError::invalid(
            "passkey_needs_scripts",
            "a passkey needs this page's scripts, and they did not run or were not ready yet",
        ));
    }
    Ok(answer)
}

/// Many apps show their codes in two groups.
pub(super) fn without_spaces(code: &str) -> String {
    code.split_whitespace().collect()
}
