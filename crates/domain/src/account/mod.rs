//! Accounts: passwords, one-time codes, links, logins, sessions.

mod error;
mod links;
mod login;
mod one_time_code;
mod overview;
mod password;
mod sessions;
mod throttle;
mod users;

use std::sync::Arc;

pub use error::AccountError;
pub(crate) use links::pending_row_of;
pub use links::{NewLink, SignupFacts};
pub use login::{LoggedIn, LoginKeys, LoginRequest, WebLogin};
pub use overview::{UserDetail, UserPage, UserSummary};
pub use sessions::{SessionError, SessionPage, Sessions};
pub use users::NewUser;

use crate::Core;
use crate::cluster::Preference;
use password::Passwords;

/// Accounts and how one gets into them.
pub struct Accounts {
    core: Arc<Core>,
    preference: Preference,
    passwords: Passwords,
}

impl Accounts {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        let passwords = Passwords::new(core.random_bytes());
        Self { core, preference, passwords }
    }
}
