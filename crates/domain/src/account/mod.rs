//! Accounts: passwords, one-time codes, links, logins, sessions.

mod cli_login;
mod cookie;
mod error;
mod factors;
mod links;
mod login;
mod one_time_code;
mod overview;
mod passkeys;
mod password;
mod recovery_code;
mod security;
mod sessions;
mod sign_in;
mod throttle;
mod turns;
mod users;
mod web_records;

use std::sync::Arc;

pub use cli_login::{
    CLI_CODE_SECS, CLI_LOGIN_SECS, CliLoginError, CliProgress, CliRequest, CliReturn, CliState, NewCliLogin,
};
pub(crate) use cli_login::{typed_letters, user_code};
pub use cookie::RenewError;
pub(crate) use cookie::{RENEWED_SECS, rights};
pub use error::AccountError;
pub use factors::FactorChoices;
pub(crate) use factors::factors_of;
pub(crate) use links::pending_row_of;
pub use links::{NewFactor, NewLink, SignedUp, SignupFacts};
pub(crate) use login::SHORTEST_ROLE_SECS;
pub use login::{LoggedIn, LoginKeys, LoginRequest};
pub use overview::{UserDetail, UserPage, UserPlace, UserSummary};
pub use passkeys::{PasskeyAnswer, PasskeyQuestion};
pub use security::{ConfirmChoices, OfferedAuthenticator, Security};
pub use sessions::{SessionError, SessionPage, Sessions};
pub use sign_in::{FactorAnswer, PENDING_SECS, SecondFactorStep, SignIn, WebLogin};
pub(crate) use throttle::{Keys, network};
pub use users::NewUser;
pub use web_records::{MAX_RECORD_BYTES, WebRecordError, WebRecords};

use crate::Core;
use crate::cluster::Preference;
use password::Passwords;
use turns::Turns;

/// Accounts and how one gets into them.
pub struct Accounts {
    core: Arc<Core>,
    preference: Preference,
    passwords: Passwords,
    turns: Turns,
}

impl Accounts {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        let passwords = Passwords::new(core.random_bytes());
        Self { core, preference, passwords, turns: Turns::new() }
    }
}
