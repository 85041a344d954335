//! What answers the forms: each handler parses what was sent, calls one method of the domain, and says how to go on.

pub(crate) mod cli_login;
mod device;
mod ek_cas;
mod entry;
mod imports;
mod locks;
mod reviews;
mod roles;
mod security;
mod sessions;
mod settings;
mod ship_ahead;
mod tokens;
mod users;

pub(crate) use settings::{SAVE_BOOT, SAVE_WEB};

use gatehouse_domain::authz::{AnnounceTpms, CreateDevices, CreateRole, DecideReview, UpdatePreference};

use crate::form::{PostRoute, may};
use crate::pages::{FRESH_FACTOR, confirm_and_back_to};
use crate::{Answer, ApiError, Posted};

/// What was asked for is no form of the page.
fn no_such_form() -> ApiError {
    ApiError::invalid("malformed_form", "the page has no such form: reload it")
}

/// What asks for a fresh factor is confirmed first, and then repeated; everything else comes again with the error.
fn refused(posted: &Posted, error: ApiError, keep: &[&str]) -> Answer {
    if error.code == FRESH_FACTOR {
        return Answer::go(confirm_and_back_to(&posted.path))
            .saying("More than 5 minutes have passed: confirm that it is you, then repeat the step.");
    }
    posted.again(error, keep)
}

/// Whether the word was typed that a step asks for.
fn typed(posted: &Posted, word: &str) -> Result<(), ApiError> {
    if posted.field("confirm").unwrap_or_default().trim() == word {
        return Ok(());
    }
    Err(ApiError::invalid("confirmation_wrong", &format!("type {word} to confirm; nothing was done")))
}

/// Makes a handler of an `async fn(ConsoleContext, Posted) -> Answer`.
macro_rules! handler {
    ($answer:path) => {
        |console, posted| Box::pin($answer(console, posted))
    };
}

/// Largest form with the text of a role, in bytes: escaped, a text can take three times as much.
const ROLE_FORM: usize = 4 * gatehouse_document::role::MAX_BYTES;

/// Every page with forms.
#[must_use]
pub fn posts() -> Vec<PostRoute> {
    vec![
        PostRoute::new("/web/account/sessions", handler!(sessions::own)),
        PostRoute::new("/web/cli/login", handler!(cli_login::decide)),
        PostRoute::new("/web/sessions", handler!(sessions::all)),
        PostRoute::new("/web/login", handler!(entry::sign_in)).open(),
        PostRoute::new("/web/login/second-factor", handler!(entry::second_factor)).open(),
        PostRoute::new("/web/logout", handler!(entry::sign_out)).open(),
        PostRoute::new("/web/signup/{token}", handler!(entry::sign_up)).open(),
        PostRoute::new("/web/users/~new", handler!(users::invite)),
        PostRoute::new("/web/users/{name}", handler!(users::one)),
        PostRoute::new("/web/roles/~new", handler!(roles::create)).up_to(ROLE_FORM, may::<CreateRole>),
        PostRoute::new("/web/roles/{name}", handler!(roles::one)).up_to(ROLE_FORM, roles::may_change),
        PostRoute::new("/web/settings", handler!(settings::save)),
        PostRoute::new("/web/settings/cas", handler!(ek_cas::edit))
            .up_to(ek_cas::MAX_BODY, may::<UpdatePreference>),
        PostRoute::new("/web/reviews/{id}", handler!(reviews::decide))
            .up_to(ek_cas::MAX_BODY, may::<DecideReview>),
        PostRoute::new("/web/locks", handler!(locks::create)),
        PostRoute::new("/web/locks/{id}", handler!(locks::one)),
        PostRoute::new("/web/devices/add", handler!(device::add)),
        PostRoute::new("/web/devices/import", handler!(imports::upload))
            .up_to(imports::MAX_BODY, may::<CreateDevices>),
        PostRoute::new("/web/devices/import/{id}", handler!(imports::decide)),
        PostRoute::new("/web/devices/ship-ahead", handler!(ship_ahead::act))
            .up_to(ship_ahead::MAX_BODY, may::<AnnounceTpms>),
        PostRoute::new("/web/devices/{id}", handler!(device::act)),
        PostRoute::new("/web/tokens", handler!(tokens::revoke)),
        PostRoute::new("/web/account/security", handler!(security::account)),
        PostRoute::new("/web/account/security/authenticator", handler!(security::authenticator)),
        PostRoute::new("/web/account/security/passkeys/{id}", handler!(security::passkey)),
        PostRoute::new("/web/account/confirm", handler!(security::confirm)),
    ]
}
