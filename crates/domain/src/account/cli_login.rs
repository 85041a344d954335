//! Command lines that log in through the browser: RFC 8252 (a redirect to the loopback address) with the proof of RFC
//! 7636, and RFC 8628 (waiting, and comparing a code) where the browser is on another machine.
//!
//! What makes a stolen link worthless: the certificates are for the keys that the command line sent when it began, are
//! given once and only to whoever knows the verifier; with a loopback address, only with the code that the browser
//! carries there. Waiting has no such second way, so there the person compares a code and is told what does not fit.

use gatehouse_model::{Timestamp, UserName, clean_label};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::login::{device_required, session_secs, whole_second};
use super::throttle::{Keys, network};
use super::{AccountError, Accounts, CliLoginError, LoggedIn, LoginKeys};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::{Attribution, FRESH_FACTOR_SECS, Principal, SignedIn};
use crate::entity::{
    CliApproval, CliDecision, CliDelivery, CliLogin, CliMachine, Digest, Session, SessionKey, SessionKind,
};
use crate::identity::{RequestFacts, logins};
use crate::ports::{CertificateRequest, Random, UnitOfWork};

/// For how long a link can be decided, in seconds.
pub const CLI_LOGIN_SECS: i64 = 300;
/// For how long the certificates can be fetched after the yes, in seconds.
pub const CLI_CODE_SECS: i64 = 60;
/// Attempts to fetch them with a wrong verifier or code, after which nobody can.
const MAX_FAILURES: i64 = 5;
/// Consonants that are not mistaken for one another or for digits (RFC 8628, section 6.1).
const CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Longest state that a command line may want back, in bytes.
const MAX_STATE: usize = 64;
/// Ports below are not for programs of users.
const FIRST_PORT: i64 = 1024;
/// Longest key that is kept, in bytes; the CA judges what it is.
const MAX_KEY: usize = 4096;

/// What a command line begins with.
#[derive(Clone, Debug)]
pub struct NewCliLogin {
    pub user: String,
    /// SHA-256 of the verifier.
    pub challenge: Vec<u8>,
    pub keys: LoginKeys,
    /// Port of 127.0.0.1 on which it listens, and what it wants to be told there; none if it waits instead.
    pub loopback: Option<(i64, String)>,
    pub machine: CliMachine,
}

/// A login as the person in front of the browser is to see it.
#[derive(Clone, Debug)]
pub struct CliRequest {
    pub login: CliLogin,
    pub state: CliState,
    /// The command line and the browser ask from different networks.
    pub is_elsewhere: bool,
    /// The second factor must be proven anew before it can be approved.
    pub needs_factor: bool,
}

/// How far a login is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CliState {
    Open,
    Approved,
    Denied,
    Expired,
}

/// Where the browser goes on to after a decision.
#[derive(Debug)]
pub enum CliReturn {
    /// To the command line: `http://127.0.0.1:<port>/`, with a code for a yes.
    Loopback { port: u16, state: String, code: Option<SecretToken> },
    /// Nowhere: the command line asks.
    Wait,
}

/// What a command line is told.
#[derive(Debug)]
pub enum CliProgress {
    /// Nobody has decided yet.
    Pending,
    Done(Box<LoggedIn>),
}

impl Accounts {
    /// Begins a login that a person will decide in a browser. Anybody may: it says nothing of whether the user exists.
    ///
    /// # Errors
    /// Malformed values; too many begun from the same network.
    pub async fn begin_cli_login(
        &self,
        new: NewCliLogin,
        facts: &RequestFacts,
    ) -> Result<CliLogin, CliLoginError> {
        let user = UserName::try_from(new.user.as_str())
            .map_err(|error| AccountError::UserName(error.to_string()))?;
        let challenge =
            Digest::try_from(new.challenge).map_err(|_| CliLoginError::Malformed("code_challenge"))?;
        let delivery = match new.loopback {
            None => CliDelivery::Wait,
            Some((port, state)) => loopback(port, state)?,
        };
        let keys = new.keys;
        let ssh_length = keys.ssh_public_key.as_ref().map_or(0, String::len);
        if keys.tls_public_key_der.is_empty() || keys.tls_public_key_der.len().max(ssh_length) > MAX_KEY {
            return Err(CliLoginError::Malformed("public key"));
        }
        self.take_attempt(&Keys::cli_login(&facts.remote_address)).await?;
        let now = self.core.now();
        let login = CliLogin {
            id: SecretToken::generate_cookie(self.core.random.as_ref()).reveal().to_owned(),
            user: user.to_string(),
            user_code: user_code(self.core.random.as_ref()),
            challenge,
            tls_public_key_der: keys.tls_public_key_der,
            ssh_public_key: keys.ssh_public_key,
            ttl_secs: keys.ttl_secs,
            delivery,
            machine: CliMachine {
                host_name: clean_label(&new.machine.host_name),
                os_user: clean_label(&new.machine.os_user),
                os: clean_label(&new.machine.os),
            },
            remote_address: facts.remote_address.clone(),
            created: now,
            expires: now.plus_secs(CLI_LOGIN_SECS),
            decision: None,
            spent: None,
            failures: 0,
        };
        let mut work = self.core.begin().await?;
        work.insert_cli_login(&login).await?;
        work.commit().await?;
        Ok(login)
    }

    /// A login, for the person who is to decide it.
    ///
    /// # Errors
    /// Nobody is signed in; there is no such login; it is for another user.
    pub async fn cli_request(&self, principal: &Principal, id: &str) -> Result<CliRequest, CliLoginError> {
        let (user, grant) = principal.account()?;
        let mut work = self.core.read().await?;
        let login = own_login(work.as_mut(), user, id).await?;
        let state = match &login.decision {
            Some(CliDecision { approval: Some(_), .. }) => CliState::Approved,
            Some(CliDecision { approval: None, .. }) => CliState::Denied,
            None if login.expires <= self.core.now() => CliState::Expired,
            None => CliState::Open,
        };
        let is_elsewhere = network(&login.remote_address) != network(&grant.by().remote_address);
        Ok(CliRequest { login, state, is_elsewhere, needs_factor: self.needs_factor(user) })
    }

    /// Says yes, in a browser and with a fresh second factor.
    ///
    /// # Errors
    /// Nobody is signed in with a browser; the second factor is stale; the login is unknown, for another user, decided
    /// or expired.
    pub async fn approve_cli_login(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<CliReturn, CliLoginError> {
        let (user, grant) = principal.account()?;
        if user.cookie_hash.is_none() {
            return Err(CliLoginError::BrowserRequired);
        }
        if self.needs_factor(user) {
            return Err(CliLoginError::FreshFactorRequired);
        }
        self.decide(user, grant.by(), id, true).await
    }

    /// Says no.
    ///
    /// # Errors
    /// Nobody is signed in with a browser; the login is unknown, for another user, decided or expired.
    pub async fn deny_cli_login(&self, principal: &Principal, id: &str) -> Result<CliReturn, CliLoginError> {
        let (user, grant) = principal.account()?;
        if user.cookie_hash.is_none() {
            return Err(CliLoginError::BrowserRequired);
        }
        self.decide(user, grant.by(), id, false).await
    }

    async fn decide(
        &self,
        user: &SignedIn,
        by: &Attribution,
        id: &str,
        yes: bool,
    ) -> Result<CliReturn, CliLoginError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        let login = own_login(work.as_mut(), user, id).await?;
        let code = (yes && login.delivery != CliDelivery::Wait)
            .then(|| SecretToken::generate(self.core.random.as_ref()));
        let approval = yes.then(|| CliApproval { code_hash: code.as_ref().map(SecretToken::hash) });
        let decision = CliDecision { time: now, session_id: user.session_id.clone(), approval };
        if !work.decide_cli_login(&login.id, &decision).await? {
            let was_decided = login.decision.is_some() || login.expires > now;
            return Err(if was_decided { CliLoginError::Decided } else { CliLoginError::Expired });
        }
        let kind = if yes { EventKind::CLI_LOGIN } else { EventKind::CLI_LOGIN_DENY };
        let details = serde_json::json!({
            "machine": login.machine.host_name,
            "os_user": login.machine.os_user,
            "requested_from": login.remote_address,
            "code": login.user_code,
        });
        work.append_event(&self.core.event(kind, by).about(&login.user).with_details(details)).await?;
        work.commit().await?;
        Ok(match login.delivery {
            CliDelivery::Loopback { port, state } => CliReturn::Loopback { port, state, code },
            CliDelivery::Wait => CliReturn::Wait,
        })
    }

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
            let code = crate::Decision::code(&error);
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
            // It was proven in the browser, when it was.
            factor_time: standing.session.factor_time,
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
        let event = event.failed(EventKind::USER_LOGIN, crate::Decision::code(&error), &error);
        let details = serde_json::json!({"method": "browser", "code_leaked": has_leaked});
        work.append_event(&event.with_details(details)).await?;
        Ok(work.commit().await?)
    }

    fn needs_factor(&self, user: &SignedIn) -> bool {
        self.core.now().secs_since(user.factor_time) >= FRESH_FACTOR_SECS
    }
}

/// The login, if it is for the user who asks.
async fn own_login(work: &mut dyn UnitOfWork, user: &SignedIn, id: &str) -> Result<CliLogin, CliLoginError> {
    let login = work.cli_login(id).await?.ok_or(CliLoginError::Unknown)?;
    if login.user != user.name {
        return Err(CliLoginError::OtherUser { wanted: login.user, signed_in: user.name.clone() });
    }
    Ok(login)
}

/// The host is always 127.0.0.1: only a port can be asked for.
fn loopback(port: i64, state: String) -> Result<CliDelivery, CliLoginError> {
    let port = u16::try_from(port).ok().filter(|port| i64::from(*port) >= FIRST_PORT);
    let port = port.ok_or(CliLoginError::Malformed("redirect_port"))?;
    let is_plain = state.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_plain || !(16..=MAX_STATE).contains(&state.len()) {
        return Err(CliLoginError::Malformed("redirect_state"));
    }
    Ok(CliDelivery::Loopback { port, state })
}

/// Two groups of four letters: 34 bits, for eyes to compare and for nothing else.
fn user_code(random: &dyn Random) -> String {
    let mut code = String::with_capacity(9);
    while code.len() < 9 {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        // The 240 lowest values of a byte are each letter equally often.
        for byte in bytes.into_iter().filter(|byte| *byte < 240) {
            if code.len() == 4 {
                code.push('-');
            }
            if code.len() < 9
                && let Some(letter) = CODE_LETTERS.get(usize::from(byte) % CODE_LETTERS.len())
            {
                code.push(char::from(*letter));
            }
        }
    }
    code
}

fn same(one: &Digest, other: &Digest) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_code_is_eight_letters_in_two_groups() {
        let random = Counting(std::sync::atomic::AtomicU8::new(3));
        for _ in 0..50 {
            let code = user_code(&random);
            let (one, two) = code.split_once('-').unwrap();
            assert!(one.len() == 4 && two.len() == 4, "{code}");
            assert!((one.to_owned() + two).bytes().all(|byte| CODE_LETTERS.contains(&byte)), "{code}");
        }
    }

    #[test]
    fn a_redirect_goes_to_a_port_of_this_machine_and_nowhere_else() {
        let state = "s".repeat(43);
        assert_eq!(
            loopback(40_000, state.clone()).unwrap(),
            CliDelivery::Loopback { port: 40_000, state: state.clone() }
        );
        for port in [-1, 0, 80, 1023, 65_536, i64::MAX] {
            assert!(loopback(port, state.clone()).is_err(), "{port}");
        }
        for bad in ["", "short", "a b c d e f g h i j", "x@evil.example/1234567", &"s".repeat(65)] {
            assert!(loopback(40_000, bad.to_owned()).is_err(), "{bad}");
        }
    }
}
