//! Enrolment tokens as objects.

use gatehouse_domain::authz::{ListDevices, RevokeEnrollToken};
use gatehouse_domain::device::TokenQuery;
use gatehouse_domain::entity::{Device, EnrollToken, TokenCursor, TokenState};

use super::page_token;
use crate::{ApiError, ConsoleContext};

/// Tokens of one page.
const PAGE: usize = 50;

/// A page of tokens.
pub(crate) struct Tokens {
    pub(crate) rows: Vec<TokenRow>,
    /// Token of the next page.
    pub(crate) next: Option<String>,
    /// The page is not full because too many tokens did not match.
    pub(crate) stopped: bool,
}

pub(crate) struct TokenRow {
    pub(crate) token: EnrollToken,
    pub(crate) state: TokenState,
    pub(crate) device: Device,
}

/// Tokens that the query asks for, newest first.
pub(crate) async fn list(
    console: &ConsoleContext,
    query: &TokenQuery,
    before: Option<&str>,
) -> Result<Tokens, ApiError> {
    let before: Option<TokenCursor> = before.map(page_token::read).transpose()?;
    let grant = console.principal.grant::<ListDevices>().map_err(|error| console.refuse(error))?;
    let tokens = &console.services.tokens;
    let found = tokens.search(&grant, query, before.as_ref(), PAGE).await;
    let found = found.map_err(|error| console.refuse(error))?;
    let rows = found
        .tokens
        .into_iter()
        .map(|(token, device)| TokenRow { state: tokens.state(&token), token, device })
        .collect();
    Ok(Tokens { rows, next: found.next.as_ref().and_then(page_token::write), stopped: found.stopped })
}

pub(crate) async fn revoke(console: &ConsoleContext, id: &str) -> Result<(), ApiError> {
    let grant = console.principal.grant::<RevokeEnrollToken>().map_err(|error| console.refuse(error))?;
    console.services.tokens.revoke(&grant, id).await.map_err(|error| console.refuse(error))
}
