use gatehouse_model::resource::UserKind;
use gatehouse_model::{DeviceTrustMode, Timestamp, UserName, clean_label, duration};
use sha2::{Digest as _, Sha256};

use super::factors::Proof;
use super::throttle::Keys;
use super::{AccountError, Accounts};
use crate::audit::EventKind;
use crate::authz::Attribution;
use crate::entity::{Digest, Role, Session, SessionKind, User};
use crate::identity::{RequestFacts, logins};
use crate::ports::{CertificateRequest, IssuedCertificates, UnitOfWork};

/// What somebody offers to get in.
#[derive(Clone)]
pub struct LoginRequest {
    pub user: String,
    pub password: String,
    pub code: String,
}

/// Keys of a command line that wants certificates.
#[derive(Clone, Debug)]
pub struct LoginKeys {
    /// SubjectPublicKeyInfo DER.
    pub tls_public_key_der: Vec<u8>,
    /// authorized_keys line.
    pub ssh_public_key: Option<String>,
    /// Life wished for, in seconds.
    pub ttl_secs: Option<i64>,
}

/// A session with certificates.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub session: Session,
    pub certificates: IssuedCertificates,
    pub roles: Vec<String>,
    pub logins: Vec<String>,
    /// The cluster's mode or a role requires a trusted device.
    pub device_required: bool,
}

/// Life of a session unless told otherwise, and the longest there is.
const SESSION_SECS: i64 = 12 * 3600;
const LONGEST_SESSION_SECS: i64 = 30 * 3600;
/// Shortest life of sessions that a role can ask for: time enough to log in and to change the role again.
pub(crate) const SHORTEST_ROLE_SECS: i64 = 120;

/// A user who has proven to be one.
pub(super) struct Proven {
    pub(super) user: User,
    pub(super) roles: Vec<Role>,
    pub(super) device_required: bool,
    pub(super) by: Proof,
}

impl Accounts {
    /// Logs a command line in.
    ///
    /// # Errors
    /// One answer for unknown users, wrong passwords and wrong codes; throttled; locked; keys that cannot be certified.
    pub async fn login(
        &self,
        request: &LoginRequest,
        keys: &LoginKeys,
        facts: &RequestFacts,
    ) -> Result<LoggedIn, AccountError> {
        let name = UserName::try_from(request.user.as_str()).ok().map(String::from);
        let counted = Keys::login(name.as_deref().unwrap_or_default(), &facts.remote_address);
        let _turn = self.turn(&counted).await?;
        let (mut work, proven) = self.prove(request, name.as_deref(), counted, facts).await?;
        let session = self.new_session(&proven, SessionKind::Cli, keys.ttl_secs, facts);
        let logins = logins(&proven.user, &proven.roles);
        let certificates = self.core.ca.issue(&CertificateRequest {
            user: proven.user.name.clone(),
            roles: proven.user.roles.clone(),
            logins: logins.clone(),
            session_id: session.id.clone(),
            tls_public_key_der: keys.tls_public_key_der.clone(),
            ssh_public_key: keys.ssh_public_key.clone(),
            not_before: session.created,
            not_after: session.expires,
            device: None,
        })?;
        work.insert_session(&session).await?;
        self.note_login(work.as_mut(), &proven, facts).await?;
        work.commit().await?;
        Ok(LoggedIn {
            session,
            certificates,
            roles: proven.user.roles,
            logins,
            device_required: proven.device_required,
        })
    }

    /// Checks name, password and code; answers with a unit of work in which the code is used up.
    async fn prove(
        &self,
        request: &LoginRequest,
        name: Option<&str>,
        keys: Keys,
        facts: &RequestFacts,
    ) -> Result<(Box<dyn UnitOfWork>, Proven), AccountError> {
        self.take_attempt(&keys).await?;
        match self.prove_factors(request, name).await {
            Ok((mut work, proven)) => {
                self.return_attempt(work.as_mut(), &keys.and(Keys::factor(&proven.user.name))).await?;
                Ok((work, proven))
            }
            Err(error) => Err(self.note_failed_login(name, error, facts).await?),
        }
    }

    async fn prove_factors(
        &self,
        request: &LoginRequest,
        name: Option<&str>,
    ) -> Result<(Box<dyn UnitOfWork>, Proven), AccountError> {
        let account = self.check_password(name, &request.password).await?.ok_or(AccountError::LoginFailed)?;
        // Looked at only with the right password, or a stranger could use up a user's codes.
        self.take_attempt(&Keys::factor(&account.name)).await?;
        let mut work = self.core.begin().await?;
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        let factors = self.factors(work.as_mut(), policy, &account.name).await?;
        let by = if factors.is_required() {
            let taken = self.take_typed_code(work.as_mut(), policy, &account.name, &request.code).await?;
            taken.ok_or(AccountError::LoginFailed)?
        } else {
            Proof::Password
        };
        let mark = password_mark(account.password_hash.as_deref());
        let proven = self.standing_user(work.as_mut(), &account.name, Some(mark), by).await?;
        Ok((work, proven))
    }

    /// The account, if it is a person's and the password is right; the same work if there is none. Hashing takes long:
    /// no unit of work is open meanwhile.
    pub(super) async fn check_password(
        &self,
        name: Option<&str>,
        password: &str,
    ) -> Result<Option<User>, AccountError> {
        let account = match name {
            Some(name) => self.core.read().await?.user(name).await?,
            None => None,
        };
        let account = account.filter(|user| user.kind == UserKind::Human);
        let hash = account.as_ref().and_then(|user| user.password_hash.as_deref());
        let fits = self.passwords.verify(password, hash).await?;
        Ok(account.filter(|_| fits))
    }

    /// The user as it is now, held until the commit: a reset, a deletion or a lock may have come between, or come now.
    pub(super) async fn standing_user(
        &self,
        work: &mut dyn UnitOfWork,
        name: &str,
        expected_password: Option<Digest>,
        by: Proof,
    ) -> Result<Proven, AccountError> {
        let user = work
            .user_for_update(name)
            .await?
            .filter(|user| {
                user.kind == UserKind::Human
                    && user.password_hash.is_some()
                    && expected_password
                        .is_none_or(|expected| expected == password_mark(user.password_hash.as_deref()))
            })
            .ok_or(AccountError::LoginFailed)?;
        if let Some(lock) = work.lock_in_force(Some(&user.name), &user.roles, None, self.core.now()).await? {
            return Err(AccountError::Locked(lock.target_text()));
        }
        let effective = self.preference.effective(work).await?;
        let roles = work.roles_named(&user.roles).await?;
        let device_required = device_required(effective.mode, &roles, &user);
        Ok(Proven { user, roles, device_required, by })
    }

    pub(super) async fn note_login(
        &self,
        work: &mut dyn UnitOfWork,
        proven: &Proven,
        facts: &RequestFacts,
    ) -> Result<(), AccountError> {
        let event = self.core.event(EventKind::USER_LOGIN, &stranger(Some(&proven.user.name), facts));
        Ok(work.append_event(&event.with_details(proven.by.details())).await?)
    }

    /// Notes it and gives the error back.
    pub(super) async fn note_failed_login(
        &self,
        name: Option<&str>,
        error: AccountError,
        facts: &RequestFacts,
    ) -> Result<AccountError, AccountError> {
        let event = self.core.event(EventKind::USER_LOGIN, &stranger(name, facts));
        let code = crate::Decision::code(&error);
        self.core.append_alone(&event.failed(EventKind::USER_LOGIN, code, &error)).await?;
        Ok(error)
    }

    pub(super) fn new_session(
        &self,
        proven: &Proven,
        kind: SessionKind,
        wished_secs: Option<i64>,
        facts: &RequestFacts,
    ) -> Session {
        let now = self.core.now();
        Session {
            id: self.core.new_id(),
            kind,
            cookie_hash: None,
            user: proven.user.name.clone(),
            created: now,
            last_seen: now,
            expires: whole_second(now.plus_secs(session_secs(&proven.roles, wished_secs))),
            ended: None,
            factor_time: now,
            device: None,
            remote_address: facts.remote_address.clone(),
            user_agent: clean_label(&facts.user_agent),
            rights: None,
        }
    }
}

/// Somebody who is about to prove who it is.
pub(super) fn stranger(name: Option<&str>, facts: &RequestFacts) -> Attribution {
    Attribution {
        user: name.unwrap_or_default().to_owned(),
        user_kind: Some(1),
        request_id: facts.request_id.clone(),
        remote_address: facts.remote_address.clone(),
        ..Attribution::default()
    }
}

/// Tells a password from the next, without being of any use to guess it.
pub(super) fn password_mark(hash: Option<&str>) -> Digest {
    Sha256::digest(hash.unwrap_or_default().as_bytes()).into()
}

/// Whether the cluster's mode or a role requires a trusted device of the user.
pub(super) fn device_required(mode: DeviceTrustMode, roles: &[Role], user: &User) -> bool {
    std::iter::once(mode)
        .chain(roles.iter().filter_map(|role| role.spec.options.device_trust_mode))
        .any(|mode| mode.requires_device(user.kind == UserKind::Bot))
}

/// Certificates know whole seconds; the session must not outlive them.
pub(super) fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_secs(moment.secs())
}

/// The wish, held down by the strictest role and the longest life there is.
pub(super) fn session_secs(roles: &[Role], wished_secs: Option<i64>) -> i64 {
    let strictest = roles
        .iter()
        .filter_map(|role| role.spec.options.max_session_ttl.as_deref())
        .filter_map(|ttl| duration::parse_secs(ttl).ok())
        .min();
    let longest = strictest.unwrap_or(LONGEST_SESSION_SECS).clamp(SHORTEST_ROLE_SECS, LONGEST_SESSION_SECS);
    wished_secs.filter(|secs| *secs > 0).unwrap_or(SESSION_SECS).clamp(60.min(longest), longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_no_longer_than_the_strictest_role_allows() {
        let mut role = crate::authz::preset_roles(Timestamp::default()).remove(0);
        assert_eq!(session_secs(&[role.clone()], None), SESSION_SECS);
        role.spec.options.max_session_ttl = Some("1h".to_owned());
        assert_eq!(session_secs(&[role.clone()], Some(7200)), 3600);
        assert_eq!(session_secs(&[role.clone()], Some(1800)), 1800);
        assert_eq!(session_secs(&[], Some(i64::MAX)), LONGEST_SESSION_SECS);
        // Of a release that took any.
        role.spec.options.max_session_ttl = Some("1s".to_owned());
        assert_eq!(session_secs(&[role], None), SHORTEST_ROLE_SECS);
    }
}
