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
    /// For [`UserPlace::Before`], if there are users before these.
    pub previous: Option<String>,
    /// For [`UserPlace::After`], if there are users after these.
    pub next: Option<String>,
}

/// Where a page of accounts is: beside this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserPlace {
    Before(String),
    After(String),
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
    /// Accounts whose name begins so, by name; from the first one on without a place.
    ///
    /// # Errors
    /// Storage.
    pub async fn page(
        &self,
        _grant: &Grant<ListUsers>,
        prefix: &str,
        place: Option<&UserPlace>,
        size: i64,
    ) -> Result<UserPage, AccountError> {
        let prefix = prefix.trim().to_lowercase();
        if prefix.len() > MAX_PREFIX {
            return Ok(UserPage::default());
        }
        let size = size.clamp(1, MAX_PAGE);
        let mut work = self.core.read().await?;
        let full = usize::try_from(size).unwrap_or(usize::MAX);
        let (glances, has_previous, has_next) = match place {
            Some(UserPlace::Before(name)) => {
                let mut glances = work.user_glances_before(&prefix, name, size + 1).await?;
                match glances.len().checked_sub(full) {
                    Some(surplus @ 1..) => {
                        glances.drain(..surplus);
                        (glances, true, true)
                    }
                    // Nobody is left over: this is the first page, and a first page is full.
                    _ => first_of(work.user_glances(&prefix, None, size + 1).await?, full, false),
                }
            }
            Some(UserPlace::After(name)) => {
                first_of(work.user_glances(&prefix, Some(name), size + 1).await?, full, true)
            }
            None => first_of(work.user_glances(&prefix, None, size + 1).await?, full, false),
        };
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
        let previous = glances.first().filter(|_| has_previous).map(|first| first.user.name.clone());
        let next = glances.last().filter(|_| has_next).map(|last| last.user.name.clone());
        let users =
            glances.into_iter().map(|glance| UserSummary { is_locked: is_locked(&glance), glance }).collect();
        Ok(UserPage { users, previous, next })
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

/// A page that was asked for with one more than it holds: with whether there are pages before and after it.
fn first_of(mut glances: Vec<UserGlance>, full: usize, has_previous: bool) -> (Vec<UserGlance>, bool, bool) {
    let has_next = glances.len() > full;
    glances.truncate(full);
    (glances, has_previous, has_next)
}
