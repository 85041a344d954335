//! Tokens of pages: where a page begins, and of which list. They hold no secret and grant nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{DeviceQuery, SearchError};
use crate::entity::ListPlace;

/// Changes with the meaning of what is in a token.
const VERSION: u8 = 1;
/// Longest token that is looked at, in bytes.
const MAX_LEN: usize = 4096;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageToken {
    /// The page ends there instead.
    pub(super) backward: bool,
    pub(super) place: ListPlace,
}

/// Version, fingerprint of the query, backward, then the place.
type Parts = (u8, String, bool, i64, String, String, i64);

impl PageToken {
    pub(super) fn write(self, query: &DeviceQuery) -> String {
        let ListPlace { number, text, tag, sequence } = self.place;
        let parts: Parts = (VERSION, query.fingerprint(), self.backward, number, text, tag, sequence);
        // Numbers and texts have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&parts).unwrap_or_default())
    }

    /// # Errors
    /// A token that this program did not make, or made for another list.
    pub(super) fn read(text: &str, query: &DeviceQuery) -> Result<Self, SearchError> {
        let json = Some(text).filter(|text| text.len() <= MAX_LEN);
        let json = json.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(SearchError::Token)?;
        let value: serde_json::Value = serde_json::from_slice(&json).map_err(|_| SearchError::Token)?;
        if value.get(0).is_some_and(|version| *version != VERSION) {
            return Err(SearchError::OtherList);
        }
        let parts: Parts = serde_json::from_value(value).map_err(|_| SearchError::Token)?;
        let (_, fingerprint, backward, number, text, tag, sequence) = parts;
        if [&text, &tag].iter().any(|text| text.contains('\0')) {
            return Err(SearchError::Token);
        }
        if fingerprint != query.fingerprint() {
            return Err(SearchError::OtherList);
        }
        Ok(Self { backward, place: ListPlace { number, text, tag, sequence } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decision as _;

    fn query(text: &str) -> DeviceQuery {
        DeviceQuery::read([("q", text)]).unwrap()
    }

    fn token() -> PageToken {
        let place = ListPlace { number: -1, text: "ä/\"".to_owned(), tag: "t 1".to_owned(), sequence: 7 };
        PageToken { backward: true, place }
    }

    #[test]
    fn a_token_leads_back_to_its_place() {
        let text = token().write(&query("x"));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        assert_eq!(PageToken::read(&text, &query("x")).unwrap(), token());
    }

    #[test]
    fn other_lists_and_releases_are_told_from_damage() {
        let text = token().write(&query("x"));
        assert_eq!(PageToken::read(&text, &query("y")).unwrap_err().code(), "page_token_stale");
        let later = URL_SAFE_NO_PAD.encode(br#"[2,"who knows"]"#);
        assert_eq!(PageToken::read(&later, &query("x")).unwrap_err().code(), "page_token_stale");
        let nul = serde_json::to_vec(&(VERSION, query("x").fingerprint(), true, 0, "\0", "", 0)).unwrap();
        for bad in ["", "!", "e30", "bnVsbA", &"A".repeat(9999), &text[..9], &URL_SAFE_NO_PAD.encode(nul)] {
            assert_eq!(
                PageToken::read(bad, &query("x")).unwrap_err().code(),
                "page_token_invalid",
                "{bad:.9}"
            );
        }
    }
}
