//! What an administrator sees of accounts.

use gatehouse_model::clean_label;

use super::{AccountError, Accounts};
use crate::audit::{EventKind, LastChange, last_change};
use crate::authz::{Grant, ListDevices, ListUsers, ReadUser};
use crate::entity::{Device, Lock, UserGlance};

/// Most users of one page.
const MAX_PAGE: i64 = 1000;
/// Longest beginning of a name that is searched for, in bytes.
const MAX_PREFIX: usize = 64;

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSummary {
    pub glance: UserGlance,
    /// A lock on the account or one of its roles is in force.
    pub is_locked: bool,
}

/// One page of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserPage {
    pub users: Vec<UserSummary>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// An account by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetail {
    pub glance: UserGlance,
    /// In force on the account itself or on one of its roles.
    pub locks: Vec<Lock>,
    pub last_change: Option<LastChange>,
}

impl Accounts {
    /// Accounts whose name begins so, by name, after `after`.
    ///
    /// # Errors
    /// Storage.
    pub async fn page(
        &self,
        _grant: &Grant<ListUsers>,
        prefix: &str,
        after: Option<&str>,
        size: i64,
    ) -> Result<UserPage, AccountError> {
        let prefix = prefix.trim().to_lowercase();
        if prefix.len() > MAX_PREFIX {
            return Ok(UserPage::default());
        }
        let size = size.clamp(1, MAX_PAGE);
        let mut work = self.core.read().await?;
        let mut glances = work.user_glances(&prefix, after, size + 1).await?;
        let full = usize::try_from(size).unwrap_or(usize::MAX);
        let more = glances.len() > full;
        glances.truncate(full);
        let locks = match (glances.first(), glances.last()) {
            (Some(first), Some(last)) => {
                work.locks_on_people(&first.user.name, &last.user.name, self.core.now()).await?
            }
            _ => Vec::new(),
        };
        let is_locked = |glance: &UserGlance| {
            locks.iter().any(|lock| {
                lock.target.user.as_ref() == Some(&glance.user.name)
                    || lock.target.role.as_ref().is_some_and(|role| glance.user.roles.contains(role))
            })
        };
        let next = glances.last().filter(|_| more).map(|last| last.user.name.clone());
        let users =
            glances.into_iter().map(|glance| UserSummary { is_locked: is_locked(&glance), glance }).collect();
        Ok(UserPage { users, next })
    }

    /// One account with what is in force on it.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn detail(&self, _grant: &Grant<ReadUser>, name: &str) -> Result<UserDetail, AccountError> {
        let name = name.to_ascii_lowercase();
        let mut work = self.core.read().await?;
        let glance =
            work.user_glance(&name).await?.ok_or_else(|| AccountError::NotFound(clean_label(&name)))?;
        let mut locks = work.locks_on_people(&name, &name, self.core.now()).await?;
        locks.retain(|lock| lock.target.role.as_ref().is_none_or(|role| glance.user.roles.contains(role)));
        let last_change = last_change(work.as_mut(), EventKind::USER_UPDATE, &name).await?;
        Ok(UserDetail { glance, locks, last_change })
    }

    /// Devices that the account has used, by asset tag.
    ///
    /// # Errors
    /// Storage.
    pub async fn devices(
        &self,
        _grant: &Grant<ListDevices>,
        name: &str,
        limit: i64,
    ) -> Result<Vec<Device>, AccountError> {
        let mut work = self.core.read().await?;
        Ok(work.devices_of_user(&name.to_ascii_lowercase(), None, limit.clamp(1, MAX_PAGE)).await?)
    }
}
