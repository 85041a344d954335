//! Calls whose message could not be read. tonic answers them before any handler of ours runs, with a bare `Internal`: here
//! they get a code of ours, as every refusal has, and whoever made them leaves an event.

use axum::response::Response;
use gatehouse_domain::{Failure, Services};
use gatehouse_model::clean_label;
use tonic::{Code, Status};

use super::caller::Caller;
use super::status;

const TOO_LONG: &str = "message_too_long";

/// The failure that a broken-off reading is. What cannot be decoded is the client's mistake, not ours.
pub(super) fn malformed(found: &Status) -> Failure {
    let why = clean_label(found.message());
    status::invalid("message_malformed", format!("the message cannot be read: {why}"))
}

/// The failure that a message is that is longer than any may be.
pub(super) fn too_long(found: &Status) -> Failure {
    status::invalid(TOO_LONG, clean_label(found.message()))
}

/// Why nothing of ours has seen the call; `None` for an answer that one of our handlers gave.
fn why(answer: &Response) -> Option<(Failure, bool)> {
    let found = Status::from_header_map(answer.headers())?;
    match (found.code(), status::own_code(&found)) {
        // Of a body that was over its limit: it has its form already.
        (_, Some(TOO_LONG)) => Some((too_long(&found), true)),
        (_, Some(_)) => None,
        (Code::Internal, None) => Some((malformed(&found), false)),
        (Code::OutOfRange | Code::ResourceExhausted, None) => Some((too_long(&found), false)),
        _ => None,
    }
}

/// The answer to a call, in our own form where tonic made it up, and noted.
pub(super) async fn answered(answer: Response, caller: &Caller, services: &Services) -> Response {
    let Some((failure, has_form)) = why(&answer) else { return answer };
    if caller.has_refused() {
        return answer;
    }
    // Whoever cannot be told who they are is a stranger, who leaves no event.
    let _ = caller.principal(services).await;
    let refused = caller.status(failure);
    if has_form { answer } else { refused.into_http() }
}
