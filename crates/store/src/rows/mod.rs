//! The methods of a unit of work, by area; each once for both engines.

mod audit;
mod cluster;
mod credential;
mod device;
mod enroll_token;
mod evidence;
mod listing;
mod lock;
mod role;
mod session;
mod user;

use listing::Touched;

/// A unit of work on a transaction, and what it has to bring up to date before it commits.
pub(crate) struct Unit<E>(pub(crate) E, Touched);

impl<E> Unit<E> {
    pub(crate) fn new(transaction: E) -> Self {
        Self(transaction, Touched::default())
    }
}
