//! One device, read and changed.

use gatehouse_domain::authz::{
    Capability, CreateDevice, CreateEnrollToken, DeleteDevice, DeleteLock, ListEvents, ReadDevice,
    ReadReview, UpdateDevice,
};
use gatehouse_domain::cluster::NewLock;
use gatehouse_domain::device::{DeviceChange, DeviceDetail, DeviceSpec, NewEnrollToken, TokenTerms};
use gatehouse_domain::ek::ReviewPage;
use gatehouse_domain::entity::{Device, Lock};
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{EnrollStatus, Timestamp};

use crate::{ApiError, ConsoleContext};

/// Everything about a device, with its audit trail for those who may read the log.
pub(crate) async fn detail(console: &ConsoleContext, id: &str) -> Result<DeviceDetail, ApiError> {
    let grant = console.principal.grant::<ReadDevice>().map_err(|error| console.refuse(error))?;
    let events = console.principal.grant::<ListEvents>().ok();
    let detail = console.services.devices.detail(&grant, events.as_ref(), id).await;
    detail.map_err(|error| console.refuse(error))
}

/// The reviews about a device; none for who may not see them.
pub(crate) async fn reviews(
    console: &ConsoleContext,
    device: &Device,
) -> Result<Option<ReviewPage>, ApiError> {
    let Ok(grant) = console.principal.grant::<ReadReview>() else { return Ok(None) };
    let found = console.services.reviews.of_device(&grant, device).await;
    found.map(Some).map_err(|error| console.refuse(error))
}

/// Whether the caller may do what a capability names.
pub(crate) fn may<C: Capability>(console: &ConsoleContext) -> bool {
    console.principal.grant::<C>().is_ok()
}

/// Registers a device, and makes a token for it where that is wanted.
pub(crate) async fn register(
    console: &ConsoleContext,
    spec: DeviceSpec,
    token: Option<TokenTerms>,
) -> Result<(Device, Option<NewEnrollToken>), ApiError> {
    let grant = console.principal.grant::<CreateDevice>().map_err(|error| console.refuse(error))?;
    let token = match token {
        Some(terms) => {
            let grant =
                console.principal.grant::<CreateEnrollToken>().map_err(|error| console.refuse(error))?;
            Some((grant, terms))
        }
        None => None,
    };
    let token = token.as_ref().map(|(grant, terms)| (grant, terms.clone()));
    let made = console.services.devices.create(&grant, spec, token).await;
    made.map(|(view, token)| (view.device, token)).map_err(|error| console.refuse(error))
}

pub(crate) async fn make_token(
    console: &ConsoleContext,
    id: &str,
    terms: TokenTerms,
) -> Result<NewEnrollToken, ApiError> {
    let grant = console.principal.grant::<CreateEnrollToken>().map_err(|error| console.refuse(error))?;
    console.services.tokens.create(&grant, id, terms).await.map_err(|error| console.refuse(error))
}

pub(crate) async fn unenrol(console: &ConsoleContext, id: &str) -> Result<Device, ApiError> {
    let grant = console.principal.grant::<UpdateDevice>().map_err(|error| console.refuse(error))?;
    let change = DeviceChange { enroll_status: Some(EnrollStatus::NotEnrolled), ..DeviceChange::default() };
    let changed = console.services.devices.update(&grant, id, &change).await;
    changed.map(|view| view.device).map_err(|error| console.refuse(error))
}

pub(crate) async fn accept_counters(console: &ConsoleContext, id: &str) -> Result<(), ApiError> {
    let grant = console.principal.grant::<UpdateDevice>().map_err(|error| console.refuse(error))?;
    console.services.devices.accept_counters(&grant, id).await.map_err(|error| console.refuse(error))
}

/// Accepts the boot with this fingerprint, in hexadecimal digits.
pub(crate) async fn accept_boot(console: &ConsoleContext, id: &str, boot: &str) -> Result<(), ApiError> {
    let grant = console.principal.grant::<UpdateDevice>().map_err(|error| console.refuse(error))?;
    let accepted = console.services.devices.accept_boot(&grant, id, boot).await;
    accepted.map_err(|error| console.refuse(error))
}

pub(crate) async fn delete(console: &ConsoleContext, id: &str) -> Result<Device, ApiError> {
    let grant = console.principal.grant::<DeleteDevice>().map_err(|error| console.refuse(error))?;
    console.services.devices.delete(&grant, id).await.map_err(|error| console.refuse(error))
}

pub(crate) async fn lock(
    console: &ConsoleContext,
    id: &str,
    expires: Option<Timestamp>,
    message: String,
) -> Result<Lock, ApiError> {
    let target = LockTarget { device: Some(id.to_owned()), ..LockTarget::default() };
    let grant = console.principal.grant_lock(&target).map_err(|error| console.refuse(error))?;
    let lock = console.services.locks.create(&grant, NewLock { target, message, expires }).await;
    lock.map_err(|error| console.refuse(error))
}

/// Takes one lock away.
pub(crate) async fn unlock(console: &ConsoleContext, lock: &str) -> Result<(), ApiError> {
    let grant = console.principal.grant::<DeleteLock>().map_err(|error| console.refuse(error))?;
    console.services.locks.delete(&grant, lock).await.map_err(|error| console.refuse(error))
}
