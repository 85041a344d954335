use gatehouse_model::{SecondFactor, Timestamp, UserName};

use super::password::check_strength;
use super::{AccountError, Accounts};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::authz::Attribution;
use crate::entity::{Digest, LinkPurpose, SecretPurpose, User, UserLink};
use crate::identity::RequestFacts;
use crate::ports::UnitOfWork;

/// Life of an invitation or reset link, in seconds, unless told otherwise.
pub(super) const INVITE_SECS: i64 = 3600;
/// Longest life that can be asked for: a week.
const LONGEST_SECS: i64 = 7 * 86_400;
/// Failed attempts after which a link is void.
const MAX_FAILURES: i64 = 10;
/// Role of the first admin, besides `access`.
const FIRST_ADMIN_ROLE: &str = "editor";

/// A link that was just made; the token is shown once.
#[derive(Debug)]
pub struct NewLink {
    pub user: String,
    pub token: SecretToken,
    pub expires: Timestamp,
}

/// What a link is for.
#[derive(Clone, Debug)]
pub struct SignupFacts {
    /// Empty for the first admin, who chooses a name.
    pub user: String,
    pub purpose: LinkPurpose,
    /// (otpauth URL, base32 secret), where the cluster wants a second factor.
    pub otpauth: Option<(String, String)>,
    pub expires: Timestamp,
}

impl Accounts {
    /// On a database without users: a fresh link that creates the first admin, replacing the one before.
    ///
    /// # Errors
    /// Storage.
    pub async fn first_admin_link(&self) -> Result<Option<NewLink>, AccountError> {
        let mut work = self.core.begin().await?;
        if work.count_users().await? > 0 {
            return Ok(None);
        }
        let link = self.put_link(work.as_mut(), LinkPurpose::FirstAdmin, "", "", 86_400).await?;
        work.commit().await?;
        Ok(Some(link))
    }

    pub(super) async fn put_link(
        &self,
        work: &mut dyn UnitOfWork,
        purpose: LinkPurpose,
        user: &str,
        created_by: &str,
        ttl_secs: i64,
    ) -> Result<NewLink, AccountError> {
        work.delete_unused_links(user).await?;
        let token = SecretToken::generate(self.core.random.as_ref());
        let now = self.core.now();
        let expires = now.plus_secs(ttl_secs.clamp(60, LONGEST_SECS));
        let link = UserLink {
            hash: token.hash(),
            purpose,
            user: user.to_owned(),
            created: now,
            created_by: created_by.to_owned(),
            expires,
            used: None,
            failures: 0,
        };
        work.insert_link(&link).await?;
        Ok(NewLink { user: user.to_owned(), token, expires })
    }

    /// Says what a link is for, without spending it.
    ///
    /// # Errors
    /// [`AccountError::Link`] for whatever is wrong with it.
    pub async fn begin_signup(&self, token: &str) -> Result<SignupFacts, AccountError> {
        // A stranger's rubbish must not take the writer's place.
        self.live_link(self.core.read().await?.as_mut(), token).await?;
        let mut work = self.core.begin().await?;
        let (token, link) = self.live_link(work.as_mut(), token).await?;
        let second_factor = self.preference.effective(work.as_mut()).await?.second_factor;
        let otpauth = match second_factor {
            SecondFactor::Off => None,
            SecondFactor::Otp => {
                let secret = self.pending_secret(work.as_mut(), &pending_row(&token)).await?;
                self.otpauth(&secret, &link.user)
            }
        };
        work.commit().await?;
        Ok(SignupFacts { user: link.user, purpose: link.purpose, otpauth, expires: link.expires })
    }

    /// Redeems a link: sets the password and, where the cluster wants one, the one-time-code secret.
    ///
    /// # Errors
    /// A link that is not valid, a weak password, a wrong code, a name that cannot be or is taken.
    pub async fn finish_signup(
        &self,
        token: &str,
        chosen_name: &str,
        password: &str,
        code: &str,
        facts: &RequestFacts,
    ) -> Result<User, AccountError> {
        let (token, link) = {
            let mut work = self.core.read().await?;
            self.live_link(work.as_mut(), token).await?
        };
        let name = match link.purpose {
            LinkPurpose::FirstAdmin => UserName::try_from(chosen_name)
                .map_err(|error| AccountError::UserName(error.to_string()))?
                .to_string(),
            LinkPurpose::Invite | LinkPurpose::Reset => link.user.clone(),
        };
        check_strength(password, &name)?;
        let password_hash = self.passwords.hash(password, self.core.random_bytes()).await?;
        match self.redeem(&token, &link, &name, password_hash, code, facts).await {
            Err(AccountError::WrongCode) => {
                let mut work = self.core.begin().await?;
                work.fail_link(&token.hash()).await?;
                work.commit().await?;
                Err(AccountError::WrongCode)
            }
            outcome => outcome,
        }
    }

    async fn redeem(
        &self,
        token: &SecretToken,
        link: &UserLink,
        name: &str,
        password_hash: String,
        code: &str,
        facts: &RequestFacts,
    ) -> Result<User, AccountError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        if !work.use_link(&token.hash(), now).await? {
            return Err(AccountError::Link);
        }
        let mut user = match link.purpose {
            LinkPurpose::FirstAdmin => {
                if work.count_users().await? > 0 {
                    return Err(AccountError::Link);
                }
                let user = first_admin(name, now);
                work.insert_user(&user).await?;
                user
            }
            LinkPurpose::Invite | LinkPurpose::Reset => {
                work.user_for_update(name).await?.ok_or(AccountError::Link)?
            }
        };
        let second_factor = self.preference.effective(work.as_mut()).await?.second_factor;
        if second_factor == SecondFactor::Otp {
            let row = pending_row(token);
            let secret = self.pending_secret(work.as_mut(), &row).await?;
            let step = self.first_code_step(&secret, code).ok_or(AccountError::WrongCode)?;
            work.delete_sealed_secret(SecretPurpose::Totp, &row).await?;
            work.put_sealed_secret(&self.core.sealer.seal(SecretPurpose::Totp, name, &secret, &[])).await?;
            // False where a code of an older secret has used this step already: then it stays used.
            work.take_totp_step(name, step).await?;
        }
        user.password_hash = Some(password_hash);
        user.updated = now;
        work.update_user(&user).await?;
        work.end_sessions_of_user(name, None, now).await?;
        let by = Attribution {
            user: name.to_owned(),
            user_kind: Some(1),
            request_id: facts.request_id.clone(),
            remote_address: facts.remote_address.clone(),
            ..Attribution::default()
        };
        let event = self.core.event(EventKind::USER_SIGNUP, &by).about(name);
        work.append_event(&event.with_details(serde_json::json!({"link": link.purpose.as_str()}))).await?;
        work.commit().await?;
        Ok(user)
    }

    async fn live_link(
        &self,
        work: &mut dyn UnitOfWork,
        token: &str,
    ) -> Result<(SecretToken, UserLink), AccountError> {
        let token = SecretToken::read(token).ok_or(AccountError::Link)?;
        let link = work
            .link(&token.hash())
            .await?
            .filter(|link| {
                link.used.is_none() && link.expires > self.core.now() && link.failures < MAX_FAILURES
            })
            .ok_or(AccountError::Link)?;
        Ok((token, link))
    }
}

fn first_admin(name: &str, now: Timestamp) -> User {
    User {
        name: name.to_owned(),
        kind: gatehouse_model::resource::UserKind::Human,
        roles: vec!["access".to_owned(), FIRST_ADMIN_ROLE.to_owned()],
        logins: Vec::new(),
        password_hash: None,
        totp_last_step: 0,
        created: now,
        updated: now,
    }
}

/// Row of the secret that waits behind a link; no user name can look like it.
fn pending_row(token: &SecretToken) -> String {
    pending_row_of(&token.hash())
}

/// As [`pending_row`], by the link's hash.
pub(crate) fn pending_row_of(hash: &Digest) -> String {
    format!("link:{}", hex::encode(hash))
}
