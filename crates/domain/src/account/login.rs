use gatehouse_model::resource::UserKind;
use gatehouse_model::{DeviceTrustMode, SecondFactor, Timestamp, UserName, clean_label, duration};

use super::throttle::Keys;
use super::{AccountError, Accounts, rights};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::{Attribution, AuthzError, Principal};
use crate::entity::{Role, Session, SessionKind, User};
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

/// A browser's session; the cookie is shown once.
#[derive(Debug)]
pub struct WebLogin {
    pub session: Session,
    pub cookie: SecretToken,
}

/// Life of a session unless told otherwise, and the longest there is.
const SESSION_SECS: i64 = 12 * 3600;
const LONGEST_SESSION_SECS: i64 = 30 * 3600;

/// A user who has proven to be one.
struct Proven {
    user: User,
    roles: Vec<Role>,
    device_required: bool,
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
        let (mut work, proven) = self.prove(request, facts).await?;
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
        work.commit().await?;
        Ok(LoggedIn {
            session,
            certificates,
            roles: proven.user.roles,
            logins,
            device_required: proven.device_required,
        })
    }

    /// Logs a browser in.
    ///
    /// # Errors
    /// As [`Accounts::login`].
    pub async fn web_login(
        &self,
        request: &LoginRequest,
        facts: &RequestFacts,
    ) -> Result<WebLogin, AccountError> {
        let (mut work, proven) = self.prove(request, facts).await?;
        let cookie = SecretToken::generate_cookie(self.core.random.as_ref());
        let mut session = self.new_session(&proven, SessionKind::Web, None, facts);
        session.cookie_hash = Some(cookie.hash());
        session.rights = Some(rights(Some(&proven.user), &proven.roles, None));
        work.insert_session(&session).await?;
        work.commit().await?;
        Ok(WebLogin { session, cookie })
    }

    /// Proves the second factor (the password, where the cluster has none) anew; answers with the session's new cookie,
    /// where it has one.
    ///
    /// # Errors
    /// It is wrong; throttled; nobody is logged in; the session has just been given another cookie.
    pub async fn confirm_second_factor(
        &self,
        principal: &Principal,
        password: &str,
        code: &str,
    ) -> Result<Option<SecretToken>, AccountError> {
        let (signed_in, grant) = principal.account()?;
        let keys = Keys::session(&signed_in.session_id);
        self.take_attempt(&keys).await?;
        let (second_factor, password_hash) = {
            let mut work = self.core.read().await?;
            let user = work.user(&signed_in.name).await?.ok_or(AuthzError::Anonymous)?;
            (self.preference.effective(work.as_mut()).await?.second_factor, user.password_hash)
        };
        // Hashing takes long: no unit of work is open meanwhile.
        let password_fits = match second_factor {
            SecondFactor::Otp => false,
            SecondFactor::Off => self.passwords.verify(password, password_hash.as_deref()).await?,
        };
        let mut work = self.core.begin().await?;
        let proven = match second_factor {
            SecondFactor::Otp => self.take_code(work.as_mut(), &signed_in.name, code).await?,
            SecondFactor::Off => password_fits,
        };
        let event = self.core.event(EventKind::USER_FACTOR, grant.by());
        if !proven {
            drop(work);
            let error = AccountError::WrongCode;
            self.core.append_alone(&event.failed(EventKind::USER_FACTOR, "wrong_code", &error)).await?;
            return Err(error);
        }
        self.return_attempt(work.as_mut(), &keys).await?;
        work.set_session_factor_time(&signed_in.session_id, self.core.now()).await?;
        work.append_event(&event).await?;
        let cookie = self.core.renew_cookie(work.as_mut(), signed_in).await?;
        work.commit().await?;
        Ok(cookie)
    }

    /// Checks name, password and code; answers with a unit of work in which the code is used up and the login noted.
    async fn prove(
        &self,
        request: &LoginRequest,
        facts: &RequestFacts,
    ) -> Result<(Box<dyn UnitOfWork>, Proven), AccountError> {
        let name = UserName::try_from(request.user.as_str()).ok().map(String::from);
        let keys = Keys::login(name.as_deref().unwrap_or_default(), &facts.remote_address);
        self.take_attempt(&keys).await?;
        let by = Attribution {
            user: name.clone().unwrap_or_default(),
            user_kind: Some(1),
            request_id: facts.request_id.clone(),
            remote_address: facts.remote_address.clone(),
            ..Attribution::default()
        };
        match self.prove_factors(request, name.as_deref()).await {
            Ok((mut work, proven)) => {
                self.return_attempt(work.as_mut(), &keys).await?;
                work.append_event(&self.core.event(EventKind::USER_LOGIN, &by)).await?;
                Ok((work, proven))
            }
            Err(error) => {
                let event = self.core.event(EventKind::USER_LOGIN, &by);
                let code = crate::Decision::code(&error);
                self.core.append_alone(&event.failed(EventKind::USER_LOGIN, code, &error)).await?;
                Err(error)
            }
        }
    }

    async fn prove_factors(
        &self,
        request: &LoginRequest,
        name: Option<&str>,
    ) -> Result<(Box<dyn UnitOfWork>, Proven), AccountError> {
        let account = {
            let mut work = self.core.read().await?;
            match name {
                Some(name) => work.user(name).await?,
                None => None,
            }
        };
        let password_hash = account
            .as_ref()
            .filter(|user| user.kind == UserKind::Human)
            .and_then(|user| user.password_hash.as_deref());
        let password_fits = self.passwords.verify(&request.password, password_hash).await?;
        let mut work = self.core.begin().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        let code_fits = match effective.second_factor {
            SecondFactor::Off => true,
            // Looked at only with the right password, or a stranger could use up a user's codes.
            SecondFactor::Otp if password_fits => {
                self.take_code(work.as_mut(), name.unwrap_or_default(), &request.code).await?
            }
            SecondFactor::Otp => false,
        };
        // Read again, and held until the commit: a reset or a deletion may have come between, or come now.
        let user = match name {
            Some(name) => work.user_for_update(name).await?,
            None => None,
        };
        let Some(user) = user.filter(|user| {
            password_fits
                && code_fits
                && account.is_some_and(|before| before.password_hash == user.password_hash)
        }) else {
            return Err(AccountError::LoginFailed);
        };
        if let Some(lock) = work.lock_in_force(Some(&user.name), &user.roles, None, self.core.now()).await? {
            return Err(AccountError::Locked(lock.target_text()));
        }
        let roles = work.roles_named(&user.roles).await?;
        let device_required = device_required(effective.mode, &roles, &user);
        Ok((work, Proven { user, roles, device_required }))
    }

    fn new_session(
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
    let longest = strictest.unwrap_or(LONGEST_SESSION_SECS).min(LONGEST_SESSION_SECS);
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
        assert_eq!(session_secs(&[role], Some(1800)), 1800);
        assert_eq!(session_secs(&[], Some(i64::MAX)), LONGEST_SESSION_SECS);
    }
}
