use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_model::ErrorKind;
use subtle::ConstantTimeEq as _;

use crate::ports::StoreError;
use crate::{Core, Decision, SecretToken};

/// Keys that forms carry, each good for one sending by the session that it was given to: what is sent twice is done once.
///
/// A key is half chance and half a checksum over that and the session. Only what this cluster gave out is kept when it is
/// used, so that nobody fills storage with keys of their own making. A key has no date: it counts no longer than its
/// session, and browsers' sessions end before used keys are forgotten.
pub struct FormKeys {
    core: Arc<Core>,
}

/// Bytes of chance, and bytes of the checksum.
const HALF: usize = 16;

/// Why a form does not count.
#[derive(Debug, thiserror::Error)]
pub enum FormKeyError {
    #[error("this form was already sent, and what it asked for was done at most once")]
    Used,
    #[error("this form has no key, so it was not sent by one of the console's pages")]
    Missing,
    /// Of another session, or made up.
    #[error("this form was not given to the session that sent it")]
    Foreign,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for FormKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Used => ErrorKind::Conflict,
            Self::Missing | Self::Foreign => ErrorKind::InvalidInput,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Used => "form_sent_twice",
            Self::Missing => "form_key_missing",
            Self::Foreign => "form_key_foreign",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Used => Some("look at what there is now before you send it once more".to_owned()),
            Self::Missing => Some("open the page again and fill in its form".to_owned()),
            Self::Foreign => Some(
                "somebody signed in again in this browser after the page was opened: open it once more"
                    .to_owned(),
            ),
            Self::Store(_) => None,
        }
    }
}

impl FormKeys {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// A key for a form that is about to be shown to a session, by its public id.
    #[must_use]
    pub fn fresh(&self, session_id: &str) -> String {
        let nonce = self.core.random_bytes();
        URL_SAFE_NO_PAD.encode([nonce, self.checksum(session_id, nonce)].concat())
    }

    fn checksum(&self, session_id: &str, nonce: [u8; HALF]) -> [u8; HALF] {
        let message = [b"form key:".as_slice(), &nonce, session_id.as_bytes()].concat();
        let checksum = self.core.sealer.checksum(&message);
        std::array::from_fn(|place| checksum.get(place).copied().unwrap_or_default())
    }

    /// Whether the key was given to this session.
    fn is_of(&self, session_id: &str, key: &SecretToken) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(key.reveal()).unwrap_or_default();
        let Some((nonce, checksum)) = bytes.split_first_chunk::<HALF>() else { return false };
        self.checksum(session_id, *nonce).as_slice().ct_eq(checksum).into()
    }

    /// Uses up the key of a form that was sent.
    ///
    /// # Errors
    /// It was used before, is none, or none of this session's.
    pub async fn take(&self, session_id: &str, key: Option<&str>) -> Result<(), FormKeyError> {
        let key = key.and_then(SecretToken::read).ok_or(FormKeyError::Missing)?;
        if !self.is_of(session_id, &key) {
            return Err(FormKeyError::Foreign);
        }
        let mut work = self.core.begin().await?;
        if !work.take_form_key(&key.hash(), self.core.now()).await? {
            return Err(FormKeyError::Used);
        }
        Ok(work.commit().await?)
    }
}
