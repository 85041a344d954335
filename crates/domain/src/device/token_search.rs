//! Searching the enrolment tokens there are.

use gatehouse_model::{ErrorKind, Timestamp, clean_label};

use super::{DeviceError, EnrollTokens};
use crate::Decision;
use crate::authz::{Grant, ListDevices};
use crate::entity::{Device, EnrollToken, TokenCursor, TokenFilter, TokenState};

/// Tokens of one page, at most.
const MAX_PAGE: usize = 1000;
/// Tokens that are read at once where not each of them counts.
const CHUNK: i64 = 500;
/// Tokens that are looked at for one page: where fewer match, the page ends before it is full.
const MAX_LOOKED_AT: usize = 5000;
/// Longest text that is searched for, in bytes.
const MAX_TEXT: usize = 200;

/// States of the tokens that are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenStates {
    #[default]
    Active,
    All,
    /// Only ended ones, and these.
    Only(TokenState),
}

/// Which tokens are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenQuery {
    pub device_id: Option<String>,
    pub states: TokenStates,
    /// How the name of whoever made it begins.
    by: String,
    /// In what it is for, the device's asset tag, or at the beginning of its id.
    text: String,
}

/// Why tokens cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenQueryError {
    #[error("there is no state of tokens \"{0}\"")]
    State(String),
    #[error("the text to search for is longer than {MAX_TEXT} bytes")]
    TooLong,
}

impl Decision for TokenQueryError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::State(_) => "token_state_unknown",
            Self::TooLong => "search_too_long",
        }
    }

    fn hint(&self) -> Option<String> {
        let Self::State(_) = self else { return None };
        let states = TokenState::ALL.map(TokenState::as_str).join(", ");
        Some(format!("the states are {states} and all"))
    }
}

/// A page of tokens, newest first.
#[derive(Clone, Debug, Default)]
pub struct TokensFound {
    pub tokens: Vec<(EnrollToken, Device)>,
    pub next: Option<TokenCursor>,
    /// The page ends before it is full because too many tokens did not match; the list may go on at `next`.
    pub stopped: bool,
}

impl TokenStates {
    /// As an address spells it; nothing is [`TokenStates::Active`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "",
            Self::All => "all",
            Self::Only(state) => state.as_str(),
        }
    }

    fn read(text: &str) -> Result<Self, TokenQueryError> {
        let known = TokenState::ALL.into_iter().find(|state| state.as_str() == text);
        match (text, known) {
            ("", _) | (_, Some(TokenState::Active)) => Ok(Self::Active),
            ("all", _) => Ok(Self::All),
            (_, Some(state)) => Ok(Self::Only(state)),
            (_, None) => Err(TokenQueryError::State(clean_label(text))),
        }
    }

    fn hold(self, state: TokenState) -> bool {
        match self {
            Self::Active => state == TokenState::Active,
            Self::All => true,
            Self::Only(only) => state == only,
        }
    }
}

impl TokenQuery {
    /// Reads what an address asks for; empty texts ask for nothing.
    ///
    /// # Errors
    /// An unknown state, a text that is too long.
    pub fn read(device_id: &str, state: &str, by: &str, text: &str) -> Result<Self, TokenQueryError> {
        if text.len().max(by.len()).max(device_id.len()) > MAX_TEXT {
            return Err(TokenQueryError::TooLong);
        }
        let folded = |text: &str| text.trim().to_lowercase();
        Ok(Self {
            device_id: Some(device_id.trim().to_owned()).filter(|id| !id.is_empty()),
            states: TokenStates::read(state)?,
            by: folded(by),
            text: folded(text),
        })
    }

    /// Whether it asks for anything but the active tokens.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        *self != Self::default()
    }

    fn takes_each(&self) -> bool {
        matches!(self.states, TokenStates::Active | TokenStates::All)
            && self.by.is_empty()
            && self.text.is_empty()
    }

    fn holds(&self, token: &EnrollToken, device: &Device, now: Timestamp) -> bool {
        let within = |text: &str| text.to_lowercase().contains(&self.text);
        self.states.hold(token.state(now))
            && token.created_by.to_lowercase().starts_with(&self.by)
            && (within(&token.note) || within(device.asset_tag.as_str()) || token.id.starts_with(&self.text))
    }
}

impl EnrollTokens {
    /// A page of the tokens that the query asks for, from `before` on.
    ///
    /// # Errors
    /// Storage.
    pub async fn search(
        &self,
        _grant: &Grant<ListDevices>,
        query: &TokenQuery,
        before: Option<&TokenCursor>,
        size: usize,
    ) -> Result<TokensFound, DeviceError> {
        let (size, now) = (size.clamp(1, MAX_PAGE), self.core.now());
        let filter = TokenFilter {
            device_id: query.device_id.clone(),
            active_at: (query.states == TokenStates::Active).then_some(now),
        };
        // One more, to know whether there is another page.
        let chunk = if query.takes_each() { i64::try_from(size).unwrap_or(CHUNK) + 1 } else { CHUNK };
        let mut work = self.core.read().await?;
        let mut found = TokensFound::default();
        let (mut place, mut looked_at) = (before.cloned(), 0);
        loop {
            let tokens = work.enroll_tokens_with_devices(&filter, place.as_ref(), chunk).await?;
            let is_last = i64::try_from(tokens.len()).is_ok_and(|len| len < chunk);
            place = tokens.last().map(|(token, _)| TokenCursor::at(token)).or(place);
            looked_at += tokens.len();
            for (token, device) in
                tokens.into_iter().filter(|(token, device)| query.holds(token, device, now))
            {
                if found.tokens.len() == size {
                    found.next = found.tokens.last().map(|(last, _)| TokenCursor::at(last));
                    return Ok(found);
                }
                found.tokens.push((token, device));
            }
            if is_last {
                return Ok(found);
            }
            if looked_at >= MAX_LOOKED_AT {
                return Ok(TokensFound { next: place, stopped: true, ..found });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        let read = |state: &str| TokenQuery::read("", state, "", "").map(|query| query.states);
        assert_eq!(read(""), Ok(TokenStates::Active));
        assert_eq!(read("active"), Ok(TokenStates::Active));
        for states in [TokenStates::All, TokenStates::Only(TokenState::Spent)] {
            assert_eq!(read(states.as_str()), Ok(states));
        }
        let error = read("SPENT").unwrap_err();
        assert_eq!(error, TokenQueryError::State("SPENT".to_owned()));
        assert!(error.hint().unwrap().contains("spent, revoked, expired, exhausted and all"));
        assert_eq!(TokenQuery::read("", "", "", &"x".repeat(201)), Err(TokenQueryError::TooLong));
    }

    #[test]
    fn what_is_empty_asks_for_nothing() {
        let query = TokenQuery::read(" ", "", " ", "").unwrap();
        assert!(!query.is_narrowed() && query.takes_each());
        let query = TokenQuery::read("", "", "Al", "").unwrap();
        assert!(query.is_narrowed() && !query.takes_each());
    }
}
