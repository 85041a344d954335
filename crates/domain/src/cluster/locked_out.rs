//! Who would be locked out if a trusted device were required: asked before the setting is saved.

use gatehouse_model::DeviceTrustMode;

use super::{Preference, RoleError, Roles};
use crate::Core;
use crate::authz::{Attribution, ForeseePreference, ForeseeRole, Grant};
use crate::entity::DeviceScope;
use crate::ports::{StoreError, UnitOfWork};

/// Where counting ends.
pub const COUNTED: i64 = 10_000;
/// Most names of one page.
const MAX_PAGE: i64 = 1000;

/// Users who have no enrolled device, of those from whom a mode would ask for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedOut {
    /// [`COUNTED`] + 1 if they are more than that.
    pub count: i64,
    /// One page of their names.
    pub users: Vec<String>,
    /// Where the next page begins.
    pub next: Option<String>,
    pub yourself: Yourself,
}

/// What the mode would mean for whoever is about to save it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Yourself {
    /// Nothing: this session is on a trusted device, or none would be asked for.
    #[default]
    Unaffected,
    /// Has an enrolled device, but this session is not on it.
    SessionUntrusted,
    /// Is among those who have no enrolled device.
    LockedOut,
}

impl Preference {
    /// Who would be locked out by this mode of the cluster; from `after` on.
    ///
    /// # Errors
    /// Storage.
    pub async fn locked_out(
        &self,
        grant: &Grant<ForeseePreference>,
        mode: DeviceTrustMode,
        after: Option<&str>,
        size: i64,
    ) -> Result<LockedOut, StoreError> {
        locked_out(self.core(), grant.by(), mode, None, after, size).await
    }
}

impl Roles {
    /// Who would be locked out by this mode of a role; from `after` on.
    ///
    /// # Errors
    /// Storage.
    pub async fn locked_out(
        &self,
        grant: &Grant<ForeseeRole>,
        role: &str,
        mode: DeviceTrustMode,
        after: Option<&str>,
        size: i64,
    ) -> Result<LockedOut, RoleError> {
        Ok(locked_out(self.core(), grant.by(), mode, Some(role), after, size).await?)
    }
}

async fn locked_out(
    core: &Core,
    by: &Attribution,
    mode: DeviceTrustMode,
    role: Option<&str>,
    after: Option<&str>,
    size: i64,
) -> Result<LockedOut, StoreError> {
    if !mode.requires_device(false) {
        return Ok(LockedOut::default());
    }
    let scope = DeviceScope { role: role.map(str::to_owned), humans_only: !mode.requires_device(true) };
    let size = size.clamp(1, MAX_PAGE);
    let mut work = core.read().await?;
    let mut users = work.users_without_device(&scope, after, size + 1).await?;
    let full = usize::try_from(size).unwrap_or(usize::MAX);
    let more = users.len() > full;
    users.truncate(full);
    Ok(LockedOut {
        count: work.count_users_without_device(&scope, COUNTED + 1).await?,
        next: users.last().filter(|_| more).cloned(),
        users,
        yourself: yourself(work.as_mut(), by, &scope).await?,
    })
}

async fn yourself(
    work: &mut dyn UnitOfWork,
    by: &Attribution,
    scope: &DeviceScope,
) -> Result<Yourself, StoreError> {
    if by.is_host_admin() || by.trusted_device.is_some() {
        return Ok(Yourself::Unaffected);
    }
    let account = work.user(&by.user).await?;
    let in_scope = |role: &String| account.is_some_and(|account| account.roles.contains(role));
    if !scope.role.as_ref().is_none_or(in_scope) {
        return Ok(Yourself::Unaffected);
    }
    Ok(if work.user_has_enrolled_device(&by.user).await? {
        Yourself::SessionUntrusted
    } else {
        Yourself::LockedOut
    })
}
