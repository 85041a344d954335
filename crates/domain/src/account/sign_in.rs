//! Signing a browser in: password, then a second factor; or a passkey alone.

use gatehouse_model::UserName;

use super::factors::{FactorChoices, Proof};
use super::login::{Proven, password_mark};
use super::passkeys::{Bound, PasskeyAnswer, PasskeyQuestion};
use super::throttle::Keys;
use super::{AccountError, Accounts, rights};
use crate::SecretToken;
use crate::entity::{CeremonyPurpose, PendingSignIn, Session, SessionKind};
use crate::identity::RequestFacts;
use crate::ports::{PasskeyFault, UnitOfWork};

/// Time to prove the second factor after the password, in seconds.
pub const PENDING_SECS: i64 = 600;

/// A browser's session; the cookie is shown once.
#[derive(Debug)]
pub struct WebLogin {
    pub session: Session,
    pub cookie: SecretToken,
}

/// How far a right password leads.
#[derive(Debug)]
pub enum SignIn {
    Done(Box<WebLogin>),
    /// The second factor is still to come; the token goes into a cookie.
    SecondFactor(SecretToken),
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug)]
pub struct SecondFactorStep {
    pub user: String,
    pub choices: FactorChoices,
}

/// How the second factor is proven.
#[derive(Clone)]
pub enum FactorAnswer {
    /// Of an authenticator app, or a recovery code.
    Code(String),
    Passkey(PasskeyAnswer),
}

impl Accounts {
    /// Checks name and password. Nothing about second factors shows before the password was right.
    ///
    /// # Errors
    /// One answer for unknown users and wrong passwords; throttled; locked.
    pub async fn sign_in(
        &self,
        user: &str,
        password: &str,
        facts: &RequestFacts,
    ) -> Result<SignIn, AccountError> {
        let name = UserName::try_from(user).ok().map(String::from);
        let keys = Keys::login(name.as_deref().unwrap_or_default(), &facts.remote_address);
        let _turn = self.turn(&keys).await?;
        self.take_attempt(&keys).await?;
        match self.after_password(name.as_deref(), password, &keys, facts).await {
            Ok(step) => Ok(step),
            Err(error) => Err(self.note_failed_login(name.as_deref(), error, facts).await?),
        }
    }

    async fn after_password(
        &self,
        name: Option<&str>,
        password: &str,
        keys: &Keys,
        facts: &RequestFacts,
    ) -> Result<SignIn, AccountError> {
        let account = self.check_password(name, password).await?.ok_or(AccountError::LoginFailed)?;
        let mut work = self.core.begin().await?;
        let mark = password_mark(account.password_hash.as_deref());
        let proven = self.standing_user(work.as_mut(), &account.name, Some(mark), Proof::Password).await?;
        self.return_attempt(work.as_mut(), keys).await?;
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        if !self.factors(work.as_mut(), policy, &account.name).await?.is_required() {
            return Ok(SignIn::Done(Box::new(self.open_web_session(work, &proven, facts).await?)));
        }
        let now = self.core.now();
        let token = SecretToken::generate(self.core.random.as_ref());
        work.purge_pending_sign_ins(now).await?;
        work.insert_pending_sign_in(&PendingSignIn {
            hash: token.hash(),
            user: account.name,
            password_mark: mark,
            created: now,
            expires: now.plus_secs(PENDING_SECS),
        })
        .await?;
        work.commit().await?;
        Ok(SignIn::SecondFactor(token))
    }

    /// Who is half signed in, and how the other half can be proven.
    ///
    /// # Errors
    /// The password was given too long ago, or never.
    pub async fn second_factor_step(&self, pending: &str) -> Result<SecondFactorStep, AccountError> {
        let pending = self.live_pending(pending).await?;
        let mut work = self.core.read().await?;
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        let choices = self.factors(work.as_mut(), policy, &pending.user).await?.choices();
        Ok(SecondFactorStep { user: pending.user, choices })
    }

    /// Asks for one of the user's passkeys.
    ///
    /// # Errors
    /// The sign-in is over; the user has none that counts here.
    pub async fn ask_for_second_factor(&self, pending: &str) -> Result<PasskeyQuestion, AccountError> {
        let pending = self.live_pending(pending).await?;
        let mut work = self.core.begin().await?;
        let bound = Bound {
            purpose: CeremonyPurpose::SecondFactor,
            owner: &hex::encode(pending.hash),
            user: &pending.user,
        };
        let question = self.ask_for_own_passkey(work.as_mut(), bound).await?;
        work.commit().await?;
        Ok(question)
    }

    /// Asks for one of the passkeys of the user that the ceremony is bound to.
    pub(super) async fn ask_for_own_passkey(
        &self,
        work: &mut dyn UnitOfWork,
        bound: Bound<'_>,
    ) -> Result<PasskeyQuestion, AccountError> {
        let verifier = self.verifier()?;
        let policy = self.preference.effective(work).await?.second_factor;
        if !policy.allows_passkeys() {
            return Err(AccountError::PasskeysNotAllowed);
        }
        let factors = self.factors(work, policy, bound.user).await?;
        if factors.passkeys.is_empty() {
            let elsewhere = factors.stranded.first().map(|passkey| passkey.rp_id.clone());
            return Err(AccountError::NoPasskey { elsewhere, here: verifier.rp_id().to_owned() });
        }
        let challenge = verifier.ask_for_one_of(&factors.passkeys)?;
        self.put_ceremony(work, bound, None, challenge).await
    }

    /// Proves the second factor and signs in.
    ///
    /// # Errors
    /// It is wrong; throttled; the sign-in took too long.
    pub async fn finish_sign_in(
        &self,
        pending: &str,
        answer: &FactorAnswer,
        facts: &RequestFacts,
    ) -> Result<WebLogin, AccountError> {
        let pending = self.live_pending(pending).await?;
        let keys = Keys::login(&pending.user, &facts.remote_address).and(Keys::pending(&pending.hash));
        let keys = match answer {
            FactorAnswer::Code(_) => keys.and(Keys::factor(&pending.user)),
            // Nobody guesses a passkey: it lets its owner in while somebody else guesses codes.
            FactorAnswer::Passkey(_) => keys,
        };
        let _turn = self.turn(&keys).await?;
        self.take_attempt(&keys).await?;
        match self.prove_second_factor(&pending, answer, &keys, facts).await {
            Ok(login) => Ok(login),
            Err(error) => {
                if self.failed_too_often(&pending.hash).await? {
                    let mut work = self.core.begin().await?;
                    work.delete_pending_sign_in(&pending.hash).await?;
                    work.commit().await?;
                }
                Err(self.note_failed_login(Some(&pending.user), error, facts).await?)
            }
        }
    }

    async fn prove_second_factor(
        &self,
        pending: &PendingSignIn,
        answer: &FactorAnswer,
        keys: &Keys,
        facts: &RequestFacts,
    ) -> Result<WebLogin, AccountError> {
        let owner = hex::encode(pending.hash);
        let bound = |purpose| Bound { purpose, owner: &owner, user: &pending.user };
        let taken = match answer {
            FactorAnswer::Code(_) => None,
            FactorAnswer::Passkey(answer) => {
                Some(self.take_ceremony(answer, bound(CeremonyPurpose::SecondFactor)).await?)
            }
        };
        let mut work = self.core.begin().await?;
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        let by = match (answer, taken) {
            (FactorAnswer::Passkey(answer), Some(ceremony)) => {
                if !policy.allows_passkeys() {
                    return Err(AccountError::PasskeysNotAllowed);
                }
                let passkeys = self.factors(work.as_mut(), policy, &pending.user).await?.passkeys;
                let (passkey, used) = self.judge_use(&ceremony, answer, &passkeys)?;
                self.store_use(work.as_mut(), &passkey, &used, false).await?
            }
            (FactorAnswer::Code(code), _) => self
                .take_typed_code(work.as_mut(), policy, &pending.user, code)
                .await?
                .ok_or(AccountError::WrongCode)?,
            (FactorAnswer::Passkey(_), None) => return Err(AccountError::Ceremony),
        };
        let mark = Some(pending.password_mark);
        let proven = self.standing_user(work.as_mut(), &pending.user, mark, by).await.map_err(expired)?;
        if !work.delete_pending_sign_in(&pending.hash).await? {
            return Err(AccountError::SignInExpired);
        }
        self.return_attempt(work.as_mut(), keys).await?;
        self.open_web_session(work, &proven, facts).await
    }

    /// Asks for any passkey, of whomever it is: nothing is said of anybody.
    ///
    /// # Errors
    /// Passkeys are not to be had here; throttled.
    pub async fn ask_for_passwordless(&self, facts: &RequestFacts) -> Result<PasskeyQuestion, AccountError> {
        let verifier = self.verifier()?;
        self.check_passkeys_allowed().await?;
        self.take_attempt(&Keys::passwordless(&facts.remote_address)).await?;
        let challenge = verifier.ask_for_any()?;
        let mut work = self.core.begin().await?;
        let bound = Bound { purpose: CeremonyPurpose::Passwordless, owner: "", user: "" };
        let question = self.put_ceremony(work.as_mut(), bound, None, challenge).await?;
        work.commit().await?;
        Ok(question)
    }

    /// Signs in by a passkey that named its user and checked who uses it.
    ///
    /// # Errors
    /// It is not accepted; the challenge is over; locked.
    pub async fn finish_passwordless(
        &self,
        answer: &PasskeyAnswer,
        facts: &RequestFacts,
    ) -> Result<WebLogin, AccountError> {
        let bound = Bound { purpose: CeremonyPurpose::Passwordless, owner: "", user: "" };
        // Nothing is counted here and so nothing written down: only a challenge that was given out, which is counted,
        // leads any further.
        let ceremony = self.take_ceremony(answer, bound).await?;
        let mut user = None;
        let outcome = async {
            self.check_passkeys_allowed().await?;
            let claimed = self.verifier()?.claimed(&answer.credential)?;
            let refused = || PasskeyFault::Refused("nobody here has this passkey".to_owned());
            let passkey = {
                // A stranger's rubbish must not take the writer's place.
                let mut work = self.core.read().await?;
                let passkey =
                    work.passkey_by_credential(&claimed.credential_id).await?.ok_or_else(refused)?;
                let handle = claimed.handle.ok_or_else(refused)?;
                if work.user_of_passkey_handle(&handle).await?.as_ref() != Some(&passkey.user) {
                    return Err(refused().into());
                }
                passkey
            };
            user = Some(passkey.user.clone());
            let (passkey, used) = self.judge_use(&ceremony, answer, std::slice::from_ref(&passkey))?;
            let mut work = self.core.begin().await?;
            let by = self.store_use(work.as_mut(), &passkey, &used, true).await?;
            let proven = self.standing_user(work.as_mut(), &passkey.user, None, by).await?;
            self.return_attempt(work.as_mut(), &Keys::passwordless(&facts.remote_address)).await?;
            self.open_web_session(work, &proven, facts).await
        }
        .await;
        match outcome {
            Ok(login) => Ok(login),
            Err(error) => Err(self.note_failed_login(user.as_deref(), error, facts).await?),
        }
    }

    pub(super) async fn check_passkeys_allowed(&self) -> Result<(), AccountError> {
        let policy = self.preference.effective(self.core.read().await?.as_mut()).await?.second_factor;
        if policy.allows_passkeys() { Ok(()) } else { Err(AccountError::PasskeysNotAllowed) }
    }

    async fn open_web_session(
        &self,
        mut work: Box<dyn UnitOfWork>,
        proven: &Proven,
        facts: &RequestFacts,
    ) -> Result<WebLogin, AccountError> {
        let cookie = SecretToken::generate_cookie(self.core.random.as_ref());
        let mut session = self.new_session(proven, SessionKind::Web, None, facts);
        session.cookie_hash = Some(cookie.hash());
        session.rights = Some(rights(Some(&proven.user), &proven.roles, None));
        work.insert_session(&session).await?;
        self.note_login(work.as_mut(), proven, facts).await?;
        work.commit().await?;
        Ok(WebLogin { session, cookie })
    }

    async fn live_pending(&self, token: &str) -> Result<PendingSignIn, AccountError> {
        let token = SecretToken::read(token).ok_or(AccountError::SignInExpired)?;
        let pending = self.core.read().await?.pending_sign_in(&token.hash()).await?;
        pending.filter(|pending| pending.expires > self.core.now()).ok_or(AccountError::SignInExpired)
    }
}

/// The password was right when it was given; if it is no more, the sign-in begins anew.
fn expired(error: AccountError) -> AccountError {
    match error {
        AccountError::LoginFailed => AccountError::SignInExpired,
        other => other,
    }
}
