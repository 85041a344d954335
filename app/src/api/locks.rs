use gatehouse_domain::authz::{CreateLock, DeleteLock, ListLocks, ReadLock};
use gatehouse_domain::cluster::{LockPage, NewLock};
use gatehouse_domain::entity::Lock;
use gatehouse_model::Timestamp;
use gatehouse_model::resource::LockTarget;

use super::page_token;
use crate::{ApiError, ConsoleContext};

/// Locks of one page.
const PAGE: i64 = 50;

/// A page of locks.
pub(crate) struct LockList {
    pub(crate) page: LockPage,
    /// Token of the next page.
    pub(crate) next: Option<String>,
    pub(crate) may_create: bool,
}

/// Locks in force, or those that have expired.
///
/// # Errors
/// No role allows it; a required device is missing; a damaged token.
pub(crate) async fn lock_list(
    console: &ConsoleContext,
    in_force: bool,
    after: Option<&str>,
) -> Result<LockList, ApiError> {
    let grant = console.granted::<ListLocks>()?;
    let before = after.map(page_token::read::<(Timestamp, String)>).transpose()?;
    let page = console.services.locks.page(&grant, in_force, before.as_ref(), PAGE).await;
    let page = page.map_err(|error| console.refuse(error))?;
    Ok(LockList {
        next: page.next.as_ref().and_then(page_token::write),
        may_create: console.principal.grant::<CreateLock>().is_ok(),
        page,
    })
}

/// One lock, and whether whoever asks may remove it.
///
/// # Errors
/// No role allows it; there is no such lock.
pub(crate) async fn lock_view(console: &ConsoleContext, id: &str) -> Result<(Lock, bool), ApiError> {
    let grant = console.granted::<ReadLock>()?;
    let lock = console.services.locks.get(&grant, id).await.map_err(|error| console.refuse(error))?;
    Ok((lock, console.principal.grant::<DeleteLock>().is_ok()))
}

/// Makes a lock; answers with what it is on.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn create_lock(
    console: &ConsoleContext,
    target: LockTarget,
    message: String,
    expires: Option<Timestamp>,
) -> Result<Lock, ApiError> {
    let grant = console.principal.grant_lock(&target).map_err(|error| console.refuse(error))?;
    let made = console.services.locks.create(&grant, NewLock { target, message, expires }).await;
    made.map_err(|error| console.refuse(error))
}

/// Removes a lock.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn remove_lock(console: &ConsoleContext, id: &str) -> Result<(), ApiError> {
    let grant = console.granted::<DeleteLock>()?;
    console.services.locks.delete(&grant, id).await.map_err(|error| console.refuse(error))
}
