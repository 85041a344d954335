//! Passkey ceremonies: a challenge goes out, waits here bound to whom and what it is for, and is taken out once.

use gatehouse_model::clean_label;

use super::factors::Proof;
use super::{AccountError, Accounts};
use crate::SecretToken;
use crate::entity::{CeremonyPurpose, Passkey, PasskeyCeremony, PasskeyUse};
use crate::ports::{MadePasskey, PasskeyChallenge, PasskeyFault, Passkeys, UnitOfWork};

/// Time to answer a challenge, in seconds.
pub(super) const CEREMONY_SECS: i64 = 300;
/// Largest answer of a browser that is looked at, in bytes.
const MAX_ANSWER: usize = 16 * 1024;
/// Most passkeys of one user.
pub(super) const MAX_PASSKEYS: usize = 20;
/// Longest name of a passkey, in characters.
const MAX_NAME: usize = 60;

/// What a browser gets: the options of the call, and by what its answer names the ceremony.
#[derive(Debug)]
pub struct PasskeyQuestion {
    pub ceremony: SecretToken,
    /// JSON.
    pub options: String,
}

/// What a browser brings back.
#[derive(Clone, Default)]
pub struct PasskeyAnswer {
    pub ceremony: String,
    /// JSON of the credential (WebAuthn level 3, section 5.1: `toJSON`).
    pub credential: String,
}

/// A passkey that was accepted and is not stored yet.
pub(super) struct NewPasskey {
    made: MadePasskey,
    name: String,
    handle: Vec<u8>,
}

/// What a ceremony is bound to.
pub(super) struct Bound<'a> {
    pub(super) purpose: CeremonyPurpose,
    pub(super) owner: &'a str,
    pub(super) user: &'a str,
}

/// A passkey's name, as it may be stored.
pub(super) fn passkey_name(text: &str) -> Result<String, AccountError> {
    let name = clean_label(text.trim());
    if name.is_empty() {
        return Ok("Passkey".to_owned());
    }
    if name.chars().count() > MAX_NAME {
        return Err(AccountError::PasskeyName("the name is longer than 60 characters"));
    }
    Ok(name)
}

impl Accounts {
    pub(super) fn verifier(&self) -> Result<&dyn Passkeys, AccountError> {
        self.core.passkeys.as_deref().ok_or(AccountError::NoPasskeysHere)
    }

    /// Lets a challenge wait.
    pub(super) async fn put_ceremony(
        &self,
        work: &mut dyn UnitOfWork,
        bound: Bound<'_>,
        handle: Option<Vec<u8>>,
        challenge: PasskeyChallenge,
    ) -> Result<PasskeyQuestion, AccountError> {
        let now = self.core.now();
        let token = SecretToken::generate(self.core.random.as_ref());
        // Those that nobody answered go with the next one that is asked.
        work.purge_passkey_ceremonies(now).await?;
        // One at a time: whoever asks again answers that one. Strangers have no owner to tell them apart, and are
        // counted instead.
        if bound.purpose != CeremonyPurpose::Passwordless {
            work.drop_passkey_ceremonies(bound.purpose, bound.owner).await?;
        }
        work.insert_passkey_ceremony(&PasskeyCeremony {
            hash: token.hash(),
            purpose: bound.purpose,
            owner: bound.owner.to_owned(),
            user: bound.user.to_owned(),
            handle,
            state: challenge.state,
            created: now,
            expires: now.plus_secs(CEREMONY_SECS),
        })
        .await?;
        Ok(PasskeyQuestion { ceremony: token, options: challenge.options })
    }

    /// Takes a challenge out, in a commit of its own: whatever comes of the answer, nobody answers it again.
    pub(super) async fn take_ceremony(
        &self,
        answer: &PasskeyAnswer,
        bound: Bound<'_>,
    ) -> Result<PasskeyCeremony, AccountError> {
        let token = SecretToken::read(&answer.ceremony).ok_or(AccountError::Ceremony)?;
        if answer.credential.len() > MAX_ANSWER {
            return Err(PasskeyFault::Malformed.into());
        }
        // A stranger's rubbish must not take the writer's place.
        if !self.core.read().await?.has_passkey_ceremony(&token.hash()).await? {
            return Err(AccountError::Ceremony);
        }
        let mut work = self.core.begin().await?;
        let ceremony = work.take_passkey_ceremony(&token.hash()).await?;
        work.commit().await?;
        ceremony
            .filter(|ceremony| {
                ceremony.expires > self.core.now()
                    && ceremony.purpose == bound.purpose
                    && ceremony.owner == bound.owner
                    && ceremony.user == bound.user
            })
            .ok_or(AccountError::Ceremony)
    }

    /// Which of the user's passkeys an answer comes from, and how it stands after this use. Nothing is stored yet.
    pub(super) fn judge_use(
        &self,
        ceremony: &PasskeyCeremony,
        answer: &PasskeyAnswer,
        passkeys: &[Passkey],
    ) -> Result<(Passkey, PasskeyUse), AccountError> {
        let verifier = self.verifier()?;
        let claimed = verifier.claimed(&answer.credential)?;
        let passkey = passkeys
            .iter()
            .find(|passkey| passkey.credential_id == claimed.credential_id)
            .ok_or_else(|| PasskeyFault::Refused("it is none of this user's".to_owned()))?;
        let used = verifier.accept_use(&ceremony.state, &answer.credential, passkey)?;
        let now = self.core.now();
        let used = PasskeyUse {
            credential: used.credential,
            counter: used.counter,
            backup_eligible: used.backup_eligible,
            backed_up: used.backed_up,
            now,
        };
        Ok((passkey.clone(), used))
    }

    /// Stores a use; a counter that another use has reached meanwhile shows a copy.
    pub(super) async fn store_use(
        &self,
        work: &mut dyn UnitOfWork,
        passkey: &Passkey,
        used: &PasskeyUse,
        alone: bool,
    ) -> Result<Proof, AccountError> {
        if !work.use_passkey(&passkey.id, used).await? {
            // Removed meanwhile, or used by a copy at the same time.
            return Err(PasskeyFault::Cloned.into());
        }
        Ok(Proof::Passkey { name: passkey.name.clone(), alone })
    }

    /// Asks for a new passkey of a user.
    pub(super) async fn ask_for_new_passkey(
        &self,
        work: &mut dyn UnitOfWork,
        bound: Bound<'_>,
        shown_name: &str,
    ) -> Result<PasskeyQuestion, AccountError> {
        let verifier = self.verifier()?;
        let present = match bound.purpose {
            // Whoever redeems a link begins anew.
            CeremonyPurpose::SignUp => Vec::new(),
            _ => work.passkeys(bound.user).await?,
        };
        if present.len() >= MAX_PASSKEYS {
            return Err(AccountError::TooManyPasskeys);
        }
        let handle = match work.passkey_handle(bound.user).await? {
            Some(handle) => handle,
            None => self.core.random_bytes::<16>().to_vec(),
        };
        if bound.purpose == CeremonyPurpose::Add {
            // At once, so that two passkeys that are made side by side are filed under one.
            work.put_passkey_handle(bound.user, &handle).await?;
        }
        let challenge = verifier.ask_for_new(shown_name, &handle, &present)?;
        self.put_ceremony(work, bound, Some(handle), challenge).await
    }

    /// Takes a challenge for a new passkey out and judges its answer.
    pub(super) async fn take_new_passkey(
        &self,
        answer: &PasskeyAnswer,
        bound: Bound<'_>,
        name: &str,
    ) -> Result<NewPasskey, AccountError> {
        let name = passkey_name(name)?;
        let ceremony = self.take_ceremony(answer, bound).await?;
        let made = self.verifier()?.accept_new(&ceremony.state, &answer.credential)?;
        let handle = ceremony.handle.ok_or(AccountError::Ceremony)?;
        Ok(NewPasskey { made, name, handle })
    }

    /// Stores a passkey that was just made for a user who exists.
    pub(super) async fn store_new_passkey(
        &self,
        work: &mut dyn UnitOfWork,
        user: &str,
        new: NewPasskey,
    ) -> Result<Passkey, AccountError> {
        let NewPasskey { made, name, handle } = new;
        let rp_id = self.verifier()?.rp_id().to_owned();
        work.put_passkey_handle(user, &handle).await?;
        // The handle is the account's for good; an authenticator that files under another finds nobody.
        if work.passkey_handle(user).await?.as_ref() != Some(&handle) {
            return Err(AccountError::Ceremony);
        }
        if work.passkeys(user).await?.len() >= MAX_PASSKEYS {
            return Err(AccountError::TooManyPasskeys);
        }
        if work.passkey_by_credential(&made.credential_id).await?.is_some() {
            return Err(AccountError::PasskeyExists);
        }
        let passkey = Passkey {
            id: self.core.new_id(),
            user: user.to_owned(),
            credential_id: made.credential_id,
            rp_id,
            name,
            credential: made.credential,
            counter: made.counter,
            backup_eligible: made.backup_eligible,
            backed_up: made.backed_up,
            discoverable: made.discoverable,
            created: self.core.now(),
            last_used: None,
        };
        work.insert_passkey(&passkey).await?;
        Ok(passkey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_short() {
        assert_eq!(passkey_name("  My key ").unwrap(), "My key");
        assert_eq!(passkey_name(" ").unwrap(), "Passkey");
        assert!(!passkey_name("a\u{202e}b").unwrap().contains('\u{202e}'));
        assert!(passkey_name(&"x".repeat(61)).is_err());
    }
}
