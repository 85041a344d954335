//! Enrolment tokens are revoked.

use crate::api::tokens;
use crate::{Answer, ConsoleContext, Posted};

pub(super) async fn revoke(console: ConsoleContext, posted: Posted) -> Answer {
    let id = posted.field("token").unwrap_or_default();
    match tokens::revoke(&console, id).await {
        Ok(()) => Answer::go("/web/tokens").saying("The token is revoked: it enrols nothing any more."),
        Err(error) => posted.again(error, &["token"]),
    }
}
