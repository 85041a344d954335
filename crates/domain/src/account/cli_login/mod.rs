//! Command lines that log in through the browser: RFC 8252 (a redirect to the loopback address) with the proof of RFC
//! 7636, and RFC 8628 (waiting, and comparing a code) where the browser is on another machine.
//!
//! What makes a stolen link worthless: the certificates are for the keys that the command line sent when it began, are
//! given once and only to whoever knows the verifier; with a loopback address, only with the code that the browser
//! carries there. Waiting has no such second way, so there the person compares a code and is told what does not fit.

mod error;
mod finish;
mod parts;

use gatehouse_model::{UserName, clean_label};

pub use self::error::CliLoginError;
use self::parts::{is_same_code, loopback};
pub(crate) use self::parts::{typed_letters, user_code};
use super::throttle::{Keys, network};
use super::{AccountError, Accounts, LoggedIn, LoginKeys};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::{Attribution, FRESH_FACTOR_SECS, Principal, SignedIn};
use crate::entity::{CliApproval, CliDecision, CliDelivery, CliLogin, CliMachine, Digest};
use crate::identity::RequestFacts;
use crate::ports::UnitOfWork;

/// For how long a link can be decided, in seconds.
pub const CLI_LOGIN_SECS: i64 = 300;
/// For how long the certificates can be fetched after the yes, in seconds.
pub const CLI_CODE_SECS: i64 = 60;
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

    /// Says yes, in a browser and with a fresh second factor. Where the command line waits elsewhere, whoever says it
    /// types the code that the terminal shows: a link that somebody sends around brings none along.
    ///
    /// # Errors
    /// Nobody is signed in with a browser; the second factor is stale; the login is unknown, for another user, decided
    /// or expired; the code is not the terminal's.
    pub async fn approve_cli_login(
        &self,
        principal: &Principal,
        id: &str,
        typed_code: &str,
    ) -> Result<CliReturn, CliLoginError> {
        let (user, grant) = principal.account()?;
        if user.cookie_hash.is_none() {
            return Err(CliLoginError::BrowserRequired);
        }
        if self.needs_factor(user) {
            return Err(CliLoginError::FreshFactorRequired);
        }
        self.decide(user, grant.by(), id, Some(typed_code)).await
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
        self.decide(user, grant.by(), id, None).await
    }

    async fn decide(
        &self,
        user: &SignedIn,
        by: &Attribution,
        id: &str,
        yes: Option<&str>,
    ) -> Result<CliReturn, CliLoginError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        let login = own_login(work.as_mut(), user, id).await?;
        let waits = login.delivery == CliDelivery::Wait;
        if waits && yes.is_some_and(|typed| !is_same_code(typed, &login.user_code)) {
            return Err(CliLoginError::WrongCode);
        }
        let yes = yes.is_some();
        let code = (yes && !waits).then(|| SecretToken::generate(self.core.random.as_ref()));
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
