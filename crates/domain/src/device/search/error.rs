use gatehouse_model::ErrorKind;

use crate::Decision;
use crate::entity::MAX_SEARCH_WORDS;
use crate::ports::StoreError;

/// Why a list cannot be shown as asked for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("\"{value}\" is nothing that \"{name}\" can be")]
    Value { name: &'static str, value: String },
    #[error("a search can have at most {MAX_SEARCH_WORDS} words")]
    TooManyWords,
    #[error("this link to a page of the list is damaged")]
    Token,
    #[error(
        "this link to a page belongs to a list with another search, filter or order, or to an earlier release"
    )]
    OtherList,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for SearchError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Value { .. } | Self::TooManyWords | Self::Token | Self::OtherList => {
                ErrorKind::InvalidInput
            }
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Value { .. } => "invalid_filter",
            Self::TooManyWords => "too_many_words",
            Self::Token => "page_token_invalid",
            Self::OtherList => "page_token_stale",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Value { .. } => "choose the filters on the page of the inventory",
            Self::TooManyWords => "leave out the words that most devices have",
            Self::Token | Self::OtherList => "begin at the first page of the list",
            Self::Store(_) => return None,
        };
        Some(hint.to_owned())
    }
}
