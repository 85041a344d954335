//! Making and removing locks.

use gatehouse_model::resource::LockTarget;

use crate::api::locks::{create_lock, remove_lock};
use crate::api::query::time_field;
use crate::{Answer, ApiError, ConsoleContext, Posted};

const PATH: &str = "/web/locks";

pub(super) async fn create(console: ConsoleContext, posted: Posted) -> Answer {
    match make(&console, &posted).await {
        Ok(what) => Answer::go(PATH).saying(format!("The lock on {what} is in force.")),
        Err(error) => posted.again(error, &["kind", "target", "until", "message"]),
    }
}

async fn make(console: &ConsoleContext, posted: &Posted) -> Result<String, ApiError> {
    let field = |name| posted.field(name).unwrap_or_default().trim().to_owned();
    let name = field("target");
    if name.is_empty() {
        return Err(ApiError::invalid("invalid_lock_target", "say whom or what to lock"));
    }
    let what = format!("{} {name}", field("kind"));
    let target = match field("kind").as_str() {
        "user" => LockTarget { user: Some(name.to_lowercase()), ..LockTarget::default() },
        "role" => LockTarget { role: Some(name), ..LockTarget::default() },
        "device" => {
            let id = crate::api::device_named(console, &name).await?;
            LockTarget { device: Some(id), ..LockTarget::default() }
        }
        _ => return Err(ApiError::invalid("invalid_lock_target", "a lock is on a user, a role or a device")),
    };
    create_lock(console, target, field("message"), time_field(&field("until"))?).await?;
    Ok(what)
}

pub(super) async fn one(console: ConsoleContext, posted: Posted) -> Answer {
    if posted.action() != "remove" {
        return posted.again(super::no_such_form(), &[]);
    }
    match remove_lock(&console, posted.param("id")).await {
        Ok(()) => Answer::go(PATH).saying("The lock has been removed."),
        Err(error) => posted.again(error, &[]),
    }
}
