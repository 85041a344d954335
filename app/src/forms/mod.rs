//! What answers the forms: each handler parses what was sent, calls one method of the domain, and says how to go on.

mod entry;

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
        PostRoute::new("/web/login", handler!(entry::sign_in)).open(),
        PostRoute::new("/web/logout", handler!(entry::sign_out)).open(),
        PostRoute::new("/web/signup/{token}", handler!(entry::sign_up)).open(),
    ]
}
