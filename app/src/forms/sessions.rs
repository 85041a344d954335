//! Ending sessions: the own ones, and, for administrators, anybody's.

use super::refused;
use crate::{Answer, ConsoleContext, CookieChange, Posted};

const OWN: &str = "/web/account/sessions";
const ALL: &str = "/web/sessions";

/// Of the account's own list.
pub(super) async fn own(console: ConsoleContext, posted: Posted) -> Answer {
    let sessions = &console.services.sessions;
    if posted.action() == "end-others" {
        return match sessions.end_others(&console.principal).await {
            Ok(0) => Answer::go(OWN).saying("There was no other session."),
            Ok(1) => Answer::go(OWN).saying("One other session ended."),
            Ok(count) => Answer::go(OWN).saying(format!("{count} other sessions ended.")),
            Err(error) => refused(&posted, console.refuse(error), &[]),
        };
    }
    let id = posted.field("id").unwrap_or_default();
    match sessions.end_own(&console.principal, id).await {
        Ok(()) => ended(&console, id, OWN.to_owned()),
        Err(error) => refused(&posted, console.refuse(error), &[]),
    }
}

/// Of everybody's list.
pub(super) async fn all(console: ConsoleContext, posted: Posted) -> Answer {
    let id = posted.field("id").unwrap_or_default();
    let grant = match console.principal.grant() {
        Ok(grant) => grant,
        Err(error) => return posted.again(console.refuse(error), &[]),
    };
    let back = match posted.query.as_str() {
        "" => ALL.to_owned(),
        query => format!("{ALL}?{query}"),
    };
    match console.services.sessions.end(&grant, id).await {
        Ok(()) => ended(&console, id, back),
        Err(error) => posted.again(console.refuse(error), &[]),
    }
}

fn ended(console: &ConsoleContext, id: &str, back: String) -> Answer {
    // Somebody may end the session that they are in.
    if console.principal.signed_in().is_some_and(|user| user.session_id == id) {
        return Answer::go("/web/login?done=signed-out").with_cookie(CookieChange::Clear);
    }
    Answer::go(back)
        .saying("The session has ended: its cookie or certificate counts for nothing from now on.")
}
