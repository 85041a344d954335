//! The methods of a unit of work, by area; each once for both engines.

mod audit;
mod ceremony;
mod cluster;
mod credential;
mod device;
mod enroll_token;
mod evidence;
mod lock;
mod role;
mod session;
mod user;

/// A unit of work on a transaction.
pub(crate) struct Unit<E>(pub(crate) E);
