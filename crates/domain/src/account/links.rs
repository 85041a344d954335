use gatehouse_model::{Timestamp, UserName};
use serde_json::json;

use super::login::stranger;
use super::passkeys::{Bound, NewPasskey, PasskeyAnswer, PasskeyQuestion};
use super::password::check_strength;
use super::recovery_code::replace_recovery_codes;
use super::{AccountError, Accounts};
use crate::SecretToken;
use crate::audit::EventKind;
use crate::entity::{CeremonyPurpose, Digest, LinkPurpose, SecretPurpose, User, UserLink, begun_ahead};
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
    /// (otpauth URL, base32 secret), where the cluster accepts authenticator apps.
    pub otpauth: Option<(String, String)>,
    /// The cluster accepts passkeys, and browsers know them here.
    pub passkey: bool,
    /// Nobody signs up without a second factor.
    pub factor_required: bool,
    pub expires: Timestamp,
}

/// The second factor that somebody signs up with.
#[derive(Clone, Default)]
pub enum NewFactor {
    #[default]
    None,
    /// The first code of the authenticator app that took the link's secret.
    Code(String),
    Passkey {
        answer: PasskeyAnswer,
        /// As its owner calls it.
        name: String,
    },
}

/// An account that is ready.
#[derive(Debug)]
pub struct SignedUp {
    pub user: User,
    /// Shown once; empty for an account without a second factor.
    pub recovery_codes: Vec<String>,
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
        let otpauth = if second_factor.allows_codes() {
            let secret = self.pending_secret(work.as_mut(), &pending_row(&token)).await?;
            self.otpauth(&secret, &link.user)
        } else {
            None
        };
        work.commit().await?;
        Ok(SignupFacts {
            user: link.user,
            purpose: link.purpose,
            otpauth,
            passkey: second_factor.allows_passkeys() && self.core.passkeys.is_some(),
            factor_required: second_factor.is_required(),
            expires: link.expires,
        })
    }

    /// Asks for the passkey that a link's new account is to have.
    ///
    /// # Errors
    /// The link is not valid; a name that cannot be; passkeys are not to be had here.
    pub async fn ask_for_signup_passkey(
        &self,
        token: &str,
        chosen_name: &str,
    ) -> Result<PasskeyQuestion, AccountError> {
        let (token, link) = self.live_link(self.core.read().await?.as_mut(), token).await?;
        self.check_passkeys_allowed().await?;
        let name = account_name(&link, chosen_name)?;
        let mut work = self.core.begin().await?;
        let owner = pending_row(&token);
        let bound = Bound { purpose: CeremonyPurpose::SignUp, owner: &owner, user: &name };
        let question = self.ask_for_new_passkey(work.as_mut(), bound, &name).await?;
        work.commit().await?;
        Ok(question)
    }

    /// Redeems a link: sets the password and the second factor, and takes away whatever was there before.
    ///
    /// # Errors
    /// A link that is not valid, a weak password, a wrong code, a passkey that is not accepted, a name that cannot be or
    /// is taken.
    pub async fn finish_signup(
        &self,
        token: &str,
        chosen_name: &str,
        password: &str,
        factor: &NewFactor,
        facts: &RequestFacts,
    ) -> Result<SignedUp, AccountError> {
        let (token, link) = {
            let mut work = self.core.read().await?;
            self.live_link(work.as_mut(), token).await?
        };
        let name = account_name(&link, chosen_name)?;
        check_strength(password, &name)?;
        let made = match factor {
            NewFactor::None | NewFactor::Code(_) => None,
            NewFactor::Passkey { answer, name: passkey } => {
                let owner = pending_row(&token);
                let bound = Bound { purpose: CeremonyPurpose::SignUp, owner: &owner, user: &name };
                Some(self.take_new_passkey(answer, bound, passkey).await?)
            }
        };
        let password_hash = self.passwords.hash(password, self.core.random_bytes()).await?;
        match self.redeem(&token, &link, &name, password_hash, factor, made, facts).await {
            Err(AccountError::WrongCode) => {
                let mut work = self.core.begin().await?;
                work.fail_link(&token.hash()).await?;
                work.commit().await?;
                Err(AccountError::WrongCode)
            }
            outcome => outcome,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one unit of work; each is checked before it begins")]
    async fn redeem(
        &self,
        token: &SecretToken,
        link: &UserLink,
        name: &str,
        password_hash: String,
        factor: &NewFactor,
        made: Option<NewPasskey>,
        facts: &RequestFacts,
    ) -> Result<SignedUp, AccountError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        if !work.use_link(&token.hash(), now).await? {
            return Err(AccountError::Link);
        }
        let mut user = match link.purpose {
            LinkPurpose::FirstAdmin => {
                if work.count_users().await? > 0 {
                    return Err(AccountError::FirstAdminLink);
                }
                let user = first_admin(name, now);
                work.insert_user(&user).await?;
                user
            }
            LinkPurpose::Invite | LinkPurpose::Reset => {
                work.user_for_update(name).await?.ok_or(AccountError::Link)?
            }
        };
        let policy = self.preference.effective(work.as_mut()).await?.second_factor;
        let row = pending_row(token);
        clear_factors(work.as_mut(), name).await?;
        let details = match (factor, made) {
            (NewFactor::Passkey { .. }, Some(made)) if policy.allows_passkeys() => {
                let passkey = self.store_new_passkey(work.as_mut(), name, made).await?;
                Some(json!({"factor": "passkey", "passkey": passkey.name}))
            }
            (NewFactor::Passkey { .. }, _) => return Err(AccountError::PasskeysNotAllowed),
            (NewFactor::Code(code), _)
                if policy.allows_codes() && (policy.is_required() || !code.is_empty()) =>
            {
                let secret = self.pending_secret(work.as_mut(), &row).await?;
                let step = self.first_code_step(&secret, code).ok_or(AccountError::WrongCode)?;
                work.put_sealed_secret(&self.core.sealer.seal(SecretPurpose::Totp, name, &secret, &[]))
                    .await?;
                // False where a code of an older secret has used this step already: then it stays used.
                work.take_totp_step(name, step).await?;
                Some(json!({"factor": "otp"}))
            }
            _ if !policy.is_required() => None,
            _ if policy.allows_codes() => return Err(AccountError::WrongCode),
            _ => return Err(AccountError::PasskeyRequired),
        };
        work.delete_sealed_secret(SecretPurpose::Totp, &row).await?;
        let recovery_codes = if details.is_some() {
            replace_recovery_codes(&self.core, work.as_mut(), name, now).await?
        } else {
            Vec::new()
        };
        user.password_hash = Some(password_hash);
        user.updated = now;
        work.update_user(&user).await?;
        work.end_sessions_of_user(name, None, now).await?;
        let mut about = json!({"link": link.purpose.as_str()});
        if let (Some(about), Some(serde_json::Value::Object(details))) = (about.as_object_mut(), details) {
            about.extend(details);
        }
        let event = self.core.event(EventKind::USER_SIGNUP, &stranger(Some(name), facts)).about(name);
        work.append_event(&event.with_details(about)).await?;
        work.commit().await?;
        Ok(SignedUp { user, recovery_codes })
    }

    async fn live_link(
        &self,
        work: &mut dyn UnitOfWork,
        token: &str,
    ) -> Result<(SecretToken, UserLink), AccountError> {
        let token = SecretToken::read(token).ok_or(AccountError::Link)?;
        let found = work.link(&token.hash()).await?.filter(|link| {
            let now = self.core.now();
            let is_over = link.expires <= now || begun_ahead(link.created, now);
            link.used.is_none() && !is_over && link.failures < MAX_FAILURES
        });
        let Some(link) = found else {
            return Err(match work.count_users().await? {
                0 => AccountError::LinkBeforeAccounts,
                _ => AccountError::Link,
            });
        };
        if link.purpose == LinkPurpose::FirstAdmin && work.count_users().await? > 0 {
            return Err(AccountError::FirstAdminLink);
        }
        Ok((token, link))
    }
}

/// Takes every second factor of a user away; the handle stays, so that an authenticator replaces what it had.
pub(super) async fn clear_factors(work: &mut dyn UnitOfWork, user: &str) -> Result<(), AccountError> {
    work.delete_sealed_secret(SecretPurpose::Totp, user).await?;
    work.delete_passkeys(user).await?;
    Ok(work.put_recovery_codes(user, &[], Timestamp::default()).await?)
}

/// Whose account a link makes: the first admin chooses a name.
fn account_name(link: &UserLink, chosen: &str) -> Result<String, AccountError> {
    match link.purpose {
        LinkPurpose::FirstAdmin => UserName::try_from(chosen)
            .map(|name| name.to_string())
            .map_err(|error| AccountError::UserName(error.to_string())),
        LinkPurpose::Invite | LinkPurpose::Reset => Ok(link.user.clone()),
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
