use tonic::{Code, Status};

/// Asserts that something was refused with this status and this stable code; gives the status for more.
#[track_caller]
pub(crate) fn refused<T>(outcome: Result<T, Status>, code: Code, stable: &str) -> Status {
    match outcome {
        Ok(_) => panic!("expected {code:?} {stable}, but it was let through"),
        Err(status) => {
            let found = text(&status, "gatehouse-code");
            assert_eq!((status.code(), found.as_str()), (code, stable), "{}", status.message());
            status
        }
    }
}

/// The sentence that mends it; empty if there is none.
pub(crate) fn hint_of(status: &Status) -> String {
    text(status, "gatehouse-hint")
}

fn text(status: &Status, key: &str) -> String {
    status.metadata().get(key).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
