//! Devices from files: upload, preview, progress.

mod preview;
mod upload;

pub(crate) use preview::ImportPage;
pub(crate) use upload::ImportsPage;

use gatehouse_domain::entity::ImportState;

use crate::components::Tone;

/// How a state is shown.
fn state_words(state: ImportState) -> (Tone, &'static str) {
    match state {
        ImportState::Draft => (Tone::Plain, "not confirmed"),
        ImportState::Running => (Tone::Warning, "running"),
        ImportState::Done => (Tone::Good, "done"),
        ImportState::Failed => (Tone::Problem, "given up"),
    }
}
