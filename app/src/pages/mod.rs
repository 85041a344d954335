//! One module a page.

mod account;
mod add_device;
mod cli_login;
mod device;
mod devices;
mod imports;
mod login;
mod not_found;
mod refused;
mod sessions;
mod signup;
mod tokens;

pub(crate) use account::AccountPage;
pub(crate) use add_device::AddDevicePage;
pub(crate) use cli_login::CliLoginPage;
pub(crate) use device::DevicePage;
pub(crate) use devices::DevicesPage;
pub(crate) use imports::{ImportPage, ImportsPage};
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use refused::RefusedPage;
pub(crate) use sessions::{AllSessionsPage, OwnSessionsPage};
pub(crate) use signup::SignupPage;
pub(crate) use tokens::TokensPage;
