mod accept_counters;
mod add;
mod boot;
mod enroll;
mod lock;
mod ls;
mod rm;
mod ship_ahead;
mod target;
mod token_block;
mod tokens;

use super::evidence;
use crate::cli::{DevicesCommand, ServerArgs, TokensCommand};
use crate::failure::Outcome;

pub(crate) async fn run(server: &ServerArgs, command: DevicesCommand) -> Outcome {
    match command {
        DevicesCommand::Add(args) => add::run(server, args).await,
        DevicesCommand::Ls(args) => ls::run(server, args.format()).await,
        DevicesCommand::Rm(target) => rm::run(server, &target).await,
        DevicesCommand::Enroll(args) => enroll::run(server, args).await,
        DevicesCommand::Lock(args) => lock::run(server, args).await,
        DevicesCommand::Tokens(TokensCommand::Ls(args)) => tokens::list(server, args).await,
        DevicesCommand::Tokens(TokensCommand::Rm { id }) => tokens::revoke(server, id).await,
        DevicesCommand::ShipAhead(command) => ship_ahead::run(server, command).await,
        DevicesCommand::Boot(args) => boot::run(server, &args).await,
        DevicesCommand::Evidence(args) => evidence::export(server, &args).await,
        DevicesCommand::AcceptCounters(target) => accept_counters::run(server, &target).await,
    }
}
