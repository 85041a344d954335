//! The place of a page in its list, as addresses hold it: a cursor as JSON in base64, a name or a number. They hold no
//! secret and grant nothing; what this console did not write is refused, everywhere in the same words.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use gatehouse_model::UserName;

use crate::ApiError;

/// Longest token that is looked at, in bytes.
const MAX_LEN: usize = 2048;
const INVALID: &str = "page_token_invalid";
/// As the domain calls a place of another list.
const STALE: &str = "page_token_stale";

pub(crate) fn write<T: Serialize>(cursor: &T) -> Option<String> {
    serde_json::to_vec(cursor).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// The address names no place that a list can have.
pub(crate) fn damaged() -> ApiError {
    ApiError {
        hint: Some("begin at the first page of the list".to_owned()),
        ..ApiError::invalid(INVALID, "this link to a page of the list is damaged")
    }
}

/// Whether an error says that the place in the list is none, or none any more.
pub(crate) fn is_lost(code: &str) -> bool {
    [INVALID, STALE].contains(&code)
}

/// # Errors
/// A token that this console did not make.
pub(crate) fn read<T: DeserializeOwned>(token: &str) -> Result<T, ApiError> {
    (token.len() <= MAX_LEN)
        .then(|| URL_SAFE_NO_PAD.decode(token).ok())
        .flatten()
        // No database takes it for a text.
        .filter(|json| !String::from_utf8_lossy(json).contains("\\u0000"))
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(damaged)
}

/// The place beside a user, in lists that are sorted by their names.
///
/// # Errors
/// Nobody can be called so.
pub(crate) fn user(text: &str) -> Result<String, ApiError> {
    UserName::try_from(text).map(|name| name.as_str().to_owned()).map_err(|_| damaged())
}

/// The place by number, from 1 on.
///
/// # Errors
/// It is no such number.
pub(crate) fn number(text: &str) -> Result<i64, ApiError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_plain && *number > 0).ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::entity::DeviceCursor;

    use super::*;

    #[test]
    fn a_token_leads_back_to_its_cursor() {
        let cursor = DeviceCursor { tag: "ä/\"1".to_owned(), os: 1, id: "x".to_owned() };
        assert_eq!(read::<DeviceCursor>(&write(&cursor).unwrap()).unwrap(), cursor);
    }

    #[test]
    fn rubbish_is_refused() {
        let nul = DeviceCursor { tag: "\0".to_owned(), os: 1, id: "x".to_owned() };
        for bad in ["", "!", "e30", &"A".repeat(4096), &write(&nul).unwrap()] {
            assert_eq!(read::<DeviceCursor>(bad).unwrap_err().code, "page_token_invalid", "{bad:.8}");
        }
        for bad in ["", "\0", "a b", "<b>", &"a".repeat(99)] {
            assert_eq!(user(bad).unwrap_err().code, "page_token_invalid", "{bad:.8}");
        }
        for bad in ["", "0", "-1", "+1", "x", "1.5", "99999999999999999999"] {
            assert_eq!(number(bad).unwrap_err().code, "page_token_invalid", "{bad:.8}");
        }
        assert_eq!((user("Bob").unwrap().as_str(), number("7").unwrap()), ("bob", 7));
    }
}
