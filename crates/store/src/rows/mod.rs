//! The methods of a unit of work, by area; each once for both engines.

mod audit;
mod boot;
mod cli_login;
mod cluster;
mod credential;
mod device;
mod device_detail;
mod enroll_token;
mod evidence;
mod import;
mod lock;
mod role;
mod session;
mod user;
mod web_record;

use crate::feed::Told;

/// A unit of work on a transaction, and what is to be told of it once it is committed.
pub(crate) struct Unit<E>(pub(crate) E, pub(crate) Told);
