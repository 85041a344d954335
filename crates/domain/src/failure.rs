use gatehouse_model::ErrorKind;

use crate::ports::StoreError;

const UNAVAILABLE: &str = "storage_unavailable";
/// A full disk does not pass by itself, and whoever can make room reads the log.
const UNAVAILABLE_HINT: &str = "if it stays so, the server's log says why: a full disk, for instance, or a database that does not answer";

/// An error that is a decision of the rules: a caller can act on its kind and code, a person on its text and hint.
pub trait Decision: std::error::Error + Send + Sync + 'static {
    fn kind(&self) -> ErrorKind;

    /// Stable, documented, tells a stranger nothing.
    fn code(&self) -> &'static str;

    /// The way out, where there is one.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Any [`Decision`], as the edges answer it.
#[derive(Debug)]
pub struct Failure {
    pub kind: ErrorKind,
    pub code: &'static str,
    pub hint: Option<String>,
    /// The cause chain, for the log.
    pub error: Box<dyn std::error::Error + Send + Sync>,
}

impl Failure {
    /// What a caller may read: the error's own text, or nothing but "internal error" for what is our fault.
    #[must_use]
    pub fn message(&self) -> String {
        match self.kind {
            ErrorKind::Internal => "internal error".to_owned(),
            ErrorKind::Unavailable => "storage is unavailable, try again".to_owned(),
            _ => self.error.to_string(),
        }
    }
}

impl<E: Decision> From<E> for Failure {
    fn from(error: E) -> Self {
        let (kind, code) = (error.kind(), error.code());
        let hint = error.hint().or_else(|| (code == UNAVAILABLE).then(|| UNAVAILABLE_HINT.to_owned()));
        Self { kind, code, hint, error: Box::new(error) }
    }
}

impl Decision for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::NoText => ErrorKind::InvalidInput,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Corrupt { .. } | Self::Driver(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::NoText => "invalid_text",
            Self::Unavailable(_) => UNAVAILABLE,
            Self::Corrupt { .. } => "storage_corrupt",
            Self::Driver(_) => "storage_failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_that_does_not_answer_names_the_way_out_and_no_cause() {
        let failure = Failure::from(StoreError::Unavailable("disk is full at /var/lib/x".into()));
        assert_eq!(failure.message(), "storage is unavailable, try again");
        assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("the server's log")), "{failure:?}");
        assert_eq!(Failure::from(StoreError::NoText).hint, None);
    }
}
