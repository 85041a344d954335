//! The own account's password and second factors.

use super::entry::{factor_answer, passkey_answer, without_spaces};
use super::refused;
use crate::api::{
    add_passkey, change_password, confirm as confirm_factor, new_recovery_codes, remove_authenticator,
    remove_passkey, rename_passkey, set_authenticator,
};
use crate::pages::{CodesShown, SECURITY};
use crate::{Answer, ApiError, ConsoleContext, CookieChange, Posted, safe_next};

pub(super) async fn account(console: ConsoleContext, posted: Posted) -> Answer {
    let field = |name| posted.field(name).unwrap_or_default();
    match posted.action() {
        "password" => match change_password(&console, field("password"), field("password_again")).await {
            Ok(()) => {
                Answer::go(SECURITY).saying("Your password is changed. Your other sessions have ended.")
            }
            Err(error) => refused(&posted, error, &[]),
        },
        "add-passkey" => {
            let added = match passkey_answer(&posted) {
                Ok(answer) => add_passkey(&console, &answer, field("passkey_name")).await,
                Err(error) => Err(error),
            };
            match added {
                Ok((name, codes)) => {
                    done(&posted, format!("Passkey \"{name}\" added. Your other sessions have ended."), codes)
                }
                Err(error) => refused(&posted, error, &["passkey_name"]),
            }
        }
        "remove-authenticator" => match remove_authenticator(&console).await {
            Ok(()) => Answer::go(SECURITY)
                .saying("The authenticator app counts no longer. Your other sessions have ended."),
            Err(error) => refused(&posted, error, &[]),
        },
        "recovery-codes" => match new_recovery_codes(&console).await {
            Ok(codes) => done(
                &posted,
                "The codes from before count no longer. Your other sessions have ended.".to_owned(),
                codes,
            ),
            Err(error) => refused(&posted, error, &[]),
        },
        _ => posted.again(ApiError::invalid("malformed_form", "this page has no such form"), &[]),
    }
}

/// Codes are shown this once, and by no redirect: they must be in no address and no cookie.
fn done(posted: &Posted, said: String, codes: Vec<String>) -> Answer {
    if codes.is_empty() { Answer::go(SECURITY).saying(said) } else { posted.show(CodesShown { said, codes }) }
}

pub(super) async fn authenticator(console: ConsoleContext, posted: Posted) -> Answer {
    let code = without_spaces(posted.field("code").unwrap_or_default());
    match set_authenticator(&console, &code).await {
        Ok(codes) => {
            let said = "The authenticator app is set. Your other sessions have ended.".to_owned();
            done(&posted, said, codes)
        }
        Err(error) => refused(&posted, error, &[]),
    }
}

pub(super) async fn passkey(console: ConsoleContext, posted: Posted) -> Answer {
    let id = posted.param("id");
    if posted.action() == "rename" {
        let name = posted.field("passkey_name").unwrap_or_default();
        return match rename_passkey(&console, id, name).await {
            Ok(()) => Answer::go(SECURITY).saying("The passkey has its new name."),
            Err(error) => refused(&posted, error, &["passkey_name"]),
        };
    }
    match remove_passkey(&console, id).await {
        Ok(name) => Answer::go(SECURITY)
            .saying(format!("Passkey \"{name}\" removed. Your other sessions have ended.")),
        Err(error) => refused(&posted, error, &[]),
    }
}

pub(super) async fn confirm(console: ConsoleContext, posted: Posted) -> Answer {
    let password = posted.field("password").unwrap_or_default();
    let confirmed = match factor_answer(&posted) {
        Ok(answer) => confirm_factor(&console, password, &answer).await,
        Err(error) => Err(error),
    };
    match confirmed {
        Ok(cookie) => {
            let to = posted.field("next").map_or(SECURITY, |next| safe_next(Some(next)));
            Answer { cookie: cookie.map(CookieChange::Set), ..Answer::go(to) }
        }
        Err(error) => posted.again(error, &["next"]),
    }
}
