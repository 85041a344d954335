use serde::{Deserialize, Serialize};

/// The closed list of what can be wrong with a request, and the one table from it to HTTP, gRPC and exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    InvalidInput,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    Conflict,
    FailedPrecondition,
    RateLimited,
    Unimplemented,
    Unavailable,
    Internal,
}

impl ErrorKind {
    pub const ALL: [Self; 10] = [
        Self::InvalidInput,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::Conflict,
        Self::FailedPrecondition,
        Self::RateLimited,
        Self::Unimplemented,
        Self::Unavailable,
        Self::Internal,
    ];

    /// (HTTP status, gRPC code number, exit code of the command lines).
    #[must_use]
    pub const fn codes(self) -> (u16, i32, u8) {
        match self {
            Self::InvalidInput => (400, 3, 1),
            Self::Unauthenticated => (401, 16, 1),
            Self::PermissionDenied => (403, 7, 1),
            Self::NotFound => (404, 5, 1),
            Self::Conflict => (409, 6, 1),
            Self::FailedPrecondition => (412, 9, 1),
            Self::RateLimited => (429, 8, 1),
            Self::Unimplemented => (501, 12, 1),
            Self::Unavailable => (503, 14, 1),
            Self::Internal => (500, 13, 2),
        }
    }

    #[must_use]
    pub const fn http_status(self) -> u16 {
        self.codes().0
    }

    #[must_use]
    pub const fn grpc_code(self) -> i32 {
        self.codes().1
    }

    #[must_use]
    pub const fn exit_code(self) -> u8 {
        self.codes().2
    }

    /// The kind behind a gRPC code number; everything outside the table is internal.
    #[must_use]
    pub fn from_grpc(code: i32) -> Self {
        Self::ALL.into_iter().find(|kind| kind.grpc_code() == code).unwrap_or(Self::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_codes_are_distinct_and_read_back() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_grpc(kind.grpc_code()), kind);
        }
        assert_eq!(ErrorKind::from_grpc(99), ErrorKind::Internal);
    }
}
