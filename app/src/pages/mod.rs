//! One module a page.

mod account;
mod cli_login;
mod devices;
mod login;
mod not_found;
mod refused;
mod sessions;
mod signup;

pub(crate) use account::AccountPage;
pub(crate) use cli_login::CliLoginPage;
pub(crate) use devices::DevicesPage;
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use refused::RefusedPage;
pub(crate) use sessions::{AllSessionsPage, OwnSessionsPage};
pub(crate) use signup::SignupPage;
