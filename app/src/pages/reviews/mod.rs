//! What administrators have to decide about devices.

mod about;
mod list;
mod one;

pub(crate) use about::ReviewsAbout;
pub(crate) use list::ReviewsPage;
pub(crate) use one::ReviewPage;

use gatehouse_domain::entity::{ReviewReason, ReviewState};

use crate::components::Tone;

const PATH: &str = "/web/reviews";

fn state_words(state: ReviewState) -> (Tone, &'static str) {
    match state {
        ReviewState::Pending => (Tone::Warning, "waits"),
        ReviewState::Accepted => (Tone::Good, "accepted once"),
        ReviewState::Trusted => (Tone::Good, "accepted, CA allowed"),
        ReviewState::Refused => (Tone::Problem, "refused"),
        ReviewState::Expired => (Tone::Plain, "expired"),
    }
}

fn reason_words(reason: ReviewReason) -> &'static str {
    match reason {
        ReviewReason::UnknownCa => "TPM of a CA that is not known here",
        ReviewReason::BootDrift => "Booted otherwise than before",
    }
}
