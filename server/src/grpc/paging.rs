//! Page tokens: a cursor of the store as JSON in base64. They hold no secret and grant nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_domain::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::status;

const DEFAULT_SIZE: i64 = 200;
/// As the domain has it: a page that is shorter than asked for is the last.
const MAX_SIZE: i64 = 1000;
const MAX_TOKEN: usize = 2048;

/// The wish for a page's size: 0 is the default, and there is a cap.
pub(super) fn size(wished: i32) -> i64 {
    if wished <= 0 { DEFAULT_SIZE } else { i64::from(wished).min(MAX_SIZE) }
}

/// Reads a cursor; the empty token is the first page.
pub(super) fn read<C: DeserializeOwned>(token: &str) -> Result<Option<C>, Failure> {
    if token.is_empty() {
        return Ok(None);
    }
    let cursor = (token.len() <= MAX_TOKEN)
        .then(|| URL_SAFE_NO_PAD.decode(token).ok())
        .flatten()
        .and_then(|json| serde_json::from_slice(&json).ok());
    cursor.map(Some).ok_or_else(|| status::invalid("page_token_invalid", "invalid page token"))
}

/// The token of the next page; empty after the last.
pub(super) fn token<C: Serialize>(next: Option<&C>) -> String {
    next.and_then(|cursor| serde_json::to_vec(cursor).ok())
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .unwrap_or_default()
}
