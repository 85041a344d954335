use std::sync::Arc;

use gatehouse_model::{ErrorKind, Timestamp, clean_label};

use crate::audit::EventKind;
use crate::authz::{AuthzError, DeleteSession, Grant, ListSessions, Principal};
use crate::entity::Session;
use crate::ports::StoreError;
use crate::{Core, Decision};

/// Logins that are in force.
pub struct Sessions {
    core: Arc<Core>,
}

/// Sessions and where the next page begins.
pub type SessionPage = (Vec<Session>, Option<(Timestamp, String)>);

/// Why a session cannot be ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("session \"{0}\" not found")]
    NotFound(String),
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for SessionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Authz(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "session_not_found",
            Self::Authz(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Authz(error) => error.hint(),
            _ => None,
        }
    }
}

const MAX_PAGE: i64 = 1000;

impl Sessions {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Sessions in force, newest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListSessions>,
        user: Option<&str>,
        before: Option<&(Timestamp, String)>,
        limit: i64,
    ) -> Result<SessionPage, SessionError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let sessions = self.core.read().await?.active_sessions(user, before, self.core.now(), limit).await?;
        let full = i64::try_from(sessions.len()).is_ok_and(|len| len == limit);
        let next = sessions.last().filter(|_| full).map(|last| (last.created, last.id.clone()));
        Ok((sessions, next))
    }

    /// Ends a session: its certificates and its cookie count for nothing from now on.
    ///
    /// # Errors
    /// There is no such session in force.
    pub async fn end(&self, grant: &Grant<DeleteSession>, id: &str) -> Result<(), SessionError> {
        let mut work = self.core.begin().await?;
        let session = work.session(id).await?.ok_or_else(|| SessionError::NotFound(clean_label(id)))?;
        if !work.end_session(id, self.core.now()).await? {
            return Err(SessionError::NotFound(clean_label(id)));
        }
        let event = self.core.event(EventKind::SESSION_END, grant.by()).about(id);
        work.append_event(&event.with_details(serde_json::json!({"user": session.user}))).await?;
        Ok(work.commit().await?)
    }

    /// Ends the own session.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn logout(&self, principal: &Principal) -> Result<(), SessionError> {
        let (signed_in, grant) = principal.account()?;
        let mut work = self.core.begin().await?;
        work.end_session(&signed_in.session_id, self.core.now()).await?;
        work.append_event(&self.core.event(EventKind::USER_LOGOUT, grant.by())).await?;
        Ok(work.commit().await?)
    }
}
