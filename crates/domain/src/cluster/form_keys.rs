use std::sync::Arc;

use gatehouse_model::ErrorKind;

use crate::ports::StoreError;
use crate::{Core, Decision, SecretToken};

/// Keys that forms carry, each good for one sending: what is sent twice is done once.
pub struct FormKeys {
    core: Arc<Core>,
}

/// Why a form does not count.
#[derive(Debug, thiserror::Error)]
pub enum FormKeyError {
    #[error("this form was already sent, and what it asked for was done at most once")]
    Used,
    #[error("this form has no key, so it was not sent by one of the console's pages")]
    Missing,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for FormKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Used => ErrorKind::Conflict,
            Self::Missing => ErrorKind::InvalidInput,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Used => "form_sent_twice",
            Self::Missing => "form_key_missing",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Used => Some("look at what there is now before you send it once more".to_owned()),
            Self::Missing => Some("open the page again and fill in its form".to_owned()),
            Self::Store(_) => None,
        }
    }
}

impl FormKeys {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// A key for a form that is about to be shown.
    #[must_use]
    pub fn fresh(&self) -> String {
        SecretToken::generate(self.core.random.as_ref()).reveal().to_owned()
    }

    /// Uses up the key of a form that was sent.
    ///
    /// # Errors
    /// It was used before, or is none.
    pub async fn take(&self, key: Option<&str>) -> Result<(), FormKeyError> {
        let key = key.and_then(SecretToken::read).ok_or(FormKeyError::Missing)?;
        let mut work = self.core.begin().await?;
        if !work.take_form_key(&key.hash(), self.core.now()).await? {
            return Err(FormKeyError::Used);
        }
        Ok(work.commit().await?)
    }
}
