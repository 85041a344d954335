//! Evidence of enrolments: as a folder, and judged once more.

mod export;
mod folder;
mod verify;

pub(crate) use export::export;
pub(crate) use verify::verify;
