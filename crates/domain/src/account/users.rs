use gatehouse_model::resource::{UserKind, UserSpec};
use gatehouse_model::{UserName, clean_label};

use super::links::{INVITE_SECS, NewLink, clear_factors};
use super::{AccountError, Accounts};
use crate::audit::{EventKind, last_change};
use crate::authz::{CreateUser, DeleteUser, Grant, ListUsers, ReadUser, UpdateUser};
use crate::cluster::{AdminGuard, Reach, roles_check_logins};
use crate::entity::{LinkPurpose, Role, SecretPurpose, User};
use crate::ports::UnitOfWork;

/// An account to be made.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    pub name: String,
    pub spec: UserSpec,
}

/// Most users of one page.
const MAX_PAGE: i64 = 1000;

impl Accounts {
    /// Users by name, after `after`.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListUsers>,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<User>, AccountError> {
        Ok(self.core.read().await?.users(after, limit.clamp(1, MAX_PAGE)).await?)
    }

    /// One user.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn get(&self, _grant: &Grant<ReadUser>, name: &str) -> Result<User, AccountError> {
        let mut work = self.core.read().await?;
        find(work.as_mut(), name).await
    }

    /// Creates an account, and for a person the link that sets its password.
    ///
    /// # Errors
    /// The name is taken or no name; unknown roles; no role; rights that whoever asks does not have.
    pub async fn create(
        &self,
        grant: &Grant<CreateUser>,
        new: NewUser,
        ttl_secs: Option<i64>,
    ) -> Result<(User, Option<NewLink>), AccountError> {
        let name = UserName::try_from(new.name.as_str())
            .map_err(|error| AccountError::UserName(error.to_string()))?;
        let mut work = self.core.begin().await?;
        // Or a role could go while it is given.
        work.hold_administrators().await?;
        let roles = check_spec(work.as_mut(), &new.spec).await?;
        Reach::of(work.as_mut(), grant.by()).await?.check(roles.iter(), new.spec.logins.iter())?;
        if work.user(name.as_str()).await?.is_some() {
            return Err(AccountError::Exists(name.to_string()));
        }
        let now = self.core.now();
        let user = User {
            name: name.to_string(),
            kind: new.spec.kind,
            roles: new.spec.roles,
            logins: new.spec.logins,
            password_hash: None,
            totp_last_step: 0,
            created: now,
            updated: now,
        };
        work.insert_user(&user).await?;
        let link = match user.kind {
            UserKind::Human => Some(
                self.put_link(
                    work.as_mut(),
                    LinkPurpose::Invite,
                    &user.name,
                    &grant.by().user,
                    ttl_secs.unwrap_or(INVITE_SECS),
                )
                .await?,
            ),
            UserKind::Bot => None,
        };
        let event = self
            .core
            .event(EventKind::USER_CREATE, grant.by())
            .about(&user.name)
            .with_details(serde_json::json!({"roles": user.roles, "kind": user.kind.as_str()}));
        work.append_event(&event).await?;
        work.commit().await?;
        Ok((user, link))
    }

    /// Replaces roles and logins; running sessions follow at their next request. With a revision, only the state that
    /// it names.
    ///
    /// # Errors
    /// No such user; unknown roles; no role; somebody else changed it meanwhile; it takes the rights of the last
    /// administrator; it gives rights that whoever asks does not have.
    pub async fn update(
        &self,
        grant: &Grant<UpdateUser>,
        name: &str,
        spec: UserSpec,
        expected_revision: Option<&str>,
    ) -> Result<User, AccountError> {
        let mut work = self.core.begin().await?;
        let guard = AdminGuard::before(&self.core, work.as_mut(), grant.by()).await?;
        let roles = check_spec(work.as_mut(), &spec).await?;
        let mut user = find_for_update(work.as_mut(), name).await?;
        if expected_revision.is_some_and(|expected| expected != user.revision()) {
            let change = last_change(work.as_mut(), EventKind::USER_UPDATE, &user.name).await?;
            return Err(AccountError::Stale { name: user.name, change });
        }
        if user.kind != spec.kind {
            return Err(AccountError::Kind);
        }
        let new_roles = roles.iter().filter(|role| !user.roles.contains(&role.name));
        let new_logins = spec.logins.iter().filter(|login| !user.logins.contains(login));
        Reach::of(work.as_mut(), grant.by()).await?.check(new_roles, new_logins)?;
        let change = serde_json::json!({
            "roles": {"from": user.roles, "to": spec.roles},
            "logins": {"from": user.logins, "to": spec.logins},
        });
        let event =
            self.core.event(EventKind::USER_UPDATE, grant.by()).about(&user.name).with_details(change);
        user.roles = spec.roles;
        user.logins = spec.logins;
        user.updated = self.core.now();
        work.update_user(&user).await?;
        guard.after(work.as_mut()).await??;
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(user)
    }

    /// Deletes an account and ends its sessions at once.
    ///
    /// # Errors
    /// No such user; the own account; the last administrator.
    pub async fn delete(&self, grant: &Grant<DeleteUser>, name: &str) -> Result<(), AccountError> {
        let mut work = self.core.begin().await?;
        let guard = AdminGuard::before(&self.core, work.as_mut(), grant.by()).await?;
        let user = find_for_update(work.as_mut(), name).await?;
        if grant.by().user == user.name {
            return Err(AccountError::OwnAccount);
        }
        work.end_sessions_of_user(&user.name, None, self.core.now()).await?;
        work.delete_sealed_secret(SecretPurpose::Totp, &user.name).await?;
        work.delete_user(&user.name).await?;
        guard.after(work.as_mut()).await??;
        work.append_event(&self.core.event(EventKind::USER_DELETE, grant.by()).about(&user.name)).await?;
        Ok(work.commit().await?)
    }

    /// Makes a link that sets a new password and second factor, takes password, passkeys, authenticator and recovery
    /// codes away and ends the user's sessions.
    ///
    /// # Errors
    /// No such user; a bot; the own account, or the link would be a way around what its security page asks for; the
    /// last administrator; an account with rights that whoever asks does not have.
    pub async fn reset(
        &self,
        grant: &Grant<UpdateUser>,
        name: &str,
        ttl_secs: Option<i64>,
    ) -> Result<NewLink, AccountError> {
        let mut work = self.core.begin().await?;
        let guard = AdminGuard::before(&self.core, work.as_mut(), grant.by()).await?;
        let mut user = find_for_update(work.as_mut(), name).await?;
        if user.kind == UserKind::Bot {
            return Err(AccountError::Bot);
        }
        if grant.by().user == user.name {
            return Err(AccountError::OwnReset);
        }
        // Whoever has the link can become the user.
        let roles = work.roles_named(&user.roles).await?;
        Reach::of(work.as_mut(), grant.by()).await?.check(roles.iter(), user.logins.iter())?;
        let now = self.core.now();
        user.password_hash = None;
        user.updated = now;
        work.update_user(&user).await?;
        clear_factors(work.as_mut(), &user.name).await?;
        work.end_sessions_of_user(&user.name, None, now).await?;
        guard.after(work.as_mut()).await??;
        let ttl = ttl_secs.unwrap_or(INVITE_SECS);
        let link =
            self.put_link(work.as_mut(), LinkPurpose::Reset, &user.name, &grant.by().user, ttl).await?;
        work.append_event(&self.core.event(EventKind::USER_RESET, grant.by()).about(&user.name)).await?;
        work.commit().await?;
        Ok(link)
    }
}

async fn find(work: &mut dyn UnitOfWork, name: &str) -> Result<User, AccountError> {
    work.user(&name.to_ascii_lowercase()).await?.ok_or_else(|| AccountError::NotFound(clean_label(name)))
}

/// As [`find`]; nobody else changes the account until the unit of work ends.
async fn find_for_update(work: &mut dyn UnitOfWork, name: &str) -> Result<User, AccountError> {
    let found = work.user_for_update(&name.to_ascii_lowercase()).await?;
    found.ok_or_else(|| AccountError::NotFound(clean_label(name)))
}

async fn check_spec(work: &mut dyn UnitOfWork, spec: &UserSpec) -> Result<Vec<Role>, AccountError> {
    if spec.roles.is_empty() {
        return Err(AccountError::NoRole);
    }
    let known = work.roles_named(&spec.roles).await?;
    if let Some(unknown) = spec.roles.iter().find(|name| known.iter().all(|role| role.name != **name)) {
        return Err(AccountError::UnknownRole(clean_label(unknown)));
    }
    roles_check_logins(&spec.logins).map_err(AccountError::Logins)?;
    Ok(known)
}
