//! What the ports promise, on both engines.

mod accounts;
mod audit;
mod ceremonies;
mod cluster;
mod credentials;
mod devices;
mod locks;
mod sessions;
mod together;
mod tokens;
mod work;

use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;

/// The name of the uniqueness rule that stood in the way.
#[track_caller]
fn conflict<T: std::fmt::Debug>(answer: Stored<T>) -> String {
    match answer {
        Err(StoreError::Conflict { constraint }) => constraint,
        other => panic!("no conflict: {other:?}"),
    }
}
