//! One module a page.

mod account;
mod add_device;
mod audit;
mod cli_login;
mod confirm;
mod device;
mod imports;
mod inventory;
mod locked_out;
mod locks;
mod login;
mod not_found;
mod passkey;
mod refused;
mod roles;
mod second_factor;
mod security;
mod sessions;
mod settings;
mod signup;
mod stray;
mod tokens;
mod users;

pub use inventory::device_row;

pub(crate) use account::AccountPage;
pub(crate) use add_device::AddDevicePage;
pub(crate) use audit::{AuditPage, EventPage};
pub(crate) use cli_login::CliLoginPage;
pub(crate) use confirm::{ConfirmPage, FRESH_FACTOR, SECURITY, confirm_and_back_to};
pub(crate) use device::DevicePage;
pub(crate) use imports::{ImportPage, ImportsPage};
pub(crate) use inventory::{DevicesPage, InsightsPage};

pub(crate) use locked_out::LockedOutPage;
pub(crate) use locks::{LockPage, LocksPage};
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use passkey::PasskeyPage;
pub(crate) use refused::RefusedPage;
pub(crate) use roles::{NewRolePage, RolePage, RolesPage, path_of as role_path};
pub(crate) use second_factor::SecondFactorPage;
pub(crate) use security::{AuthenticatorPage, CodesShown, SecurityPage};
pub(crate) use sessions::{AllSessionsPage, OwnSessionsPage};
pub(crate) use settings::SettingsPage;
pub(crate) use signup::{Ready, SignupPage};
pub(crate) use tokens::TokensPage;
pub(crate) use users::{InvitePage, UserPage, UsersPage, path_of as user_path};
