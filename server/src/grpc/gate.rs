//! What is decided of a call before a byte of its message is read: whether strangers may make it, how large and how
//! slow it may be. A decoder runs before any handler does, so a handler's own check would come too late.

use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use gatehouse_domain::authz::AuthzError;
use gatehouse_domain::device::MAX_SHIP_AHEAD_BYTES;
use gatehouse_domain::{Failure, Services};
use gatehouse_model::ErrorKind;
use gatehouse_proto::MAX_MESSAGE_BYTES;
use http::header::USER_AGENT;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::caller::{Caller, Method};
use super::refusals::Refusals;
use super::{status, unread};
use crate::connection_info::{Channel, ConnectionInfo};
use crate::request_id::RequestId;

/// Services that strangers may call.
const OPEN: [&str; 6] = [
    "gatehouse.v1.AuthService",
    // A token says for whom they speak.
    "gatehouse.v1.DeviceWebService",
    "teleport.devicetrust.public.v1.DeviceTrustService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];
/// Methods that stream: their messages have limits of their own.
const STREAMS: [&str; 4] = [
    "teleport.devicetrust.public.v1.DeviceTrustService/AuthenticateDevice",
    "teleport.devicetrust.v1.DeviceTrustService/EnrollDevice",
    "teleport.devicetrust.v1.DeviceTrustService/AuthenticateDevice",
    "teleport.devicetrust.v1.DeviceTrustService/SyncInventory",
];
/// For a call that is one message each way, the reading of its body included.
const UNARY_TIME: Duration = Duration::from_secs(30);
/// Body of an ordinary call, in bytes.
const ORDINARY_BYTES: usize = 64 * 1024;
/// Body of a call that carries many small structures, which take far more memory than their bytes.
const BULK_BYTES: usize = 512 * 1024;

/// Bytes that the body of a call to this method may have.
fn body_limit(method: &str) -> usize {
    match method {
        // Two messages, of which the second may carry an event log.
        method if STREAMS.contains(&method) => 2 * MAX_MESSAGE_BYTES,
        "teleport.devicetrust.v1.DeviceTrustService/BulkCreateDevices" => BULK_BYTES,
        // A list of at most MAX_SHIP_AHEAD_BYTES, and what is around it.
        "gatehouse.v1.ShipAheadService/ImportShipAhead" => MAX_SHIP_AHEAD_BYTES + ORDINARY_BYTES,
        // Documents may hold lists of CA certificates.
        method
            if [
                "gatehouse.v1.ResourceService/",
                "gatehouse.v1.EkCaService/",
                "gatehouse.v1.ReviewService/Trust",
            ]
            .iter()
            .any(|service| method.starts_with(service)) =>
        {
            MAX_MESSAGE_BYTES
        }
        _ => ORDINARY_BYTES,
    }
}

pub(super) async fn layer(
    State(services): State<Arc<Services>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let extensions = request.extensions_mut();
    let method = Method::of_path(&path);
    extensions.insert(method.clone());
    let refusals = Refusals::default();
    extensions.insert(refusals.clone());
    let request_id = extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default();
    let refuse = |failure: Failure| status::of(&failure, &request_id).into_http();
    let service = path.split('/').next().unwrap_or_default();
    if !OPEN.contains(&service) && is_stranger(extensions.get::<ConnectionInfo>()) {
        return refuse(AuthzError::Anonymous.into());
    }
    let limit = body_limit(&path);
    let overlong = refusal_of_overlong(limit, request_id.clone());
    let request = request.map(|body| Body::new(Limited::new(body, limit).map_err(overlong)));
    let is_call = !STREAMS.contains(&path.as_str()) && !service.starts_with("grpc.");
    if !is_call {
        return next.run(request).await;
    }
    let user_agent = request.headers().get(USER_AGENT).and_then(|name| name.to_str().ok());
    let caller = Caller::read(request.extensions(), user_agent);
    let response = match (tokio::time::timeout(UNARY_TIME, next.run(request)).await, caller) {
        (Ok(response), Some(caller)) => unread::answered(response, &caller, &services).await,
        (Ok(response), None) => response,
        (Err(_), _) => {
            let failure = Failure {
                kind: ErrorKind::RateLimited,
                code: "call_timeout",
                hint: Some("try again".to_owned()),
                error: "the call took too long".into(),
            };
            refusals.add(method.as_str(), &failure);
            refuse(failure)
        }
    };
    refusals.write(&services).await;
    response
}

/// Gives the error of a body that is over its limit the form in which it leaves; others stay as they are.
fn refusal_of_overlong(limit: usize, request_id: String) -> impl FnMut(BoxError) -> BoxError {
    move |error| {
        if !error.is::<LengthLimitError>() {
            return error;
        }
        let text = format!("the message is longer than the {limit} bytes that this call takes");
        Box::new(status::of(&status::invalid("message_too_long", text), &request_id))
    }
}

/// Neither a certificate nor the admin's socket; a request without a known connection is nobody's.
fn is_stranger(connection: Option<&ConnectionInfo>) -> bool {
    connection.is_none_or(|connection| {
        connection.peer.is_none() && !matches!(connection.channel, Channel::AdminSocket { .. })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_calls_have_small_limits() {
        assert_eq!(body_limit("gatehouse.v1.AuthService/Login"), ORDINARY_BYTES);
        assert_eq!(body_limit("teleport.devicetrust.v1.DeviceTrustService/BulkCreateDevices"), BULK_BYTES);
        assert_eq!(body_limit("gatehouse.v1.ResourceService/UpdateResource"), MAX_MESSAGE_BYTES);
        assert_eq!(
            body_limit("teleport.devicetrust.v1.DeviceTrustService/EnrollDevice"),
            2 * MAX_MESSAGE_BYTES
        );
    }

    #[test]
    fn no_connection_is_a_stranger() {
        assert!(is_stranger(None));
    }
}
