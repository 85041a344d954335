//! Reviews are decided.

use crate::api::{ek_cas, reviews};
use crate::{Answer, ConsoleContext, Posted};

pub(super) async fn decide(console: ConsoleContext, posted: Posted) -> Answer {
    let field = |name| posted.field(name).unwrap_or_default();
    let (id, seen) = (posted.param("id"), field("evidence"));
    let here = format!("/web/reviews/{id}");
    let (outcome, said) = match posted.action() {
        "accept" => (
            reviews::accept(&console, id, seen).await,
            "Accepted: the device is enrolled. Its CA stays unknown.",
        ),
        "refuse" => (reviews::refuse(&console, id, seen).await, "Refused: the device stays as it was."),
        "preview" => {
            return match super::ek_cas::certificates(&posted) {
                Ok(bytes) => match ek_cas::preview_add(&console, &bytes).await {
                    Ok(preview) => posted.show(preview),
                    Err(error) => super::refused(&posted, error, &["text"]),
                },
                Err(error) => posted.again(error, &["text"]),
            };
        }
        "trust" => (
            reviews::trust(&console, id, seen, field("certificates").as_bytes()).await,
            "The CA is allowed from now on, and the device is enrolled.",
        ),
        _ => (Err(super::no_such_form()), ""),
    };
    match outcome {
        Ok(()) => Answer::go(here).saying(said),
        Err(error) => super::refused(&posted, error, &[]),
    }
}
