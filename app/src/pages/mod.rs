//! One module a page.

mod account;
mod devices;
mod login;
mod not_found;
mod refused;
mod signup;

pub(crate) use account::AccountPage;
pub(crate) use devices::DevicesPage;
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use refused::RefusedPage;
pub(crate) use signup::SignupPage;
