use gatehouse_client::ClientError;
use gatehouse_native::desktop::DesktopError;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(Box<ClientError>),
    /// Whoever read our output has gone: a clean end.
    OutputClosed,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<DesktopError> for Failure {
    fn from(error: DesktopError) -> Self {
        ClientError::from(error).into()
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        ClientError::from(status).into()
    }
}

/// Result of every command: the exit code.
pub(crate) type Outcome = Result<u8, Failure>;
