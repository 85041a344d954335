//! What the ports promise, on both engines.

mod accounts;
mod audit;
mod ceremonies;
mod changes;
mod cli_logins;
mod cluster;
mod credentials;
mod device_pages;
mod device_web;
mod devices;
mod evidence;
mod factors;
mod listing;
mod locks;
mod overview;
mod reviews;
mod sessions;
mod ship_ahead;
mod together;
mod tokens;
mod web_records;
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
