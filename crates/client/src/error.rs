use std::path::Path;

use gatehouse_model::{ErrorKind, HandoffCode, clean_label};
use gatehouse_native::desktop::DesktopError;
use gatehouse_native::{NativeError, TpmError};
use gatehouse_proto::convert::WireError;

/// Result of everything that talks to the server or to the disk.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Metadata keys that carry the parts of an error beside the gRPC status.
const CODE_KEY: &str = "gatehouse-code";
const HINT_KEY: &str = "gatehouse-hint";
const REQUEST_ID_KEY: &str = "gatehouse-request-id";

/// What went wrong, for a person and for a script: from the server or from this machine alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ClientError {
    pub kind: ErrorKind,
    /// Stable name, such as `token_spent`; made here for errors of this machine, such as `certificate_expired`.
    pub code: String,
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
    /// The server's name for the request, to be found in its log.
    pub request_id: Option<String>,
}

impl ClientError {
    /// An error that this machine found.
    #[must_use]
    pub fn new(kind: ErrorKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), hint: None, request_id: None }
    }

    /// Wrong use of a command.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, "usage", message)
    }

    /// A refusal of the hand-off between a browser and this device, with what is known of this case.
    #[must_use]
    pub fn handoff(code: HandoffCode, detail: &str) -> Self {
        let message = if detail.is_empty() {
            code.sentence().to_owned()
        } else {
            format!("{}: {detail}", code.sentence())
        };
        Self::new(code.kind(), code.as_str(), message).with_hint(code.way_out())
    }

    /// The same error with a way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The server answered with something that the protocol does not allow.
    #[must_use]
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, "unexpected_answer", message)
    }

    /// The server does not know device trust: never taken for a success.
    #[must_use]
    pub fn device_trust_not_supported() -> Self {
        Self::new(
            ErrorKind::Unimplemented,
            "device_trust_not_supported",
            "device trust not supported by remote cluster",
        )
        .with_hint("ask the administrator to update the server or to turn device trust on")
    }

    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let message = format!("cannot {doing} {}: {error}", path.display());
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::FailedPrecondition,
        };
        Self::new(kind, "file", message)
    }

    /// Exit code of a command that ends with this error.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl From<tonic::Status> for ClientError {
    fn from(status: tonic::Status) -> Self {
        let text = |key: &str| {
            let value = status.metadata().get(key)?.to_str().ok()?;
            Some(clean_label(value)).filter(|value| !value.is_empty())
        };
        let code = text(CODE_KEY);
        // Without our code the status was made below the services: by tonic, by hyper or by a proxy on the way.
        let lost = code.is_none()
            && matches!(status.code(), tonic::Code::Unknown | tonic::Code::Cancelled)
            && std::error::Error::source(&status).is_some();
        let timed_out = status.code() == tonic::Code::DeadlineExceeded
            || (code.is_none() && status.code() == tonic::Code::Cancelled);
        if lost || timed_out {
            let message = if timed_out && !lost {
                "the server did not answer in time"
            } else {
                "the connection to the server was lost"
            };
            return Self::new(ErrorKind::Unavailable, "connection_lost", message)
                .with_hint("try again; if it keeps happening, look at the server's log");
        }
        let kind = ErrorKind::from_grpc(status.code() as i32);
        let message = clean_label(status.message());
        let message = if message.is_empty() { format!("{kind:?}") } else { message };
        Self {
            kind,
            code: code.unwrap_or_else(|| "unknown".to_owned()),
            message,
            hint: text(HINT_KEY),
            request_id: text(REQUEST_ID_KEY),
        }
    }
}

impl From<WireError> for ClientError {
    fn from(error: WireError) -> Self {
        Self::unexpected(format!("the server's answer is not well formed: {error}"))
    }
}

impl From<NativeError> for ClientError {
    fn from(error: NativeError) -> Self {
        Self {
            kind: error.kind(),
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            request_id: None,
        }
    }
}

impl From<DesktopError> for ClientError {
    fn from(error: DesktopError) -> Self {
        Self {
            kind: error.kind(),
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
            request_id: None,
        }
    }
}

impl From<TpmError> for ClientError {
    fn from(error: TpmError) -> Self {
        NativeError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_brings_its_code_hint_and_request() {
        let mut status = tonic::Status::failed_precondition("the token was \u{1b}[31mspent");
        status.metadata_mut().insert(CODE_KEY, "token_spent".parse().unwrap());
        status.metadata_mut().insert(HINT_KEY, "ask for another one".parse().unwrap());
        status.metadata_mut().insert(REQUEST_ID_KEY, "r-1".parse().unwrap());
        let error = ClientError::from(status);
        assert_eq!(error.kind, ErrorKind::FailedPrecondition);
        assert_eq!(error.code, "token_spent");
        assert_eq!(error.message, "the token was [31mspent");
        assert_eq!(error.hint.as_deref(), Some("ask for another one"));
        assert_eq!(error.request_id.as_deref(), Some("r-1"));
        assert_eq!(error.exit_code(), 1);
    }

    #[test]
    fn a_lost_connection_is_mendable_and_a_strange_status_is_not() {
        let lost = tonic::Status::from_error(Box::new(std::io::Error::other("reset")));
        assert_eq!(ClientError::from(lost).kind, ErrorKind::Unavailable);
        assert_eq!(ClientError::from(tonic::Status::unknown("odd")).exit_code(), 2);
    }
}
