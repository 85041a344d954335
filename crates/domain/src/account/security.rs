//! The own account's password and second factors. Whatever changes how one gets in asks for a fresh factor, and ends the
//! user's other sessions.

use gatehouse_model::{SecondFactor, clean_label};
use serde_json::json;

use super::factors::{FactorChoices, Factors, Proof};
use super::passkeys::{Bound, PasskeyAnswer, PasskeyQuestion, passkey_name};
use super::password::check_strength;
use super::recovery_code::replace_recovery_codes;
use super::sign_in::FactorAnswer;
use super::throttle::Keys;
use super::{AccountError, Accounts};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::{AuthzError, Principal, SignedIn};
use crate::entity::{CeremonyPurpose, Passkey, SecretPurpose};
use crate::ports::UnitOfWork;

/// How an account is protected.
#[derive(Clone, Debug)]
pub struct Security {
    pub policy: SecondFactor,
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
    /// The host that new passkeys are bound to; none where there can be none.
    pub rp_id: Option<String>,
    pub has_authenticator: bool,
    pub recovery_codes: i64,
    /// No step-up is asked for now.
    pub is_fresh: bool,
}

/// A secret for an authenticator app that waits for its first code.
#[derive(Clone, Debug)]
pub struct OfferedAuthenticator {
    pub url: String,
    pub base32: String,
}

/// How it is proven anew that it is the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmChoices {
    /// The account has no second factor.
    Password,
    Factor(FactorChoices),
}

impl Accounts {
    /// How the own account is protected.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub async fn security(&self, principal: &Principal) -> Result<Security, AccountError> {
        let (signed_in, _) = principal.account()?;
        let mut work = self.core.read().await?;
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        Ok(Security {
            policy,
            passkeys: work.passkeys(&signed_in.name).await?,
            rp_id: self.core.passkeys.as_ref().map(|passkeys| passkeys.rp_id().to_owned()),
            has_authenticator: work.sealed_secret(SecretPurpose::Totp, &signed_in.name).await?.is_some(),
            recovery_codes: work.count_recovery_codes(&signed_in.name).await?,
            is_fresh: principal.has_fresh_factor(),
        })
    }

    /// The origin whose pages passkeys work on, for explaining why they do not elsewhere.
    #[must_use]
    pub fn passkey_origin(&self) -> Option<&str> {
        self.core.passkeys.as_ref().map(|passkeys| passkeys.origin())
    }

    /// Sets a new password and ends the other sessions.
    ///
    /// # Errors
    /// A weak password; the factor is not fresh.
    pub async fn change_password(&self, principal: &Principal, password: &str) -> Result<(), AccountError> {
        let (signed_in, grant) = principal.fresh_account()?;
        check_strength(password, &signed_in.name)?;
        let hash = self.passwords.hash(password, self.core.random_bytes()).await?;
        let mut work = self.core.begin().await?;
        let mut user = work.user_for_update(&signed_in.name).await?.ok_or(AuthzError::Anonymous)?;
        user.password_hash = Some(hash);
        user.updated = self.core.now();
        work.update_user(&user).await?;
        let ended = self.end_other_sessions(work.as_mut(), signed_in).await?;
        let event = self.core.event(EventKind::USER_PASSWORD, grant.by()).about(&user.name);
        work.append_event(&event.with_details(json!({"sessions_ended": ended}))).await?;
        Ok(work.commit().await?)
    }

    /// Asks for a new passkey of the own account.
    ///
    /// # Errors
    /// The factor is not fresh; passkeys are not to be had here; there are too many.
    pub async fn ask_for_own_new_passkey(
        &self,
        principal: &Principal,
    ) -> Result<PasskeyQuestion, AccountError> {
        let (signed_in, _) = principal.fresh_account()?;
        self.check_passkeys_allowed().await?;
        let mut work = self.core.begin().await?;
        let bound = adding(signed_in);
        let question = self.ask_for_new_passkey(work.as_mut(), bound, &signed_in.name).await?;
        work.commit().await?;
        Ok(question)
    }

    /// Adds the passkey that was made and ends the other sessions. Recovery codes come along with an account's first factor.
    ///
    /// # Errors
    /// It is not accepted, or registered already; the factor is not fresh.
    pub async fn add_passkey(
        &self,
        principal: &Principal,
        answer: &PasskeyAnswer,
        name: &str,
    ) -> Result<(Passkey, Vec<String>), AccountError> {
        let (signed_in, grant) = principal.fresh_account()?;
        self.check_passkeys_allowed().await?;
        let new = self.take_new_passkey(answer, adding(signed_in), name).await?;
        let mut work = self.core.begin().await?;
        let factors = self.own_factors(work.as_mut(), signed_in).await?;
        let passkey = self.store_new_passkey(work.as_mut(), &signed_in.name, new).await?;
        let codes = self.first_recovery_codes(work.as_mut(), signed_in, &factors).await?;
        let ended = self.end_other_sessions(work.as_mut(), signed_in).await?;
        let event = self.core.event(EventKind::PASSKEY_ADD, grant.by()).about(&signed_in.name);
        let details = json!({
            "passkey": passkey.name,
            "id": passkey.id,
            "synced": passkey.backup_eligible,
            "discoverable": passkey.discoverable,
            "sessions_ended": ended,
        });
        work.append_event(&event.with_details(details)).await?;
        work.commit().await?;
        Ok((passkey, codes))
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// There is no such passkey; a name that is too long.
    pub async fn rename_passkey(
        &self,
        principal: &Principal,
        id: &str,
        name: &str,
    ) -> Result<(), AccountError> {
        let (signed_in, grant) = principal.account()?;
        let name = passkey_name(name)?;
        let mut work = self.core.begin().await?;
        if !work.rename_passkey(&signed_in.name, id, &name).await? {
            return Err(AccountError::PasskeyNotFound(clean_label(id)));
        }
        let event = self.core.event(EventKind::PASSKEY_RENAME, grant.by()).about(&signed_in.name);
        work.append_event(&event.with_details(json!({"passkey": name, "id": id}))).await?;
        Ok(work.commit().await?)
    }

    /// Removes a passkey and ends the other sessions; answers with its name.
    ///
    /// # Errors
    /// It is the last factor and the cluster requires one; there is no such passkey; the factor is not fresh.
    pub async fn remove_passkey(&self, principal: &Principal, id: &str) -> Result<String, AccountError> {
        let (signed_in, grant) = principal.fresh_account()?;
        let mut work = self.core.begin().await?;
        let factors = self.own_factors(work.as_mut(), signed_in).await?;
        let passkey = factors.passkeys.iter().chain(&factors.stranded).find(|passkey| passkey.id == id);
        let passkey = passkey.ok_or_else(|| AccountError::PasskeyNotFound(clean_label(id)))?;
        if !factors.suffice_without(Some(id), false) {
            return Err(AccountError::LastFactor);
        }
        work.delete_passkey(&signed_in.name, id).await?;
        let ended = self.end_other_sessions(work.as_mut(), signed_in).await?;
        let event = self.core.event(EventKind::PASSKEY_REMOVE, grant.by()).about(&signed_in.name);
        let details = json!({"passkey": passkey.name, "id": id, "sessions_ended": ended});
        work.append_event(&event.with_details(details)).await?;
        work.commit().await?;
        Ok(passkey.name.clone())
    }

    /// Offers a new secret for an authenticator app, or the one that this session was offered already.
    ///
    /// # Errors
    /// The factor is not fresh; the cluster accepts no codes.
    pub async fn offer_authenticator(
        &self,
        principal: &Principal,
    ) -> Result<OfferedAuthenticator, AccountError> {
        let (signed_in, _) = principal.fresh_account()?;
        let mut work = self.core.begin().await?;
        if !self.preference.effective(work.as_mut()).await?.second_factor.allows_codes() {
            return Err(AccountError::CodesNotAllowed);
        }
        let secret = self.pending_secret(work.as_mut(), &offered_row(signed_in)).await?;
        work.commit().await?;
        let (url, base32) = self.otpauth(&secret, &signed_in.name).unwrap_or_default();
        Ok(OfferedAuthenticator { url, base32 })
    }

    /// Sets the offered authenticator in place of the one before, if its first code is right, and ends the other
    /// sessions. Recovery codes come along with an account's first factor.
    ///
    /// # Errors
    /// A wrong code; the factor is not fresh.
    pub async fn set_authenticator(
        &self,
        principal: &Principal,
        code: &str,
    ) -> Result<Vec<String>, AccountError> {
        let (signed_in, grant) = principal.fresh_account()?;
        let keys = Keys::session(&signed_in.session_id);
        self.take_attempt(&keys).await?;
        let mut work = self.core.begin().await?;
        let row = offered_row(signed_in);
        let factors = self.own_factors(work.as_mut(), signed_in).await?;
        let secret = self.pending_secret(work.as_mut(), &row).await?;
        let step = self.first_code_step(&secret, code).ok_or(AccountError::WrongCode)?;
        work.delete_sealed_secret(SecretPurpose::Totp, &row).await?;
        let sealed = self.core.sealer.seal(SecretPurpose::Totp, &signed_in.name, &secret, &[]);
        work.put_sealed_secret(&sealed).await?;
        work.take_totp_step(&signed_in.name, step).await?;
        self.return_attempt(work.as_mut(), &keys).await?;
        let codes = self.first_recovery_codes(work.as_mut(), signed_in, &factors).await?;
        let ended = self.end_other_sessions(work.as_mut(), signed_in).await?;
        let event = self.core.event(EventKind::AUTHENTICATOR_SET, grant.by()).about(&signed_in.name);
        let details = json!({"replaced": factors.has_authenticator, "sessions_ended": ended});
        work.append_event(&event.with_details(details)).await?;
        work.commit().await?;
        Ok(codes)
    }

    /// Removes the authenticator app and ends the other sessions.
    ///
    /// # Errors
    /// It is the last factor and the cluster requires one; there is none; the factor is not fresh.
    pub async fn remove_authenticator(&self, principal: &Principal) -> Result<(), AccountError> {
        let (signed_in, grant) = principal.fresh_account()?;
        let mut work = self.core.begin().await?;
        let factors = self.own_factors(work.as_mut(), signed_in).await?;
        if !factors.has_authenticator {
            return Err(AccountError::NoAuthenticator);
        }
        if !factors.suffice_without(None, true) {
            return Err(AccountError::LastFactor);
        }
        work.delete_sealed_secret(SecretPurpose::Totp, &signed_in.name).await?;
        let ended = self.end_other_sessions(work.as_mut(), signed_in).await?;
        let event = self.core.event(EventKind::AUTHENTICATOR_REMOVE, grant.by()).about(&signed_in.name);
        work.append_event(&event.with_details(json!({"sessions_ended": ended}))).await?;
        Ok(work.commit().await?)
    }

    /// New recovery codes in place of all before; shown once. The other sessions end.
    ///
    /// # Errors
    /// The factor is not fresh.
    pub async fn renew_recovery_codes(&self, principal: &Principal) -> Result<Vec<String>, AccountError> {
        let (signed_in, grant) = principal.fresh_account()?;
        let mut work = self.core.begin().await?;
        // Held, so that two renewals cannot mix their codes.
        work.user_for_update(&signed_in.name).await?.ok_or(AuthzError::Anonymous)?;
        let codes =
            replace_recovery_codes(&self.core, work.as_mut(), &signed_in.name, self.core.now()).await?;
        let ended = self.end_other_sessions(work.as_mut(), signed_in).await?;
        let event = self.core.event(EventKind::RECOVERY_CODES_CREATE, grant.by()).about(&signed_in.name);
        let details = json!({"codes": codes.len(), "sessions_ended": ended});
        work.append_event(&event.with_details(details)).await?;
        work.commit().await?;
        Ok(codes)
    }

    /// How the signed-in person can prove anew who it is.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub async fn confirm_choices(&self, principal: &Principal) -> Result<ConfirmChoices, AccountError> {
        let (signed_in, _) = principal.account()?;
        let mut work = self.core.read().await?;
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        let factors = self.factors(work.as_mut(), policy, &signed_in.name).await?;
        Ok(if factors.is_required() {
            ConfirmChoices::Factor(factors.choices())
        } else {
            ConfirmChoices::Password
        })
    }

    /// Asks for one of the own passkeys, to prove the second factor anew.
    ///
    /// # Errors
    /// There is none that counts here.
    pub async fn ask_to_confirm(&self, principal: &Principal) -> Result<PasskeyQuestion, AccountError> {
        let (signed_in, _) = principal.account()?;
        let mut work = self.core.begin().await?;
        let question = self.ask_for_own_passkey(work.as_mut(), confirming(signed_in)).await?;
        work.commit().await?;
        Ok(question)
    }

    /// Proves the second factor (the password, where the account has none) anew; answers with the session's new cookie,
    /// where it has one.
    ///
    /// # Errors
    /// It is wrong; throttled; nobody is logged in; the session has just been given another cookie.
    pub async fn confirm_second_factor(
        &self,
        principal: &Principal,
        password: &str,
        answer: &FactorAnswer,
    ) -> Result<Option<SecretToken>, AccountError> {
        let (signed_in, grant) = principal.account()?;
        let keys = Keys::session(&signed_in.session_id);
        self.take_attempt(&keys).await?;
        let event = self.core.event(EventKind::USER_FACTOR, grant.by());
        match self.prove_anew(signed_in, password, answer).await {
            Ok((mut work, proof)) => {
                self.return_attempt(work.as_mut(), &keys).await?;
                work.set_session_factor_time(&signed_in.session_id, self.core.now()).await?;
                work.append_event(&event.with_details(proof.details())).await?;
                let cookie = self.core.renew_cookie(work.as_mut(), signed_in).await?;
                work.commit().await?;
                Ok(cookie)
            }
            Err(error) => {
                let code = crate::Decision::code(&error);
                self.core.append_alone(&event.failed(EventKind::USER_FACTOR, code, &error)).await?;
                Err(error)
            }
        }
    }

    async fn prove_anew(
        &self,
        signed_in: &SignedIn,
        password: &str,
        answer: &FactorAnswer,
    ) -> Result<(Box<dyn UnitOfWork>, Proof), AccountError> {
        let (needs_factor, password_hash) = {
            let mut work = self.core.read().await?;
            let user = work.user(&signed_in.name).await?.ok_or(AuthzError::Anonymous)?;
            let policy = self.preference.effective(work.as_mut()).await?.second_factor;
            let factors = self.factors(work.as_mut(), policy, &signed_in.name).await?;
            (factors.is_required(), user.password_hash)
        };
        if !needs_factor {
            // Hashing takes long: no unit of work is open meanwhile.
            let fits = self.passwords.verify(password, password_hash.as_deref()).await?;
            let work = self.core.begin().await?;
            return if fits { Ok((work, Proof::Password)) } else { Err(AccountError::WrongPassword) };
        }
        match answer {
            FactorAnswer::Code(code) => {
                let mut work = self.core.begin().await?;
                let policy = self.preference.effective(work.as_mut()).await?.second_factor;
                let taken = self.take_typed_code(work.as_mut(), policy, &signed_in.name, code).await?;
                Ok((work, taken.ok_or(AccountError::WrongCode)?))
            }
            FactorAnswer::Passkey(answer) => {
                let ceremony = self.take_ceremony(answer, confirming(signed_in)).await?;
                let mut work = self.core.begin().await?;
                let factors = self.own_factors(work.as_mut(), signed_in).await?;
                if !factors.choices().passkey {
                    return Err(AccountError::PasskeysNotAllowed);
                }
                let (passkey, used) = self.judge_use(&ceremony, answer, &factors.passkeys)?;
                let proof = self.store_use(work.as_mut(), &passkey, &used, false).await?;
                Ok((work, proof))
            }
        }
    }

    /// The own factors; nobody else changes the account until the unit of work ends.
    async fn own_factors(
        &self,
        work: &mut dyn UnitOfWork,
        signed_in: &SignedIn,
    ) -> Result<Factors, AccountError> {
        work.user_for_update(&signed_in.name).await?.ok_or(AuthzError::Anonymous)?;
        let policy = self.preference.effective(work).await?.second_factor;
        self.factors(work, policy, &signed_in.name).await
    }

    /// Codes for an account that had no second factor and so none of them; else nothing.
    async fn first_recovery_codes(
        &self,
        work: &mut dyn UnitOfWork,
        signed_in: &SignedIn,
        before: &Factors,
    ) -> Result<Vec<String>, AccountError> {
        let had_one = before.has_authenticator || !before.passkeys.is_empty() || before.recovery_codes > 0;
        if had_one {
            return Ok(Vec::new());
        }
        replace_recovery_codes(&self.core, work, &signed_in.name, self.core.now()).await
    }

    async fn end_other_sessions(
        &self,
        work: &mut dyn UnitOfWork,
        signed_in: &SignedIn,
    ) -> Result<i64, AccountError> {
        let (user, own) = (&signed_in.name, &signed_in.session_id);
        let ended = work.end_sessions_of_user(user, Some(own), self.core.now()).await?;
        // The own one goes on with another cookie: somebody may have read the one before.
        self.core.renew_cookie(work, signed_in).await?;
        Ok(ended)
    }
}

fn adding(signed_in: &SignedIn) -> Bound<'_> {
    Bound { purpose: CeremonyPurpose::Add, owner: &signed_in.session_id, user: &signed_in.name }
}

fn confirming(signed_in: &SignedIn) -> Bound<'_> {
    Bound { purpose: CeremonyPurpose::Confirm, owner: &signed_in.session_id, user: &signed_in.name }
}

/// Row of the secret that a session was offered; no user name can look like it.
fn offered_row(signed_in: &SignedIn) -> String {
    format!("session:{}", signed_in.session_id)
}
