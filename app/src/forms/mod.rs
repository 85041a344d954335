//! What answers the forms: each handler parses what was sent, calls one method of the domain, and says how to go on.

pub(crate) mod cli_login;
mod device;
mod entry;
mod imports;
mod sessions;
mod tokens;

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
        PostRoute::new("/web/logout", handler!(entry::sign_out)).open(),
        PostRoute::new("/web/signup/{token}", handler!(entry::sign_up)).open(),
        PostRoute::new("/web/devices/add", handler!(device::add)),
        PostRoute::new("/web/devices/import", handler!(imports::upload)).up_to(imports::MAX_BODY),
        PostRoute::new("/web/devices/import/{id}", handler!(imports::decide)),
        PostRoute::new("/web/devices/{id}", handler!(device::act)),
        PostRoute::new("/web/tokens", handler!(tokens::revoke)),
    ]
}
