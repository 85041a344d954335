use gatehouse_model::ErrorKind;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What the browser is told when something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    pub kind: ErrorKind,
    /// Stable, such as `login_failed`.
    pub code: String,
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
    /// By which the log and the audit trail find the request; empty where none was made.
    pub request_id: String,
}

impl ApiError {
    /// An error that the console itself finds in what was entered.
    #[must_use]
    pub fn invalid(code: &str, message: &str) -> Self {
        Self {
            kind: ErrorKind::InvalidInput,
            code: code.to_owned(),
            message: message.to_owned(),
            hint: None,
            request_id: String::new(),
        }
    }

    /// There is nothing at this address.
    #[must_use]
    pub fn not_found(request_id: &str) -> Self {
        Self {
            kind: ErrorKind::NotFound,
            code: "not_found".to_owned(),
            message: "there is nothing at this address".to_owned(),
            hint: None,
            request_id: request_id.to_owned(),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (kind, code) = match &error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => (ErrorKind::InvalidInput, "malformed_request"),
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => {
                (ErrorKind::Unavailable, "server_unreachable")
            }
            _ => (ErrorKind::Internal, "internal_error"),
        };
        Self {
            kind,
            code: code.to_owned(),
            message: match kind {
                ErrorKind::Internal => "internal error".to_owned(),
                _ => error.to_string(),
            },
            hint: None,
            request_id: String::new(),
        }
    }
}
