//! The CAs whose TPMs are trusted.

mod check;
mod fetch;
mod files;
mod foresee;
mod list;
mod pinned;

pub(crate) use check::{allowed_in, check};
pub(crate) use files::read_input;
pub(crate) use foresee::{bundle, tell_additions};
pub(crate) use pinned::write as write_pinned;

use crate::cli::{EkcasCommand, ServerArgs};
use crate::failure::Outcome;

/// What needs a server.
pub(crate) async fn administer(server: &ServerArgs, command: EkcasCommand) -> Outcome {
    match command {
        EkcasCommand::Ls(format) => list::ls(server, format.format()).await,
        EkcasCommand::Add(args) => list::add(server, &args).await,
        EkcasCommand::Fetch(args) => fetch::fetch(server, &args).await,
        EkcasCommand::Import(args) => pinned::import(server, &args).await,
        EkcasCommand::Rm(args) => list::rm(server, &args).await,
        EkcasCommand::Failing(format) => foresee::failing(server, format.format()).await,
        EkcasCommand::Check(args) => check(&args),
    }
}
