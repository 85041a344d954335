use std::sync::Arc;

use gatehouse_model::{ErrorKind, Timestamp, clean_label};

use crate::audit::EventKind;
use crate::authz::{Attribution, AuthzError, DeleteSession, Grant, ListSessions, Principal};
use crate::entity::{Session, SessionDevice, SessionKey};
use crate::ports::{StoreError, UnitOfWork};
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
        self.page(user, before, limit).await
    }

    async fn page(
        &self,
        user: Option<&str>,
        before: Option<&(Timestamp, String)>,
        limit: i64,
    ) -> Result<SessionPage, SessionError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let now = self.core.now();
        let mut work = self.core.read().await?;
        let mut sessions = work.active_sessions(user, before, now, limit).await?;
        for session in &mut sessions {
            // Trust that has to be proven anew is none.
            session.device = session.trusted_device(now).cloned();
            // Nor is that which the roles of now refuse; few are confirmed so, and none of them is old.
            if session.device.as_ref().is_some_and(SessionDevice::depends_on_roles) {
                let standing = work.standing(SessionKey::Id(&session.id)).await?;
                session.device = standing.and_then(|standing| standing.trusted_device(now).cloned());
            }
        }
        drop(work);
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
        self.end_in(work, &session, grant.by()).await
    }

    async fn end_in(
        &self,
        mut work: Box<dyn UnitOfWork>,
        session: &Session,
        by: &Attribution,
    ) -> Result<(), SessionError> {
        let now = self.core.now();
        if session.is_over(now) || !work.end_session(&session.id, now).await? {
            return Err(SessionError::NotFound(clean_label(&session.id)));
        }
        let event = self.core.event(EventKind::SESSION_END, by).about(&session.id);
        work.append_event(&event.with_details(serde_json::json!({"user": session.user}))).await?;
        Ok(work.commit().await?)
    }

    /// The own sessions in force, newest first.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn list_own(
        &self,
        principal: &Principal,
        before: Option<&(Timestamp, String)>,
        limit: i64,
    ) -> Result<SessionPage, SessionError> {
        let (user, _) = principal.account()?;
        self.page(Some(&user.name), before, limit).await
    }

    /// Ends one of the own sessions.
    ///
    /// # Errors
    /// Nobody is logged in; there is no such session of theirs in force; it is another one than that which asks, and the
    /// factor was proven too long ago: whoever finds a session open is not to throw its owner out.
    pub async fn end_own(&self, principal: &Principal, id: &str) -> Result<(), SessionError> {
        let (user, grant) = principal.account()?;
        if user.session_id != id {
            principal.fresh_account()?;
        }
        let mut work = self.core.begin().await?;
        let own = work.session(id).await?.filter(|session| session.user == user.name);
        // Somebody else's is told apart from none by nobody.
        let session = own.ok_or_else(|| SessionError::NotFound(clean_label(id)))?;
        self.end_in(work, &session, grant.by()).await
    }

    /// Ends all own sessions but the one that asks; answers with how many.
    ///
    /// # Errors
    /// Nobody is logged in; the factor was proven too long ago.
    pub async fn end_others(&self, principal: &Principal) -> Result<usize, SessionError> {
        let (user, grant) = principal.fresh_account()?;
        let mut work = self.core.begin().await?;
        let now = self.core.now();
        let in_force = work.active_sessions(Some(&user.name), None, now, MAX_PAGE).await?;
        let ended = in_force.iter().filter(|session| session.id != user.session_id).count();
        work.end_sessions_of_user(&user.name, Some(&user.session_id), now).await?;
        let event = self.core.event(EventKind::SESSION_END, grant.by()).about("all other sessions");
        let details = serde_json::json!({"user": user.name, "sessions": ended});
        work.append_event(&event.with_details(details)).await?;
        work.commit().await?;
        Ok(ended)
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
