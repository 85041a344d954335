use gatehouse_client::{ClientError, Connection, Result, now};
use gatehouse_model::resource::{KIND_LOCK, LockSpec, LockTarget, Metadata, Resource};
use gatehouse_model::{ErrorKind, Timestamp};
use gatehouse_proto::gatehouse::v1::CreateResourceRequest;
use serde::Serialize;

use crate::cli::{LockArgs, LockTerms, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Version of the document.
const VERSION: &str = "v1";

/// Locks a user, a role or a device.
pub(crate) async fn run(server: &ServerArgs, args: LockArgs) -> Outcome {
    let expires = lock_end(&args.terms)?;
    let target = LockTarget { user: args.user, role: args.role, device: args.device };
    let given =
        [&target.user, &target.role, &target.device].into_iter().filter(|flag| flag.is_some()).count();
    if given != 1 {
        return Err(ClientError::usage("exactly one of --user, --role and --device must be set").into());
    }
    let connection = connect(server).await?;
    create_lock(&connection, target, args.terms, expires).await
}

/// When the lock ends, by the flags; `None` for never.
pub(crate) fn lock_end(terms: &LockTerms) -> Result<Option<Timestamp>> {
    match (terms.expires, terms.ttl) {
        (Some(_), Some(_)) => Err(ClientError::usage("use only one of --expires and --ttl")),
        (Some(expires), None) => Ok(Some(expires)),
        (None, ttl) => Ok(ttl.map(|ttl| now().plus_secs(ttl))),
    }
}

#[derive(Serialize)]
struct LockView {
    name: String,
}

/// Makes the lock and says its name.
pub(crate) async fn create_lock(
    connection: &Connection,
    target: LockTarget,
    terms: LockTerms,
    expires: Option<Timestamp>,
) -> Outcome {
    let by_device = target.device.is_some();
    let document = Resource {
        kind: KIND_LOCK.to_owned(),
        version: VERSION.to_owned(),
        metadata: Metadata::default(),
        spec: LockSpec { target, message: terms.message, expires },
    };
    let json = serde_json::to_string(&document)
        .map_err(|error| ClientError::new(ErrorKind::Internal, "encode", error.to_string()))?;
    let request = CreateResourceRequest { kind: KIND_LOCK.to_owned(), json, force: false };
    let created = connection.resources().create_resource(request).await.map_err(ClientError::from);
    let lock = created.map_err(|error| with_way_out(error, by_device))?.into_inner();
    let view = LockView { name: lock.name };
    output::data(terms.format.format(), &view, || format!("Created a lock with name \"{}\".\n", view.name))?;
    Ok(0)
}

/// People know devices by their asset tags, and locks go by ids.
fn with_way_out(error: ClientError, by_device: bool) -> ClientError {
    if error.code != "lock_target_not_found" || error.hint.is_some() {
        return error;
    }
    error.with_hint(if by_device {
        "--device takes the id that `tctl devices ls` shows; `tctl devices lock --asset-tag=…` takes an asset tag"
    } else {
        "`tctl users ls` and `tctl get roles` show what there is"
    })
}
