//! Page tokens: a cursor as JSON in base64. They hold no secret and grant nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// Longest token that is looked at, in bytes.
const MAX_LEN: usize = 2048;

pub(crate) fn write<T: Serialize>(cursor: &T) -> Option<String> {
    serde_json::to_vec(cursor).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// # Errors
/// A token that this console did not make.
pub(crate) fn read<T: DeserializeOwned>(token: &str) -> Result<T, ApiError> {
    (token.len() <= MAX_LEN)
        .then(|| URL_SAFE_NO_PAD.decode(token).ok())
        .flatten()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| ApiError::invalid("page_token_invalid", "this link to a page of the list is damaged"))
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
        for bad in ["", "!", "e30", &"A".repeat(4096)] {
            assert_eq!(read::<DeviceCursor>(bad).unwrap_err().code, "page_token_invalid", "{bad:.8}");
        }
    }
}
