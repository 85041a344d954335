//! Failures as gRPC statuses: code and message, and beside them a stable code, a hint and the request's id.

use gatehouse_domain::Failure;
use gatehouse_model::ErrorKind;
use gatehouse_proto::convert::WireError;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

const CODE: &str = "gatehouse-code";
const HINT: &str = "gatehouse-hint";
const REQUEST_ID: &str = "gatehouse-request-id";

/// The one place where a failure leaves through gRPC, and so the one where it is logged.
pub(super) fn of(failure: &Failure, request_id: &str) -> Status {
    log(failure, request_id);
    let mut metadata = MetadataMap::new();
    let mut put = |key: &'static str, text: &str| {
        // Metadata is ASCII; what is not is left out rather than mangled.
        if let Ok(value) = MetadataValue::try_from(text) {
            metadata.insert(key, value);
        }
    };
    put(CODE, failure.code);
    put(REQUEST_ID, request_id);
    if let Some(hint) = &failure.hint {
        put(HINT, hint);
    }
    Status::with_metadata(Code::from_i32(failure.kind.grpc_code()), failure.message(), metadata)
}

/// The stable code that a status carries, if it is one of ours.
pub(super) fn own_code(status: &Status) -> Option<&str> {
    status.metadata().get(CODE).and_then(|code| code.to_str().ok())
}

/// The stable code that a status carries; what broke off by itself has a plain one.
pub(super) fn code_of(status: &Status) -> &str {
    own_code(status).unwrap_or("stream_broken")
}

/// A failure that the edge itself finds: a message that cannot be read.
pub(super) fn invalid(code: &'static str, text: impl Into<String>) -> Failure {
    Failure { kind: ErrorKind::InvalidInput, code, hint: None, error: text.into().into() }
}

pub(super) fn malformed(error: &WireError) -> Failure {
    invalid("message_malformed", error.to_string())
}

fn log(failure: &Failure, request_id: &str) {
    let mut chain = failure.error.to_string();
    let mut cause = failure.error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    match failure.kind {
        ErrorKind::Internal | ErrorKind::Unavailable => {
            tracing::error!(code = failure.code, request_id, error = chain, "request failed");
        }
        _ => tracing::info!(code = failure.code, request_id, error = chain, "request refused"),
    }
}
