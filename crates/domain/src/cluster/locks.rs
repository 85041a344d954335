use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::resource::LockTarget;
use gatehouse_model::{ErrorKind, Timestamp, clean_label};

use super::last_admin::{AdminGuard, LastAdmin};
use crate::audit::EventKind;
use crate::authz::{AuthzError, CreateLock, DeleteLock, Grant, ListLocks, Principal, ReadLock, UpdateDevice};
use crate::entity::Lock;
use crate::ports::StoreError;
use crate::{Core, Decision};

/// Locks on users, roles and devices.
pub struct Locks {
    core: Arc<Core>,
}

/// A lock to be made.
#[derive(Clone, Debug, Default)]
pub struct NewLock {
    pub target: LockTarget,
    pub message: String,
    pub expires: Option<Timestamp>,
}

/// One page of locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockPage {
    pub locks: Vec<Lock>,
    /// Asset tags of the devices among the targets, by device id.
    pub device_tags: BTreeMap<String, String>,
    /// Where the next page begins.
    pub next: Option<(Timestamp, String)>,
}

/// Most locks of one page.
const MAX_PAGE: i64 = 1000;

/// Why a lock cannot be so.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("a lock needs exactly one target: user, role or device")]
    Target,
    #[error("the lock would already have expired")]
    Expired,
    #[error("{0} not found")]
    TargetNotFound(String),
    #[error("lock \"{0}\" not found")]
    NotFound(String),
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    #[error(transparent)]
    Authz(#[from] AuthzError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for LockError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Target | Self::Expired => ErrorKind::InvalidInput,
            Self::TargetNotFound(_) | Self::NotFound(_) => ErrorKind::NotFound,
            Self::LastAdmin(error) => error.kind(),
            Self::Authz(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Target => "invalid_lock_target",
            Self::Expired => "lock_expired",
            Self::TargetNotFound(_) => "lock_target_not_found",
            Self::NotFound(_) => "lock_not_found",
            Self::LastAdmin(error) => error.code(),
            Self::Authz(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::LastAdmin(error) => error.hint(),
            Self::Authz(error) => error.hint(),
            _ => None,
        }
    }
}

/// Such as `user "alice"`.
fn in_words(target: &LockTarget) -> String {
    let kinds = [("user", &target.user), ("role", &target.role), ("device", &target.device)];
    let named = kinds.into_iter().find_map(|(kind, name)| Some(format!("{kind} \"{}\"", name.as_ref()?)));
    named.unwrap_or_else(|| "the target".to_owned())
}

/// Leave to make a lock: whoever administers devices may lock devices, the rest needs leave for locks.
pub enum LockGrant {
    Any(Grant<CreateLock>),
    Device(Grant<UpdateDevice>),
}

impl Principal {
    /// Grants what a lock on this target needs.
    ///
    /// # Errors
    /// As [`Principal::grant`].
    pub fn grant_lock(&self, target: &LockTarget) -> Result<LockGrant, AuthzError> {
        let device_only = target.device.is_some() && target.user.is_none() && target.role.is_none();
        match self.grant::<CreateLock>() {
            Ok(grant) => Ok(LockGrant::Any(grant)),
            Err(AuthzError::NotAllowed { .. }) if device_only => {
                self.grant::<UpdateDevice>().map(LockGrant::Device)
            }
            Err(error) => Err(error),
        }
    }
}

impl Locks {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// All locks that are still in force, newest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(&self, _grant: &Grant<ListLocks>) -> Result<Vec<Lock>, LockError> {
        let now = self.core.now();
        let mut locks = self.core.read().await?.locks().await?;
        locks.retain(|lock| lock.in_force(now));
        Ok(locks)
    }

    /// Locks in force, or those that have expired, newest first, and where the next page begins.
    ///
    /// # Errors
    /// Storage.
    pub async fn page(
        &self,
        _grant: &Grant<ListLocks>,
        in_force: bool,
        before: Option<&(Timestamp, String)>,
        size: i64,
    ) -> Result<LockPage, LockError> {
        let size = size.clamp(1, MAX_PAGE);
        let mut work = self.core.read().await?;
        let mut locks = work.locks_page(in_force, before, self.core.now(), size + 1).await?;
        let full = usize::try_from(size).unwrap_or(usize::MAX);
        let more = locks.len() > full;
        locks.truncate(full);
        let mut device_tags = BTreeMap::new();
        for id in locks.iter().filter_map(|lock| lock.target.device.as_ref()) {
            if let Some(device) = work.device(id).await? {
                device_tags.insert(id.clone(), device.asset_tag.to_string());
            }
        }
        let next = locks.last().filter(|_| more).map(|last| (last.created, last.id.clone()));
        Ok(LockPage { locks, device_tags, next })
    }

    /// One lock.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn get(&self, _grant: &Grant<ReadLock>, id: &str) -> Result<Lock, LockError> {
        self.core.read().await?.lock(id).await?.ok_or_else(|| LockError::NotFound(clean_label(id)))
    }

    /// Locks the target at once, running streams included.
    ///
    /// # Errors
    /// Not exactly one target, or one that does not exist; an end in the past; it keeps out the last administrator.
    pub async fn create(&self, grant: &LockGrant, new: NewLock) -> Result<Lock, LockError> {
        let by = match grant {
            LockGrant::Any(grant) => grant.by(),
            LockGrant::Device(grant) => grant.by(),
        };
        let now = self.core.now();
        if new.expires.is_some_and(|end| end <= now) {
            return Err(LockError::Expired);
        }
        let mut work = self.core.begin().await?;
        let mut device = None;
        let guard = AdminGuard::before(&self.core, work.as_mut(), by).await?;
        let found = match (&new.target.user, &new.target.role, &new.target.device) {
            (Some(user), None, None) => work.user(user).await?.is_some(),
            (None, Some(role), None) => work.role(role).await?.is_some(),
            // Held, so that an authentication under way comes before the lock or meets it.
            (None, None, Some(id)) => {
                device = work.device_for_update(id).await?;
                device.is_some()
            }
            _ => return Err(LockError::Target),
        };
        let lock = Lock {
            id: self.core.new_id(),
            target: new.target,
            message: clean_label(&new.message),
            created: now,
            created_by: by.user.clone(),
            expires: new.expires,
        };
        if !found {
            return Err(LockError::TargetNotFound(clean_label(&in_words(&lock.target))));
        }
        work.insert_lock(&lock).await?;
        guard.after(work.as_mut()).await??;
        if let Some(device) = &lock.target.device {
            work.untrust_sessions_of_device(device).await?;
        }
        let mut event = self.core.event(EventKind::LOCK_CREATE, by).about(lock.target_text()).with_details(
            serde_json::json!({"id": lock.id, "message": lock.message, "expires": lock.expires}),
        );
        if let Some(device) = &device {
            event = event.about_device(device, "");
        }
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(lock)
    }

    /// Removes a lock.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn delete(&self, grant: &Grant<DeleteLock>, id: &str) -> Result<(), LockError> {
        let mut work = self.core.begin().await?;
        let lock = work.lock(id).await?.ok_or_else(|| LockError::NotFound(clean_label(id)))?;
        work.delete_lock(id).await?;
        let mut event = self.core.event(EventKind::LOCK_DELETE, grant.by()).about(lock.target_text());
        if let Some(id) = &lock.target.device
            && let Some(device) = work.device(id).await?
        {
            event = event.about_device(&device, "");
        }
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }
}
