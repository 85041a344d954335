use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::ApiError;

#[cfg(feature = "ssr")]
use {
    crate::{ConsoleContext, moment::moment},
    gatehouse_domain::account::NewFactor,
    gatehouse_domain::entity::LinkPurpose,
};

/// What a one-time link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignupPurpose {
    Invite,
    Reset,
    FirstAdmin,
}

/// The secret for an authenticator app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticatorSecret {
    /// `otpauth://…`
    pub url: String,
    pub base32: String,
}

/// What a one-time link leads to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signup {
    /// Empty for the first admin, who chooses a name.
    pub user: String,
    pub purpose: SignupPurpose,
    pub cluster_name: String,
    /// Where the cluster wants a one-time code.
    pub authenticator: Option<AuthenticatorSecret>,
    pub expires: Moment,
}

/// Says what a link is for, without spending it.
///
/// # Errors
/// The link is not valid.
#[server(name = GetSignup, prefix = "/api", endpoint = "signup")]
pub async fn signup(token: String) -> Result<Signup, ApiError> {
    let console = ConsoleContext::current()?;
    let begun = console.services.accounts.begin_signup(&token).await;
    let facts = begun.map_err(|error| console.refuse(error))?;
    Ok(Signup {
        user: facts.user,
        purpose: match facts.purpose {
            LinkPurpose::Invite => SignupPurpose::Invite,
            LinkPurpose::Reset => SignupPurpose::Reset,
            LinkPurpose::FirstAdmin => SignupPurpose::FirstAdmin,
        },
        cluster_name: console.services.status.cluster_name().to_owned(),
        authenticator: facts.otpauth.map(|(url, base32)| AuthenticatorSecret { url, base32 }),
        expires: moment(facts.expires),
    })
}

/// Redeems a link; answers with the name of the user.
///
/// # Errors
/// The link is not valid, the passwords differ or are weak, the code is wrong, the name cannot be.
#[server(prefix = "/api", endpoint = "finish_signup")]
pub async fn finish_signup(
    token: String,
    user: String,
    password: String,
    password_again: String,
    code: String,
) -> Result<String, ApiError> {
    let console = ConsoleContext::current()?;
    redeem(&console, &token, &SignupAnswers { user, password, password_again, code }).await
}

/// What was filled in.
#[cfg(feature = "ssr")]
pub struct SignupAnswers {
    pub user: String,
    pub password: String,
    pub password_again: String,
    pub code: String,
}

/// What [`finish_signup`] does.
///
/// # Errors
/// As [`finish_signup`].
#[cfg(feature = "ssr")]
pub async fn redeem(
    console: &ConsoleContext,
    token: &str,
    answers: &SignupAnswers,
) -> Result<String, ApiError> {
    // Both were typed by the same person a moment ago: nothing is learnt from how long this takes.
    if answers.password != answers.password_again {
        return Err(ApiError::invalid("passwords_differ", "the two passwords differ"));
    }
    let factor = NewFactor::Code(answers.code.clone());
    let finished = console
        .services
        .accounts
        .finish_signup(token, &answers.user, &answers.password, &factor, &console.facts)
        .await;
    finished.map(|done| done.user.name).map_err(|error| console.refuse(error))
}
