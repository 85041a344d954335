//! From what a caller presents to a [`Principal`].

use std::collections::BTreeSet;
use std::sync::Arc;

use gatehouse_model::{ErrorKind, Timestamp};

use crate::account::{RENEWED_SECS, rights};
use crate::authz::{Actor, Principal, Renewed, SignedIn, Trust};
use crate::cluster::Preference;
use crate::entity::{Digest, Session, SessionKey, SessionKind, Standing, User, target_text};
use crate::ports::ceremony_rows::CallerRecord;
use crate::ports::{DeviceExtensions, StoreError, UnitOfWork};
use crate::{Core, Decision, SecretToken};

/// Establishes who calls. Asked at every call and at every message of a stream, so that locks, ended sessions and
/// expired certificates take effect at once.
pub struct Identity {
    core: Arc<Core>,
    preference: Preference,
}

/// A client certificate whose chain the TLS layer has verified.
#[derive(Clone, Debug)]
pub struct PresentedCertificate {
    pub user: String,
    pub session_id: String,
    pub device: Option<DeviceExtensions>,
    pub not_after: Timestamp,
    pub public_key_der: Vec<u8>,
}

/// Facts of a request that the audit log wants.
#[derive(Clone, Debug, Default)]
pub struct RequestFacts {
    pub request_id: String,
    pub remote_address: String,
    /// As the client names itself.
    pub user_agent: String,
}

/// Why what a caller presents does not count.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("your certificate has expired")]
    CertificateExpired,
    #[error("your session has ended")]
    SessionEnded,
    #[error("your session was renewed by another request a moment ago")]
    SessionRenewed,
    #[error("lock targeting {0} is in force")]
    Locked(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for IdentityError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::CertificateExpired | Self::SessionEnded => ErrorKind::Unauthenticated,
            Self::SessionRenewed => ErrorKind::Conflict,
            Self::Locked(_) => ErrorKind::PermissionDenied,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::CertificateExpired => "certificate_expired",
            Self::SessionEnded => "session_ended",
            Self::SessionRenewed => "session_renewed",
            Self::Locked(_) => "locked",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::CertificateExpired | Self::SessionEnded => Some("log in again with `tsh login`".to_owned()),
            Self::SessionRenewed => Some("load the page again".to_owned()),
            Self::Locked(_) => Some("ask an administrator what the lock is for".to_owned()),
            Self::Store(_) => None,
        }
    }
}

/// How often a session's "last seen" is written, in seconds.
const TOUCH_SECS: i64 = 60;

impl Identity {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        Self { core, preference }
    }

    /// Somebody who presents nothing.
    #[must_use]
    pub fn anonymous(&self, facts: RequestFacts) -> Principal {
        self.principal(Actor::Anonymous, facts)
    }

    /// The host's admin, on the Unix socket.
    #[must_use]
    pub fn host_admin(&self, uid: u32, facts: RequestFacts) -> Principal {
        self.principal(Actor::HostAdmin { uid }, facts)
    }

    /// The holder of a client certificate.
    ///
    /// # Errors
    /// The certificate or the session is over, or a lock is in force.
    pub async fn by_certificate(
        &self,
        certificate: &PresentedCertificate,
        facts: RequestFacts,
    ) -> Result<Principal, IdentityError> {
        if certificate.not_after <= self.core.now() {
            return Err(IdentityError::CertificateExpired);
        }
        let mut work = self.core.look().await?;
        let claimed_device = certificate.device.as_ref().map(|device| device.device_id.as_str());
        let key = SessionKey::Id(&certificate.session_id);
        let caller = work
            .caller(key, claimed_device, self.core.now())
            .await?
            .filter(|CallerRecord { standing: Standing { session, .. }, .. }| {
                session.kind == SessionKind::Cli && session.user == certificate.user
            })
            .ok_or(IdentityError::SessionEnded)?;
        let session = caller.standing.session.clone();
        // Certificate and session must agree: a certificate from before the device authenticated proves no device,
        // and a session that lost its device makes the certificate's claim void.
        let device = certificate.device.clone().filter(|claimed| {
            session.trusted_device(self.core.now()).is_some_and(|known| {
                (&known.device_id, &known.asset_tag, &known.credential_id)
                    == (&claimed.device_id, &claimed.asset_tag, &claimed.credential_id)
            })
        });
        let mut user = self.signed_in(work.as_mut(), caller, device).await?;
        drop(work);
        user.certificate_has_device = certificate.device.is_some();
        user.tls_public_key_der.clone_from(&certificate.public_key_der);
        user.expires = certificate.not_after.min(session.expires);
        self.touch(&session).await?;
        Ok(self.principal(Actor::User(Box::new(user)), facts))
    }

    /// The holder of a browser session's cookie, as it stands now; anonymous if the cookie counts for nothing. For
    /// asking again within a request: it neither keeps the session from lying idle nor renews its cookie.
    ///
    /// # Errors
    /// A lock is in force.
    pub async fn by_cookie(&self, cookie: &str, facts: RequestFacts) -> Result<Principal, IdentityError> {
        Ok(self.holder(cookie, facts).await?.0)
    }

    /// Whoever makes a request with this cookie. Where the account's rights have changed since the cookie was given out,
    /// the session gets another: see [`Identity::renewed_cookie`].
    ///
    /// # Errors
    /// A lock is in force; another request has just been given another cookie.
    pub async fn visit(&self, cookie: &str, facts: RequestFacts) -> Result<Principal, IdentityError> {
        let (principal, found) = self.holder(cookie, facts).await?;
        let Some((session, rights)) = found else { return Ok(principal) };
        if session.rights == Some(rights) {
            self.touch(&session).await?;
            return Ok(principal);
        }
        self.renew(principal, &session, rights).await
    }

    async fn renew(
        &self,
        principal: Principal,
        session: &Session,
        rights: Digest,
    ) -> Result<Principal, IdentityError> {
        let Some(old) = session.cookie_hash else { return Ok(principal) };
        let cookie = SecretToken::generate_cookie(self.core.random.as_ref());
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        if !work.rotate_session_cookie(&session.id, &old, &cookie.hash(), &rights, now).await? {
            return Err(IdentityError::SessionRenewed);
        }
        work.touch_session(&session.id, now).await?;
        work.commit().await?;
        if let Actor::User(user) = &principal.actor {
            user.renewed.set(cookie);
        }
        Ok(principal)
    }

    /// The cookie that the session was given during a request by this principal, if it is in force: a unit of work may
    /// not have come to its end.
    ///
    /// # Errors
    /// Storage.
    pub async fn renewed_cookie(&self, principal: &Principal) -> Result<Option<SecretToken>, StoreError> {
        let renewed = principal.signed_in().and_then(|user| user.renewed.get());
        let Some(cookie) = renewed else { return Ok(None) };
        let standing = self.core.read().await?.standing(SessionKey::Cookie(&cookie.hash())).await?;
        // Nor is it handed out for a session that the same request has ended.
        let in_force = standing.is_some_and(|standing| !standing.session.is_over(self.core.now()));
        Ok(in_force.then_some(cookie))
    }

    /// The holder of a cookie, and where there is one the session and what it may do now.
    async fn holder(
        &self,
        cookie: &str,
        facts: RequestFacts,
    ) -> Result<(Principal, Option<(Session, Digest)>), IdentityError> {
        let Some(token) = SecretToken::read_cookie(cookie) else {
            return Ok((self.anonymous(facts), None));
        };
        let hash = token.hash();
        let mut work = self.core.look().await?;
        let Some(caller) = work.caller(SessionKey::Cookie(&hash), None, self.core.now()).await? else {
            let since = self.core.now().plus_secs(-RENEWED_SECS);
            if work.cookie_was_rotated(&hash, since).await? {
                return Err(IdentityError::SessionRenewed);
            }
            return Ok((self.anonymous(facts), None));
        };
        let trusted = caller.standing.trusted_device(self.core.now());
        let Standing { session, account, roles } = &caller.standing;
        let rights = rights(account.as_ref(), roles, trusted);
        let session = session.clone();
        let device = trusted.map(|device| DeviceExtensions {
            device_id: device.device_id.clone(),
            asset_tag: device.asset_tag.clone(),
            credential_id: device.credential_id.clone(),
        });
        let user = match self.signed_in(work.as_mut(), caller, device).await {
            Ok(user) => SignedIn { cookie_hash: Some(hash), ..user },
            Err(IdentityError::SessionEnded) => return Ok((self.anonymous(facts), None)),
            Err(error) => return Err(error),
        };
        drop(work);
        Ok((self.principal(Actor::User(Box::new(user)), facts), Some((session, rights))))
    }

    async fn signed_in(
        &self,
        work: &mut dyn UnitOfWork,
        CallerRecord { standing: Standing { session, account, roles }, lock, mode }: CallerRecord,
        device: Option<DeviceExtensions>,
    ) -> Result<SignedIn, IdentityError> {
        let now = self.core.now();
        if session.is_over(now) {
            return Err(IdentityError::SessionEnded);
        }
        // A session that is older than its account belonged to another one of the same name.
        let account = account
            .filter(|account| account.created <= session.created)
            .ok_or(IdentityError::SessionEnded)?;
        if let Some(target) = lock {
            return Err(IdentityError::Locked(target_text(&target)));
        }
        let mode = self.preference.mode(mode.as_deref());
        let is_bot = account.kind == gatehouse_model::resource::UserKind::Bot;
        // What a role that is gone asked for is not known: the strictest.
        let role_is_missing = account.roles.iter().any(|name| roles.iter().all(|role| role.name != *name));
        let device_required = role_is_missing
            || mode.requires_device(is_bot)
            || roles
                .iter()
                .filter_map(|role| role.spec.options.device_trust_mode)
                .any(|mode| mode.requires_device(is_bot));
        let has_enrolled_device =
            device_required && device.is_none() && work.user_has_enrolled_device(&account.name).await?;
        let trust = session.trusted_device(now).filter(|_| device.is_some());
        let trust = trust.map(|device| Trust {
            since: device.since,
            tier: device.tier,
            confirmed_by: device.confirmed_by,
        });
        Ok(SignedIn {
            trust,
            logins: logins(&account, &roles),
            name: account.name,
            kind: account.kind,
            roles,
            session_id: session.id,
            device,
            certificate_has_device: false,
            factor_time: session.factor_time,
            device_required,
            has_enrolled_device,
            tls_public_key_der: Vec::new(),
            expires: session.expires,
            cookie_hash: None,
            renewed: Renewed::default(),
        })
    }

    async fn touch(&self, session: &Session) -> Result<(), StoreError> {
        let now = self.core.now();
        if now.secs_since(session.last_seen) < TOUCH_SECS {
            return Ok(());
        }
        let mut work = self.core.begin().await?;
        work.touch_session(&session.id, now).await?;
        work.commit().await
    }

    fn principal(&self, actor: Actor, facts: RequestFacts) -> Principal {
        Principal {
            actor,
            now: self.core.now(),
            request_id: facts.request_id,
            remote_address: facts.remote_address,
        }
    }
}

/// OS logins of an account: its own and those of its roles, sorted.
pub(crate) fn logins(account: &User, roles: &[crate::entity::Role]) -> Vec<String> {
    let of_roles = roles.iter().flat_map(|role| &role.spec.allow.logins);
    account.logins.iter().chain(of_roles).cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
