use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::ApiError;

#[cfg(feature = "ssr")]
use {
    crate::{ConsoleContext, moment::moment},
    gatehouse_domain::account::{NewFactor, SignedUp},
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
    /// Where the cluster accepts authenticator apps.
    pub authenticator: Option<AuthenticatorSecret>,
    /// The cluster accepts passkeys, and browsers know them here.
    pub takes_passkeys: bool,
    /// Nobody signs up without a second factor.
    pub factor_required: bool,
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
        takes_passkeys: facts.passkey,
        factor_required: facts.factor_required,
        expires: moment(facts.expires),
    })
}

/// What was filled in.
#[cfg(feature = "ssr")]
pub(crate) struct SignupAnswers {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) password_again: String,
    pub(crate) factor: NewFactor,
}

/// Redeems a link.
///
/// # Errors
/// The link is not valid, the passwords differ or are weak, the factor is not accepted, the name cannot be.
#[cfg(feature = "ssr")]
pub(crate) async fn redeem(
    console: &ConsoleContext,
    token: &str,
    answers: &SignupAnswers,
) -> Result<SignedUp, ApiError> {
    // Both were typed by the same person a moment ago: nothing is learnt from how long this takes.
    if answers.password != answers.password_again {
        return Err(ApiError::invalid("passwords_differ", "the two passwords differ"));
    }
    let finished = console
        .services
        .accounts
        .finish_signup(token, &answers.user, &answers.password, &answers.factor, &console.facts)
        .await;
    finished.map_err(|error| console.refuse(error))
}
