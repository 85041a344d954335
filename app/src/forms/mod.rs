//! What answers the forms: each handler parses what was sent, calls one method of the domain, and says how to go on.

pub(crate) mod cli_login;
mod entry;
mod security;
mod sessions;

use crate::form::PostRoute;

/// Makes a handler of an `async fn(ConsoleContext, Posted) -> Answer`.
macro_rules! handler {
    ($answer:path) => {
        |console, posted| Box::pin($answer(console, posted))
    };
}

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
        PostRoute::new("/web/account/security", handler!(security::account)),
        PostRoute::new("/web/account/security/authenticator", handler!(security::authenticator)),
        PostRoute::new("/web/account/security/passkeys/{id}", handler!(security::passkey)),
        PostRoute::new("/web/account/confirm", handler!(security::confirm)),
    ]
}
