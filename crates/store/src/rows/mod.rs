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

/// A unit of work.
pub(crate) struct Unit<E> {
    /// Its transaction.
    on: E,
    /// What is to be told of it once it is committed.
    told: Told,
    /// What has to be brought up to date before.
    touched: Touched,
    /// What all units of work know of words.
    common_words: CommonWords,
}

impl<E> Unit<E> {
    pub(crate) fn new(on: E, told: Told, common_words: &CommonWords) -> Self {
        Self { on, told, touched: Touched::default(), common_words: common_words.clone() }
    }

    /// The transaction, and what is to be told of it.
    pub(crate) fn end(self) -> (E, Told) {
        (self.on, self.told)
    }
}
