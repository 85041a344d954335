//! One module a page.

mod account;
mod add_device;
mod audit;
mod cli_login;
mod device;
mod devices;
mod imports;
mod locked_out;
mod locks;
mod login;
mod not_found;
mod refused;
mod roles;
mod sessions;
mod settings;
mod signup;
mod users;

pub(crate) use account::AccountPage;
pub(crate) use audit::{AuditPage, EventPage};
pub(crate) use cli_login::CliLoginPage;
pub(crate) use devices::DevicesPage;
pub(crate) use locked_out::LockedOutPage;
pub(crate) use locks::{LockPage, LocksPage};
mod tokens;

pub(crate) use add_device::AddDevicePage;
pub(crate) use device::DevicePage;
pub(crate) use imports::{ImportPage, ImportsPage};
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use refused::RefusedPage;
pub(crate) use roles::{NewRolePage, RolePage, RolesPage, path_of as role_path};
pub(crate) use sessions::{AllSessionsPage, OwnSessionsPage};
pub(crate) use settings::SettingsPage;
pub(crate) use signup::SignupPage;
pub(crate) use tokens::TokensPage;
pub(crate) use users::{InvitePage, UserPage, UsersPage, path_of as user_path};
