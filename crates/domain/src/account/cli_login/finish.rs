//! Certificates for a command line that was approved.

use gatehouse_model::{Timestamp, clean_label};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{CLI_CODE_SECS, CliLoginError, CliProgress};
use crate::account::login::{device_required, session_secs, whole_second};
use crate::account::throttle::Keys;
use crate::account::{AccountError, Accounts, LoggedIn};
use crate::audit::EventKind;
use crate::authz::{Attribution, FRESH_FACTOR_SECS};
use crate::entity::{
    CliApproval, CliDecision, CliDelivery, CliLogin, Digest, Session, SessionKey, SessionKind,
};
use crate::identity::{RequestFacts, logins};
use crate::ports::CertificateRequest;
use crate::{Decision as _, SecretToken};

/// Attempts to fetch them with a wrong verifier or code, after which nobody can.
const MAX_FAILURES: i64 = 5;

impl Accounts {
    /// Hands the certificates to the command line that began the login, once.
    ///
    /// # Errors
    /// The login is unknown, denied, expired or fetched already; verifier or code do not belong to it; the session in
    /// which it was approved has ended, or a lock has come into force.
    pub async fn finish_cli_login(
        &self,
        id: &str,
        verifier: &str,
        code: &str,
        facts: &RequestFacts,
    ) -> Result<CliProgress, CliLoginError> {
        let now = self.core.now();
        let login = self.core.read().await?.cli_login(id).await?.ok_or(CliLoginError::Unknown)?;
        if login.failures >= MAX_FAILURES {
            return Err(CliLoginError::Unknown);
        }
        let by = Attribution {
            user: login.user.clone(),
            user_kind: Some(1),
            request_id: facts.request_id.clone(),
            remote_address: facts.remote_address.clone(),
            ..Attribution::default()
        };
        let knows_verifier = same(&Sha256::digest(verifier.as_bytes()).into(), &login.challenge);
        let code_hash = match &login.decision {
            Some(CliDecision { approval: Some(CliApproval { code_hash }), .. }) => *code_hash,
            _ => None,
        };
        let code_fits = match &code_hash {
            Some(hash) => SecretToken::read(code).is_some_and(|code| same(&code.hash(), hash)),
            // Nothing has been given out that could be sent.
            None => code.is_empty(),
        };
        if !knows_verifier || !code_fits {
            // Whoever has the code but not the verifier has taken it from its way: nobody gets anything for it.
            let has_leaked = code_hash.is_some() && code_fits;
            self.note_mismatch(&login, &by, has_leaked).await?;
            return Err(CliLoginError::Mismatch);
        }
        match &login.decision {
            None if login.expires <= now => Err(CliLoginError::Expired),
            None => Ok(CliProgress::Pending),
            Some(CliDecision { approval: None, .. }) => Err(CliLoginError::Denied),
            Some(CliDecision { approval: Some(_), session_id, .. }) => {
                let done = self.spend(&login, session_id, by, facts).await;
                done.map(|logged_in| CliProgress::Done(Box::new(logged_in)))
            }
        }
    }

    async fn spend(
        &self,
        login: &CliLogin,
        approved_in: &str,
        by: Attribution,
        facts: &RequestFacts,
    ) -> Result<LoggedIn, CliLoginError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        if !work.spend_cli_login(&login.id, now, now.plus_secs(-CLI_CODE_SECS)).await? {
            drop(work);
            let error = if login.spent.is_some() { CliLoginError::Spent } else { CliLoginError::Expired };
            let event = self.core.event(EventKind::USER_LOGIN, &by);
            let code = error.code();
            self.core.append_alone(&event.failed(EventKind::USER_LOGIN, code, &error)).await?;
            return Err(error);
        }
        let standing = work.standing(SessionKey::Id(approved_in)).await?;
        let standing = standing.filter(|standing| !standing.session.is_over(now));
        let standing = standing.ok_or(CliLoginError::Expired)?;
        // Held until the commit: a reset or a deletion may come now.
        let user = work.user_for_update(&login.user).await?;
        let user = user
            .filter(|user| user.name == standing.session.user && user.created <= standing.session.created)
            .ok_or(CliLoginError::Expired)?;
        if let Some(lock) = work.lock_in_force(Some(&user.name), &user.roles, None, now).await? {
            return Err(AccountError::Locked(lock.target_text()).into());
        }
        let roles = work.roles_named(&user.roles).await?;
        let mode = self.preference.effective(work.as_mut()).await.map_err(AccountError::from)?.mode;
        let session = Session {
            id: self.core.new_id(),
            kind: SessionKind::Cli,
            cookie_hash: None,
            user: user.name.clone(),
            created: now,
            last_seen: now,
            expires: whole_second(now.plus_secs(session_secs(&roles, login.ttl_secs))),
            ended: None,
            factor_time: factor_time(login, &standing.session, now),
            device: None,
            remote_address: facts.remote_address.clone(),
            user_agent: clean_label(&facts.user_agent),
            rights: None,
        };
        let logins = logins(&user, &roles);
        let certificates = self.core.ca.issue(&CertificateRequest {
            user: user.name.clone(),
            roles: user.roles.clone(),
            logins: logins.clone(),
            session_id: session.id.clone(),
            tls_public_key_der: login.tls_public_key_der.clone(),
            ssh_public_key: login.ssh_public_key.clone(),
            not_before: session.created,
            not_after: session.expires,
            device: None,
        })?;
        work.insert_session(&session).await?;
        self.return_attempt(work.as_mut(), &Keys::cli_login(&login.remote_address)).await?;
        let details = serde_json::json!({"method": "browser", "approved_in": approved_in});
        work.append_event(&self.core.event(EventKind::USER_LOGIN, &by).with_details(details)).await?;
        work.commit().await?;
        let device_required = device_required(mode, &roles, &user);
        Ok(LoggedIn { session, certificates, roles: user.roles, logins, device_required })
    }

    async fn note_mismatch(
        &self,
        login: &CliLogin,
        by: &Attribution,
        has_leaked: bool,
    ) -> Result<(), CliLoginError> {
        let error = CliLoginError::Mismatch;
        let mut work = self.core.begin().await?;
        work.fail_cli_login(&login.id).await?;
        if has_leaked {
            work.spend_cli_login(&login.id, self.core.now(), Timestamp::default()).await?;
        }
        let event = self.core.event(EventKind::USER_LOGIN, by);
        let event = event.failed(EventKind::USER_LOGIN, error.code(), &error);
        let details = serde_json::json!({"method": "browser", "code_leaked": has_leaked});
        work.append_event(&event.with_details(details)).await?;
        Ok(work.commit().await?)
    }
}

/// When the second factor was proven, in the browser. A command line that waits may be anybody's: steps that ask for a
/// fresh factor, enrolling its machine among them, ask it for one.
fn factor_time(login: &CliLogin, approved_in: &Session, now: Timestamp) -> Timestamp {
    match login.delivery {
        CliDelivery::Loopback { .. } => approved_in.factor_time,
        CliDelivery::Wait => approved_in.factor_time.min(now.plus_secs(-FRESH_FACTOR_SECS)),
    }
}

fn same(one: &Digest, other: &Digest) -> bool {
    one.ct_eq(other).into()
}
