//! Accounts: passwords, one-time codes, links, logins, sessions.

mod error;
mod factors;
mod links;
mod login;
mod one_time_code;
mod passkeys;
mod password;
mod recovery_code;
mod security;
mod sessions;
mod sign_in;
mod throttle;
mod users;

use std::sync::Arc;

pub use error::AccountError;
pub use factors::FactorChoices;
pub(crate) use links::pending_row_of;
pub use links::{NewFactor, NewLink, SignedUp, SignupFacts};
pub use login::{LoggedIn, LoginKeys, LoginRequest};
pub use passkeys::{PasskeyAnswer, PasskeyQuestion};
pub use security::{ConfirmChoices, OfferedAuthenticator, Security};
pub use sessions::{SessionError, SessionPage, Sessions};
pub use sign_in::{FactorAnswer, PENDING_SECS, SecondFactorStep, SignIn, WebLogin};
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
