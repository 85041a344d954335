//! One module a page.

mod account;
mod inventory;
mod login;
mod not_found;
mod refused;
mod signup;

pub(crate) use account::AccountPage;
pub use inventory::device_row;
pub(crate) use inventory::{DevicesPage, InsightsPage};
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use refused::RefusedPage;
pub(crate) use signup::SignupPage;
