//! The methods of a unit of work, by area; each once for both engines.

mod audit;
mod boot;
mod ceremony;
mod cli_login;
mod cluster;
mod credential;
mod device;
mod device_detail;
mod device_web;
mod enroll_token;
mod evidence;
mod factor;
mod import;
mod listing;
mod lock;
mod review;
mod role;
mod session;
mod ship_ahead;
mod user;
mod web_record;

use crate::feed::Told;
pub(crate) use listing::CommonWords;
use listing::Touched;

/// A unit of work on a transaction, what is to be told of it once it is committed, what has to be brought up to date
/// before, and what all units of work know of words.
pub(crate) struct Unit<E>(pub(crate) E, pub(crate) Told, pub(crate) Touched, pub(crate) CommonWords);

impl<E> Unit<E> {
    pub(crate) fn new(transaction: E, told: Told, common_words: &CommonWords) -> Self {
        Self(transaction, told, Touched::default(), common_words.clone())
    }
}
