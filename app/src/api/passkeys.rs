use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ApiError;

#[cfg(feature = "ssr")]
use crate::ConsoleContext;

/// What the browser asks its authenticators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyQuestion {
    /// By which the answer names the ceremony.
    pub ceremony: String,
    /// JSON of the options for `navigator.credentials`.
    pub options: String,
    /// Where the answer counts.
    pub origin: String,
}

/// Begins a passkey ceremony. It is bound to whoever asks: the session, the sign-in half done, or the link.
///
/// # Errors
/// Passkeys are not to be had here, there is none, or a fresh second factor is asked for.
#[server(prefix = "/api", endpoint = "passkey")]
pub async fn ask_passkey(
    /// `sign-in`, `second-factor`, `sign-up`, `add` or `confirm`.
    purpose: String,
    /// The name that the first admin chose.
    #[server(default)]
    user: String,
    /// The token of a sign-up link.
    #[server(default)]
    token: String,
) -> Result<PasskeyQuestion, ApiError> {
    let console = ConsoleContext::current()?;
    let accounts = &console.services.accounts;
    let asked = match purpose.as_str() {
        "sign-in" => accounts.ask_for_passwordless(&console.facts).await,
        "second-factor" => accounts.ask_for_second_factor(&console.pending_sign_in).await,
        "sign-up" => accounts.ask_for_signup_passkey(&token, &user).await,
        "add" => accounts.ask_for_own_new_passkey(&console.principal).await,
        "confirm" => accounts.ask_to_confirm(&console.principal).await,
        _ => Err(gatehouse_domain::account::AccountError::Ceremony),
    };
    let question = asked.map_err(|error| console.refuse(error))?;
    Ok(PasskeyQuestion {
        ceremony: question.ceremony.reveal().to_owned(),
        options: question.options,
        origin: accounts.passkey_origin().unwrap_or_default().to_owned(),
    })
}
