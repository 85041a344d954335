use gatehouse_domain::SecretToken;
use gatehouse_domain::account::{ConfirmChoices, FactorAnswer, PasskeyAnswer};

use super::{AuthenticatorSecret, Moment};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

/// A passkey of a list.
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_synced: bool,
    /// Signs in without a user name.
    pub(crate) is_discoverable: bool,
    /// The address that it is for, if that is not the present one.
    pub(crate) stranded: Option<String>,
    pub(crate) created: Moment,
    pub(crate) last_used: Option<Moment>,
}

/// How the own account is protected.
pub(crate) struct SecurityView {
    pub(crate) keys: Vec<KeyRow>,
    /// Passkeys count on this cluster.
    pub(crate) passkeys_allowed: bool,
    /// The host that passkeys are for; none where there can be none.
    pub(crate) rp_id: Option<String>,
    /// Codes of authenticator apps count on this cluster.
    pub(crate) codes_allowed: bool,
    /// The cluster asks for no second factor.
    pub(crate) is_off: bool,
    pub(crate) has_authenticator: bool,
    pub(crate) recovery_codes: i64,
    /// Changes need no step-up now.
    pub(crate) is_fresh: bool,
}

/// How it is proven anew that it is the user.
pub(crate) type Confirmation = ConfirmChoices;

/// How the own account is protected.
///
/// # Errors
/// Nobody is signed in.
pub(crate) async fn security_view(console: &ConsoleContext) -> Result<SecurityView, ApiError> {
    let found = console.services.accounts.security(&console.principal).await;
    let found = found.map_err(|error| console.refuse(error))?;
    let keys = found.passkeys.into_iter().map(|key| KeyRow {
        stranded: (found.rp_id.as_ref() != Some(&key.rp_id)).then_some(key.rp_id),
        id: key.id,
        name: key.name,
        is_synced: key.backed_up,
        is_discoverable: key.discoverable,
        created: moment(key.created),
        last_used: key.last_used.map(moment),
    });
    Ok(SecurityView {
        keys: keys.collect(),
        passkeys_allowed: found.policy.allows_passkeys(),
        rp_id: found.rp_id,
        codes_allowed: found.policy.allows_codes(),
        is_off: !found.policy.allows_passkeys() && !found.policy.allows_codes(),
        has_authenticator: found.has_authenticator,
        recovery_codes: found.recovery_codes,
        is_fresh: found.is_fresh,
    })
}

/// How it can be proven anew that it is the user.
///
/// # Errors
/// Nobody is signed in.
pub(crate) async fn confirmation(console: &ConsoleContext) -> Result<Confirmation, ApiError> {
    let choices = console.services.accounts.confirm_choices(&console.principal).await;
    choices.map_err(|error| console.refuse(error))
}

/// Proves it; answers with the session's new cookie.
///
/// # Errors
/// It is wrong; throttled.
pub(crate) async fn confirm(
    console: &ConsoleContext,
    password: &str,
    answer: &FactorAnswer,
) -> Result<Option<SecretToken>, ApiError> {
    let done = console.services.accounts.confirm_second_factor(&console.principal, password, answer).await;
    done.map_err(|error| console.refuse(error))
}

/// Sets a new password.
///
/// # Errors
/// The two differ or are weak; the factor is not fresh.
pub(crate) async fn change_password(
    console: &ConsoleContext,
    password: &str,
    again: &str,
) -> Result<(), ApiError> {
    if password != again {
        return Err(ApiError::invalid("passwords_differ", "the two passwords differ"));
    }
    let done = console.services.accounts.change_password(&console.principal, password).await;
    done.map_err(|error| console.refuse(error))
}

/// Adds a passkey; answers with its name, and with recovery codes where it is the first factor.
///
/// # Errors
/// It is not accepted; the factor is not fresh.
pub(crate) async fn add_passkey(
    console: &ConsoleContext,
    answer: &PasskeyAnswer,
    name: &str,
) -> Result<(String, Vec<String>), ApiError> {
    let done = console.services.accounts.add_passkey(&console.principal, answer, name).await;
    done.map(|(passkey, codes)| (passkey.name, codes)).map_err(|error| console.refuse(error))
}

/// # Errors
/// There is no such passkey; a name that is too long.
pub(crate) async fn rename_passkey(console: &ConsoleContext, id: &str, name: &str) -> Result<(), ApiError> {
    let done = console.services.accounts.rename_passkey(&console.principal, id, name).await;
    done.map_err(|error| console.refuse(error))
}

/// # Errors
/// It is the last factor; the factor is not fresh.
pub(crate) async fn remove_passkey(console: &ConsoleContext, id: &str) -> Result<String, ApiError> {
    let done = console.services.accounts.remove_passkey(&console.principal, id).await;
    done.map_err(|error| console.refuse(error))
}

/// The secret that this session is offered.
///
/// # Errors
/// The factor is not fresh; codes do not count on this cluster.
pub(crate) async fn offer_authenticator(console: &ConsoleContext) -> Result<AuthenticatorSecret, ApiError> {
    let offered = console.services.accounts.offer_authenticator(&console.principal).await;
    let offered = offered.map_err(|error| console.refuse(error))?;
    Ok(AuthenticatorSecret { url: offered.url, base32: offered.base32 })
}

/// # Errors
/// The code is wrong; the factor is not fresh.
pub(crate) async fn set_authenticator(console: &ConsoleContext, code: &str) -> Result<Vec<String>, ApiError> {
    let done = console.services.accounts.set_authenticator(&console.principal, code).await;
    done.map_err(|error| console.refuse(error))
}

/// # Errors
/// It is the last factor; the factor is not fresh.
pub(crate) async fn remove_authenticator(console: &ConsoleContext) -> Result<(), ApiError> {
    let done = console.services.accounts.remove_authenticator(&console.principal).await;
    done.map_err(|error| console.refuse(error))
}

/// # Errors
/// The factor is not fresh.
pub(crate) async fn new_recovery_codes(console: &ConsoleContext) -> Result<Vec<String>, ApiError> {
    let done = console.services.accounts.renew_recovery_codes(&console.principal).await;
    done.map_err(|error| console.refuse(error))
}
