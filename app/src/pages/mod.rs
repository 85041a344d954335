//! One module a page.

mod account;
mod cli_login;
mod confirm;
mod devices;
mod login;
mod not_found;
mod passkey;
mod refused;
mod second_factor;
mod security;
mod signup;

pub(crate) use account::AccountPage;
pub(crate) use confirm::{ConfirmPage, SECURITY};
mod sessions;
mod signup;

pub(crate) use account::AccountPage;
pub(crate) use cli_login::CliLoginPage;
pub(crate) use devices::DevicesPage;
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use passkey::PasskeyPage;
pub(crate) use refused::RefusedPage;
pub(crate) use second_factor::SecondFactorPage;
pub(crate) use security::{AuthenticatorPage, CodesShown, SecurityPage};
pub(crate) use sessions::{AllSessionsPage, OwnSessionsPage};
pub(crate) use signup::SignupPage;
pub(crate) use signup::{Ready, SignupPage};
